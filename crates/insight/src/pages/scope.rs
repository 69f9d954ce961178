//! Who may see figures that are summed over the company, and those of one customer.

use crate::mining::traits;
use engine::{Action, Actor, Error, Level, Registry};
use meta::Lang;
use web::{Answer, Session};

/// What the figures are made of. Models are fitted to everybody's orders: nothing of them is about a part of the company.
const SUMMED: [&str; 3] = ["account", "order", "return"];

pub fn sees_the_company(actor: &Actor) -> bool {
    SUMMED.iter().all(|entity| actor.sees_all(entity))
}

/// Refuses whoever may not read all of it.
pub fn whole_company(session: &Session) -> Answer<()> {
    if sees_the_company(&session.actor) {
        return Ok(());
    }
    let text = match session.lang {
        Lang::En => {
            "figures of the whole company, for those who may see all customers, orders and returns with all fields"
        }
        Lang::Zh => "全公司的价值统计，仅向可查看全部客户、订单和退货及其所有字段的用户开放",
    };
    Err(Error::Forbidden(text.to_owned()).into())
}

/// Refuses whoever may not see every customer, order and return. Of a customer he need not see who he is (income, sex …):
/// what is told of it leaves out what he may not read.
pub fn every_record(session: &Session, registry: &Registry) -> Answer<()> {
    let Some(rights) = session.actor.limits() else { return Ok(()) };
    let account = registry.entity("account")?;
    let seen = session.actor.view(account);
    let hidden = account.fields.keys().filter(|name| seen.get(name).is_none_or(|field| field.masked));
    let only_traits = hidden.into_iter().all(|name| traits::is_trait(account, name));
    let every = SUMMED.iter().all(|entity| rights.level(entity, Action::Read) == Level::All);
    let of_trade = ["order", "return"].iter().all(|entity| rights.sees_all_fields(entity));
    if every && of_trade && only_traits { Ok(()) } else { whole_company(session) }
}

/// Whether the figures of a customer who may be seen tell no more than orders that may be seen, too.
pub fn of_customer(actor: &Actor) -> bool {
    let Some(rights) = actor.limits() else { return true };
    let level = |entity: &str| rights.level(entity, Action::Read);
    SUMMED.iter().all(|entity| rights.sees_all_fields(entity))
        && ["order", "return"].iter().all(|entity| level(entity) >= level("account"))
}
