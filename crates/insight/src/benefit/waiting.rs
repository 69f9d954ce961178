//! How long customers who contacted us waited until they were contacted.

use super::{chance::Told, independent::median, periods::Period};
use crate::{
    facts::{At, ask, counting, day_before},
    settings::Settings,
};
use engine::{Engine, Result, aside};
use warehouse::{
    Answer,
    arrow::{
        array::AsArray,
        datatypes::{Int32Type, TimestampMicrosecondType},
    },
};

/// An answer that comes later is no answer to it.
const ANSWER_HOURS: i64 = 14 * 24;
/// What a customer says when he contacts us that wants an answer.
const ASKING: [&str; 4] = ["call", "email", "chat", "letter"];
const MINUTE_MICROS: i64 = 60_000_000;

#[derive(Debug, Default, PartialEq)]
pub struct Waited {
    /// The median.
    pub hours: Option<Told>,
    pub answered: u64,
    pub asked: u64,
}

/// Of one customer: when, the number of its record, whether it is our answer.
type Contact = (i32, i64, i32, bool);

pub async fn read(engine: &Engine, settings: &Settings, period: &Period) -> Result<Waited> {
    let sql = format!(
        "SELECT account_key, happened_at, key, direction = 'outgoing' FROM activity \
         WHERE done AND account_key IS NOT NULL AND {} AND (direction = 'outgoing' OR direction = 'incoming' AND {})",
        At::Instant("happened_at").within(settings, day_before(period.from), period.to),
        counting("kind", &ASKING)
    );
    let answer = ask(engine, &sql).await?;
    Ok(aside(|| waited(contacts(&answer))))
}

fn contacts(answer: &Answer) -> Vec<Contact> {
    let mut contacts = Vec::with_capacity(answer.rows());
    for batch in &answer.batches {
        let keys = |column: usize| batch.column(column).as_primitive::<Int32Type>();
        let (account, key) = (keys(0), keys(2));
        let at = batch.column(1).as_primitive::<TimestampMicrosecondType>();
        let answers = batch.column(3).as_boolean();
        contacts.extend(
            (0..batch.num_rows())
                .map(|row| (account.value(row), at.value(row), key.value(row), answers.value(row))),
        );
    }
    contacts
}

fn waited(mut contacts: Vec<Contact>) -> Waited {
    contacts.sort_unstable();
    let (mut found, mut minutes) = (Waited::default(), vec![]);
    for of_customer in contacts.chunk_by(|one, other| one.0 == other.0) {
        let mut since = None;
        for (account, at, _, is_answer) in of_customer {
            if !is_answer {
                since.get_or_insert_with(|| {
                    found.asked += 1;
                    *at
                });
            } else if let Some(asked) = since.take() {
                let waited = (at - asked) / MINUTE_MICROS;
                if waited / 60 <= ANSWER_HOURS {
                    found.answered += 1;
                    minutes.push((*account, waited));
                }
            }
        }
    }
    found.hours = median(minutes).map(|told| Told {
        at: told.at / 60.0,
        range: told.range.map(|range| range.map(|minutes| minutes / 60.0)),
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_waits_from_the_first_question_to_the_next_answer() {
        let at = |hours: i64| hours * 60 * MINUTE_MICROS;
        let found = waited(vec![
            (2, at(5), 7, false),
            (1, at(12), 4, true),
            (1, at(10), 2, false),
            (1, at(8), 1, false),
            (1, at(30), 5, true),
            (1, at(40), 6, false),
            (1, at(40 + ANSWER_HOURS + 1), 9, true),
            (2, at(11), 8, true),
        ]);
        // 4 and 6 hours; the third waited for more than two weeks.
        assert_eq!(found, Waited { hours: Some(Told { at: 5.0, range: None }), answered: 2, asked: 3 });
        assert_eq!(waited(vec![]), Waited::default());
    }
}
