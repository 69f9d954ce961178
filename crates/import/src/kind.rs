//! What a file can hold, and what its columns can mean.

use meta::{Label, label};
use serde::{Deserialize, Serialize};
use tabular::{Target, orders_headers::ORDER_LINES, plain_headers};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One line per product sold or returned.
    Orders,
    Accounts,
    Contacts,
    Products,
    Activities,
    Consents,
}

impl Kind {
    pub const ALL: [Kind; 6] =
        [Kind::Orders, Kind::Accounts, Kind::Contacts, Kind::Products, Kind::Activities, Kind::Consents];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Orders => "orders",
            Kind::Accounts => "accounts",
            Kind::Contacts => "contacts",
            Kind::Products => "products",
            Kind::Activities => "activities",
            Kind::Consents => "consents",
        }
    }

    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub fn label(self) -> Label {
        match self {
            Kind::Orders => label("Order lines", "订单明细"),
            Kind::Accounts => label("Customers", "客户"),
            Kind::Contacts => label("Contacts", "联系人"),
            Kind::Products => label("Products", "产品"),
            Kind::Activities => label("Activities", "往来记录"),
            Kind::Consents => label("Consents", "联系许可"),
        }
    }

    pub(crate) fn targets(self) -> &'static [Target] {
        match self {
            Kind::Orders => ORDER_LINES,
            Kind::Accounts => plain_headers::ACCOUNTS,
            Kind::Contacts => plain_headers::CONTACTS,
            Kind::Products => plain_headers::PRODUCTS,
            Kind::Activities => plain_headers::ACTIVITIES,
            Kind::Consents => plain_headers::CONSENTS,
        }
    }

    /// Targets of which at least one of each group must have a column.
    pub(crate) fn required(self) -> &'static [&'static [&'static str]] {
        match self {
            Kind::Orders => {
                &[&["order_number"], &["ordered_on"], &["unit_price", "amount"], &["quantity", "amount"]]
            }
            Kind::Accounts => &[&["name"]],
            Kind::Contacts => &[&["name", "first_name", "last_name"], &["account", "account_number"]],
            Kind::Products => &[&["name", "code"]],
            Kind::Activities => &[&["subject", "body"]],
            Kind::Consents => &[&["account", "account_number"], &["consent_channel"], &["consent_state"]],
        }
    }
}
