//! What one effort for a customer costs by the company's rates, as `insight` charges it to the customer; a test holds the two
//! together.

use crate::{
    column::Cell,
    read::day_of,
    table::{ColumnKind, Side, Table},
};
use engine::chrono_tz::Tz;
use value::service_cost::{DRIVERS, Driver, Group, Rates, SELLING, Use};

/// An effort; the numbers are places in [`Table::inputs`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effort {
    /// With the number of its lines.
    Order {
        at: usize,
        net: usize,
        lines: usize,
    },
    Return {
        at: usize,
    },
    /// Counts when it is done and with a customer.
    Contact {
        at: usize,
        account: usize,
        kind: usize,
        done: usize,
        minutes: usize,
    },
}

/// Which part of what an effort costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Rises with the sale itself.
    Selling,
    Serving,
}

impl Effort {
    pub fn order(table: &mut Table, at: &str) -> Effort {
        Effort::Order {
            at: table.input(Side::Head, at, ColumnKind::Instant),
            net: table.input(Side::Head, "net_base", ColumnKind::Decimal(4)),
            lines: table.input(Side::Count, "id", ColumnKind::Int),
        }
    }

    pub fn back(table: &mut Table, at: &str) -> Effort {
        Effort::Return { at: table.input(Side::Head, at, ColumnKind::Instant) }
    }

    pub fn contact(table: &mut Table, at: &str) -> Effort {
        Effort::Contact {
            at: table.input(Side::Head, at, ColumnKind::Instant),
            account: table.input(Side::Head, "account", ColumnKind::Id),
            kind: table.input(Side::Head, "kind", ColumnKind::Text),
            done: table.input(Side::Head, "done", ColumnKind::Bool),
            minutes: table.input(Side::Head, "duration_minutes", ColumnKind::Int),
        }
    }

    pub fn counts_lines(&self) -> bool {
        matches!(self, Effort::Order { .. })
    }

    /// Where the moment stands whose rates hold.
    pub fn at(&self) -> usize {
        match self {
            Effort::Order { at, .. } | Effort::Return { at } | Effort::Contact { at, .. } => *at,
        }
    }

    /// What it may be charged by.
    pub fn drivers(&self) -> Vec<Driver> {
        match self {
            Effort::Order { .. } => [&[Driver::Order, Driver::OrderLine][..], &SELLING].concat(),
            Effort::Return { .. } => vec![Driver::Return],
            Effort::Contact { .. } => {
                let drivers = DRIVERS.iter().map(|(_, driver)| *driver);
                drivers.filter(|driver| driver.group() == Group::Contacts).collect()
            }
        }
    }

    /// Ten-thousandths; `None` for what does not count, and as long as the company has no rates at all.
    pub fn cost(&self, cost: Cost, row: &[Cell], rates: &Rates, zone: Tz) -> Option<i64> {
        let cell = |at: usize| row.get(at).unwrap_or(&Cell::Null);
        let number = |at: usize| cell(at).number().unwrap_or(0);
        let day = day_of(zone, cell(self.at())).filter(|_| !rates.is_empty())?;
        let of = |driver: Driver, used: Use| rates.cost(driver, day, used);
        let once = Use { pieces: 1, ..Use::default() };
        Some(match (cost, self) {
            (Cost::Selling, Effort::Order { net, .. }) => {
                let used = Use { sales: number(*net), ..once };
                SELLING.iter().map(|driver| of(*driver, used)).fold(0, i64::saturating_add)
            }
            (Cost::Selling, _) => 0,
            (Cost::Serving, Effort::Order { lines, .. }) => {
                let lines = Use { pieces: number(*lines), ..Use::default() };
                of(Driver::Order, once).saturating_add(of(Driver::OrderLine, lines))
            }
            (Cost::Serving, Effort::Return { .. }) => of(Driver::Return, once),
            (Cost::Serving, Effort::Contact { account, kind, done, minutes, .. }) => {
                let counts = matches!((cell(*account), cell(*done)), (Cell::Id(_), Cell::Bool(true)));
                let Cell::Text(kind) = cell(*kind) else { return None };
                let driver = Driver::named(kind).filter(|_| counts)?;
                of(driver, Use { minutes: Ord::max(number(*minutes), 0), ..once })
            }
        })
    }
}
