//! Made-up contacts with one customer: how it began, around orders, care, complaints, what is to be done.

use super::{
    chance::Chance,
    company::{Company, Plan},
    customers::Customer,
    orders::Purchase,
    words::{AROUND_ORDERS, CARE, COMPLAINTS, FIRST, Note, TASKS},
};
use chrono::Duration;
use meta::{DateTime, Id, Utc, Value};

pub fn add(
    company: &mut Company,
    plan: &Plan,
    customer: &Customer,
    purchases: &[Purchase],
    chance: &mut Chance,
) {
    let mut diary = Diary { company, plan, customer };
    for index in 0..=chance.below(2) {
        let at = customer.since + Duration::minutes(40 + 60 * 30 * index as i64);
        diary.write(&chance.pick(&FIRST), at, customer.owner, chance);
    }
    let business = !customer.contacts.is_empty();
    for purchase in purchases {
        if chance.happens(if business { 0.55 } else { 0.3 }) {
            let at = purchase.at + Duration::minutes(chance.between(-2_000.0, 6_000.0) as i64);
            diary.write(&chance.pick(&AROUND_ORDERS), at, customer.owner, chance);
        }
        if let Some(returned_at) = purchase.returned_at {
            diary.write(
                &chance.pick(&COMPLAINTS),
                returned_at - Duration::hours(26),
                plan.people.care(),
                chance,
            );
        }
    }
    if business {
        let mut at = customer.since + Duration::days(60);
        while at < plan.to {
            if chance.happens(0.5) {
                diary.write(&chance.pick(&CARE), at, customer.owner, chance);
            }
            at += Duration::days(70 + chance.below(60) as i64);
        }
    }
    if chance.happens(if business { 0.3 } else { 0.06 }) {
        diary.plan_task(chance);
    }
}

struct Diary<'a> {
    company: &'a mut Company,
    plan: &'a Plan,
    customer: &'a Customer,
}

impl Diary<'_> {
    fn write(&mut self, note: &Note, at: DateTime<Utc>, owner: Id, chance: &mut Chance) {
        let at = at.max(self.customer.since);
        if at >= self.plan.to {
            return;
        }
        let (subject, body) = if self.customer.foreign { note.en } else { note.zh };
        let minutes = match note.kind {
            "call" => 3 + chance.below(22),
            "visit" | "meeting" => 30 + 15 * chance.below(7),
            _ => 0,
        };
        let spoken = note.kind != "note";
        let fields = [
            ("subject", subject.into()),
            ("kind", note.kind.into()),
            ("account", self.customer.id.into()),
            ("contact", self.contact(chance)),
            ("direction", spoken.then_some(if note.incoming { "incoming" } else { "outgoing" }).into()),
            ("happened_at", at.into()),
            ("duration_minutes", if minutes > 0 { Value::Int(minutes as i64) } else { Value::Null }),
            ("done", true.into()),
            ("owner", owner.into()),
            ("body", body.into()),
        ];
        self.company.add("activity", at, chance.id(at), fields);
    }

    /// Something to do in the next two weeks, or overdue for a few days.
    fn plan_task(&mut self, chance: &mut Chance) {
        let note = chance.pick(&TASKS);
        let at = self.plan.to - Duration::hours(24 + chance.below(60 * 24) as i64);
        let at = at.max(self.customer.since);
        let (subject, body) = if self.customer.foreign { note.en } else { note.zh };
        let fields = [
            ("subject", subject.into()),
            ("kind", note.kind.into()),
            ("account", self.customer.id.into()),
            ("contact", self.contact(chance)),
            ("happened_at", at.into()),
            ("due_at", (self.plan.to + Duration::hours(chance.between(-72.0, 330.0) as i64)).into()),
            ("done", false.into()),
            ("owner", self.customer.owner.into()),
            ("body", body.into()),
        ];
        self.company.add("activity", at, chance.id(at), fields);
    }

    fn contact(&self, chance: &mut Chance) -> Value {
        if self.customer.contacts.is_empty() {
            Value::Null
        } else {
            (chance.pick(&self.customer.contacts)).into()
        }
    }
}
