//! Writes the made-up company month by month, the last weeks day by day, with the clock at each, so that its history looks as
//! if it had happened.

use super::company::{Company, Dated};
use chrono::{Datelike, Duration};
use engine::{Actor, Engine, Result, Tx};
use meta::{Clock, DateTime, Id, NaiveDate, Utc, Value, Values};
use std::collections::BTreeMap;

/// What refers to others comes after them.
const ORDER: [&str; 24] = [
    "team",
    "user",
    "role",
    "user_role",
    "role_right",
    "field_right",
    "exchange_rate",
    "cost_rate",
    "product_category",
    "product",
    "account",
    "contact",
    "address",
    "order",
    "order_line",
    "return",
    "return_line",
    "activity",
    "survey_answer",
    "experiment",
    "saved_view",
    "question",
    "dashboard",
    "scheduled_report",
];
const SOURCE: &str = "erp";

/// The last of it is written day by day.
const DAILY: Duration = Duration::days(40);

#[derive(Default)]
struct Chapter {
    until: DateTime<Utc>,
    records: BTreeMap<&'static str, Vec<Values>>,
    external_ids: BTreeMap<&'static str, Vec<(String, Id)>>,
}

/// The day a chapter begins.
fn chapter_of(at: DateTime<Utc>, daily_from: DateTime<Utc>) -> NaiveDate {
    let day = at.date_naive();
    if at >= daily_from { day } else { day.with_day(1).unwrap_or(day) }
}

/// `clock` is the fixed clock `engine` was opened with.
pub async fn write(engine: &Engine, clock: &Clock, company: Company) -> Result<()> {
    let mut chapters: BTreeMap<NaiveDate, Chapter> = BTreeMap::new();
    let daily_from = clock.now() - DAILY;
    for (entity, records) in company.records {
        for Dated { at, id, mut values } in records {
            let chapter = chapters.entry(chapter_of(at, daily_from)).or_default();
            chapter.until = chapter.until.max(at);
            values.insert("id".to_owned(), Value::Id(id));
            chapter.records.entry(entity).or_default().push(values);
        }
    }
    for (entity, numbers) in company.external_ids {
        for (at, number, id) in numbers {
            chapters
                .entry(chapter_of(at, daily_from))
                .or_default()
                .external_ids
                .entry(entity)
                .or_default()
                .push((number, id));
        }
    }
    for chapter in chapters.into_values() {
        clock.set(chapter.until);
        engine.write(&Actor::system(), move |tx| Box::pin(write_chapter(tx, chapter))).await?;
    }
    Ok(())
}

async fn write_chapter(tx: &mut Tx, mut chapter: Chapter) -> Result<()> {
    for entity in ORDER {
        if let Some(records) = chapter.records.remove(entity) {
            tx.create_many(entity, records).await?;
        }
    }
    for (entity, numbers) in chapter.external_ids {
        tx.set_external_ids(entity, SOURCE, &numbers).await?;
    }
    Ok(())
}
