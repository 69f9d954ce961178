//! Contacts with customers, the last weeks with tasks still open.

use super::{
    cell::Cell,
    chance::Chance,
    company::Company,
    customers::Customers,
    loader::{Head, Loader},
    words::CONTACTS,
};
use chrono::Duration;
use engine::Registry;

const COLUMNS: [&str; 11] = [
    "subject",
    "kind",
    "account",
    "contact",
    "direction",
    "happened_at",
    "duration_minutes",
    "due_at",
    "done",
    "owner",
    "body",
];

pub fn load(
    loader: &mut Loader,
    registry: &Registry,
    company: &Company,
    customers: &Customers,
) -> anyhow::Result<()> {
    let mut chance = Chance::new(Company::seed(), 6);
    let layout = loader.layout(registry.entity("activity")?, &COLUMNS)?;
    let count = company.size.activities;
    for number in 0..count {
        let done = (number as f64 + chance.unit()) / count as f64;
        let at = Company::moment(company.orders_from, company.until, done, 0.9);
        let customer = customers.buyer(at, &mut chance);
        let (kind, subject, body) = chance.pick(&CONTACTS);
        let task = kind == "task";
        let due = at + Duration::hours(24 + chance.below(300) as i64);
        let contact = customers.contact_of(customer, &mut chance);
        let spoken = !task && kind != "note";
        let direction = if chance.happens(0.4) { "incoming" } else { "outgoing" };
        let minutes = ["call", "visit", "meeting"].contains(&kind).then(|| 3 + chance.below(90) as i64);
        let cells = [
            subject.into(),
            kind.into(),
            customer.id.into(),
            contact.into(),
            spoken.then_some(direction).into(),
            at.into(),
            minutes.into(),
            task.then_some(due).into(),
            Cell::Bool(!task || due < company.until),
            customer.owner.into(),
            body.into(),
        ];
        loader.add(&layout, Head { id: chance.id(at), at, by: Some(customer.owner) }, &cells)?;
    }
    Ok(())
}
