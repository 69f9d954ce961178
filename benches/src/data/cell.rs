//! One value on its way into a column, as both databases store it.

use meta::{DateTime, Decimal, Id, MONEY_SCALE, NaiveDate, Utc, scaled};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    Null,
    Int(i64),
    Bool(bool),
    Text(&'a str),
    Id(Id),
    At(DateTime<Utc>),
    On(NaiveDate),
}

/// Money as stored: whole ten-thousandths.
pub fn money(amount: Decimal) -> Cell<'static> {
    scaled(amount, MONEY_SCALE).map_or(Cell::Null, Cell::Int)
}

macro_rules! cell_from {
    ($($kind:ty => $variant:ident),* $(,)?) => {$(
        impl From<$kind> for Cell<'_> {
            fn from(value: $kind) -> Self { Cell::$variant(value) }
        }
    )*};
}
cell_from!(i64 => Int, bool => Bool, Id => Id, DateTime<Utc> => At, NaiveDate => On);

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        Cell::Text(text)
    }
}
impl<'a> From<&'a String> for Cell<'a> {
    fn from(text: &'a String) -> Self {
        Cell::Text(text)
    }
}
impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Cell::Null, Into::into)
    }
}
