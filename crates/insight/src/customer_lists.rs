//! Lists of customers that are kept with the numbers that count them, so that a list has as many as its number says, whatever they
//! did since.

use crate::paged::{self, After, Page};
use engine::{
    Engine, Error, Result, Tx, name,
    schema::{ColumnKind, Table},
    sea_query::{Expr, ExprTrait, Order, Query as Sql},
};
use meta::Id;

/// Customers in a row: a page of a list reads one or two rows, however long the list is.
const PART: usize = 1_000;
/// Rows in one statement, of 16 kB each.
const STEP: usize = 100;
const ID_BYTES: usize = 16;

/// A table of lists, each under a name.
pub(crate) struct CustomerLists(pub &'static str);

impl CustomerLists {
    pub fn table(&self) -> Table {
        Table::new(self.0, ["list", "part"])
            .required("list", ColumnKind::Text)
            .required("part", ColumnKind::Int)
            .required("ids", ColumnKind::Bytes)
    }

    /// Puts these in the place of those kept before.
    pub async fn keep(&self, tx: &mut Tx, lists: &[(String, Vec<Id>)]) -> Result<()> {
        tx.execute(&Sql::delete().from_table(name(self.0)).to_owned()).await?;
        let mut rows = vec![];
        for (list, customers) in lists {
            for (part, of) in (0_i64..).zip(customers.chunks(PART)) {
                rows.push((list, part, of));
            }
        }
        for step in rows.chunks(STEP) {
            let mut insert = Sql::insert();
            insert.into_table(name(self.0)).columns(["list", "part", "ids"].map(name));
            for (list, part, of) in step {
                let ids: Vec<u8> = of.iter().flat_map(|id| id.into_bytes()).collect();
                insert.values_panic([(*list).clone().into(), (*part).into(), ids.into()]);
            }
            tx.execute(&insert).await?;
        }
        Ok(())
    }

    /// A page of a list.
    ///
    /// # Errors
    /// If lists were kept anew since `after` was given out, and it is of another.
    pub async fn page(&self, engine: &Engine, list: &str, after: Option<After<Id>>) -> Result<Page<Id>> {
        let start = paged::first_place(after);
        let part = |place: usize| i64::try_from(place / PART).unwrap_or(i64::MAX);
        let select = Sql::select()
            .column(name("ids"))
            .from(name(self.0))
            .and_where(Expr::col(name("list")).eq(list))
            .and_where(Expr::col(name("part")).gte(part(start)))
            .and_where(Expr::col(name("part")).lte(part(start + paged::READ)))
            .order_by(name("part"), Order::Asc)
            .to_owned();
        let mut ids = vec![];
        for row in engine.fetch(&select).await? {
            let bytes = row.bytes(0)?;
            let (whole, rest) = bytes.as_chunks::<ID_BYTES>();
            if !rest.is_empty() {
                return Err(Error::Internal(format!("{}: a row is cut off", self.0)));
            }
            ids.extend(whole.iter().map(|id| Id::from_bytes(*id)));
        }
        paged::of_kept(after, ids.into_iter().skip(start % PART))
    }
}
