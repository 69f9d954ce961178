//! What an import of one kind does with the rows of a file.

use crate::{RowProblem, store::Store};
use engine::{BoxFuture, Result};
use tabular::Row;

pub trait Importer: Send + Sync + 'static {
    /// A row understood.
    type Item: Send + Sync + 'static;
    /// What is remembered between batches.
    type State: Send + 'static;

    /// What the rows are; whoever imports needs the right to import these.
    fn entity(&self) -> &str;
    fn state(&self) -> Self::State;
    /// After a rollback: what is remembered may not exist.
    fn forget(state: &mut Self::State);

    /// Runs on the reading thread, without database.
    fn parse(&self, row: &Row) -> Result<Self::Item, RowProblem>;

    /// Neighbours of the same group come in one batch where that is possible.
    fn group<'i>(&self, _item: &'i Self::Item) -> Option<&'i str> {
        None
    }

    /// Writes the items of a batch; returns those that cannot be records, by index.
    fn write<'w>(
        &'w self,
        store: &'w mut Store<'_>,
        state: &'w mut Self::State,
        items: &'w [&'w Self::Item],
    ) -> BoxFuture<'w, Result<Vec<(usize, RowProblem)>>>;

    /// Header of the column a problem with `field` is about.
    fn column_of(&self, field: &str) -> String;
}
