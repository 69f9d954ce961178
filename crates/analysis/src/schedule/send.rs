//! Sends what is due, one process at a time. A reader is taken off the list before his letter goes out, so that whoever goes on after a
//! process died sends none twice; what could not be sent is tried again later, for those who have not got it yet.

use super::{
    ENTITY,
    entity::{UNSURE, rhythm_of, users_in},
    letter,
    next::next,
};
use engine::{Actor, BoxFuture, Engine, Error, Query, Result};
use meta::{DateTime, Id, Record, Utc, Value, Values};
use serde_json::json;
use std::time::Duration;
use web::{App, Recipient};

const LEASE: &str = "scheduled reports";
const LOOK: Duration = Duration::from_secs(10);
/// Taken at once; the others with the next look.
const AT_ONCE: usize = 20;
/// Until it is tried again.
const PUT_OFF: chrono::Duration = chrono::Duration::minutes(15);
/// A letter that could not be sent for so long is given up until the next time.
const GIVE_UP: chrono::Duration = chrono::Duration::hours(24);

pub fn start(app: App) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Err(error) = send_due(&app).await {
                tracing::warn!("scheduled reports wait: {error}");
            }
        }
    })
}

/// Sends everything that is due; answers how many letters went out.
pub async fn send_due(app: &App) -> Result<usize> {
    let engine = app.engine();
    let unset = Query::new(ENTITY).filter("active == true && next_at == null").sort("name").limit(AT_ONCE);
    for record in engine.list(&Actor::system(), &unset).await?.records {
        plan(engine, &record).await?;
    }
    if !app.mails() {
        return Ok(0);
    }
    let now = engine.clock().now();
    // A look without the lease first: most of the time nothing is due.
    if due(engine, now).await?.is_empty() {
        return Ok(0);
    }
    engine.alone(LEASE, |engine| Box::pin(async move { send_all(app, &engine, now).await })).await
}

/// `engine` writes as long as nobody else sends.
async fn send_all(app: &App, engine: &Engine, now: DateTime<Utc>) -> Result<usize> {
    let mut sent = 0;
    for record in due(engine, now).await? {
        sent += send(app, engine, record, now).await?;
    }
    Ok(sent)
}

/// An inactive one is due where somebody asked to send it now: otherwise it has no next time.
async fn due(engine: &Engine, now: DateTime<Utc>) -> Result<Vec<Record>> {
    let filter = format!("next_at <= '{}'", now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
    let due = Query::new(ENTITY).filter(filter.as_str()).sort("name").limit(AT_ONCE);
    Ok(engine.list(&Actor::system(), &due).await?.records)
}

/// Says when it goes out, unless that is known.
pub(super) async fn plan(engine: &Engine, record: &Record) -> Result<()> {
    if !record.get("next_at").is_null() {
        return Ok(());
    }
    let Some(at) = next_of(engine, record).await? else { return Ok(()) };
    put(engine, record, [("next_at", Value::Instant(at))]).await.map(drop)
}

/// By its rhythm; never while it is inactive.
async fn next_of(engine: &Engine, record: &Record) -> Result<Option<DateTime<Utc>>> {
    if record.get("active").as_bool() != Some(true) {
        return Ok(None);
    }
    let (rhythm, hour) = rhythm_of(record);
    Ok(next(engine.clock().now().with_timezone(&engine.time_zone().await?), rhythm, hour))
}

/// Writes what the program knows of a schedule, if nobody changed it meanwhile.
async fn put<const N: usize>(
    engine: &Engine,
    record: &Record,
    fields: [(&str, Value); N],
) -> Result<Option<i64>> {
    let values: Values = fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect();
    let (id, version) = (record.id, record.version);
    let system = Actor::system();
    let written = engine.write(&system, move |tx| {
        Box::pin(async move { tx.update(ENTITY, id, Some(version), values).await })
    });
    match written.await {
        Ok(version) => Ok(Some(version)),
        Err(Error::Conflict { .. } | Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// To everybody who has not got it yet.
async fn send(app: &App, engine: &Engine, record: Record, now: DateTime<Utc>) -> Result<usize> {
    let retried = !record.get("pending").is_null();
    let from = if retried { "pending" } else { "recipients" };
    let pending = users_in(record.get(from)).unwrap_or_default();
    let due = record.get("due_at").as_instant().filter(|_| retried).unwrap_or(now);
    let taken = [
        ("next_at", Value::Instant(now + PUT_OFF)),
        ("due_at", Value::Instant(due)),
        ("pending", Value::Json(json!(pending))),
    ];
    let Some(version) = put(engine, &record, taken).await? else { return Ok(0) };
    // Nobody has said how the last letter went.
    let unsure = retried && record.text("problem") == UNSURE;
    let mut record = Record { version, ..record };
    let (mut left, mut sent) = (pending.clone(), 0);
    let mut problem = if unsure { Value::from(UNSURE) } else { Value::Null };
    for user in pending {
        left.retain(|other| *other != user);
        let begun = [("pending", Value::Json(json!(left))), ("problem", UNSURE.into())];
        let Some(version) = put(engine, &record, begun).await? else { return Ok(sent) };
        record.version = version;
        match letter_to(app, &record, user).await {
            Ok(went_out) => sent += usize::from(went_out),
            Err((why, error)) => {
                tracing::warn!(report = %record.id, %user, "a scheduled report was not sent: {error}");
                problem = why.into();
                if error.is_outage() {
                    left.push(user);
                }
            }
        }
    }
    let tries_on = !left.is_empty() && now - due < GIVE_UP;
    if tries_on {
        put(engine, &record, [("pending", Value::Json(json!(left))), ("problem", problem)]).await?;
        return Ok(sent);
    }
    let at = next_of(engine, &record).await?;
    let done = [
        ("next_at", at.map_or(Value::Null, Value::Instant)),
        ("due_at", Value::Null),
        ("pending", Value::Null),
        ("problem", problem),
        ("last_sent_at", Value::Instant(now)),
    ];
    put(engine, &record, done).await?;
    Ok(sent)
}

/// Sends one user his letter; `false` if he is no longer there to read it. What is asked is what the owner may see, the figures are
/// what the reader may see. A failure comes with its word of [`super::entity::PROBLEMS`].
async fn letter_to(app: &App, record: &Record, user: Id) -> Result<bool, (&'static str, Error)> {
    let engine = app.engine();
    let composed = async {
        let known = engine.get_many(&Actor::system(), "user", &[user]).await?;
        let active =
            |record: &&Record| record.deleted_at.is_none() && record.get("active").as_bool() != Some(false);
        let Some(reader) = known.iter().find(active).map(Recipient::of) else { return Ok(None) };
        let owner = record.reference("owner").ok_or_else(|| Error::NotFound("owner".into()))?;
        let owner = engine.actor(owner, reader.lang).await?;
        let actor = engine.actor(user, reader.lang).await?;
        Ok(Some((letter::compose(app, &owner, &actor, record).await?, reader)))
    };
    let Some((letter, reader)) = composed.await.map_err(|error| (why(&error), error))? else {
        return Ok(false);
    };
    app.send(&reader, letter).await.map_err(|error| ("mail", error))?;
    Ok(true)
}

/// Why there is no letter.
fn why(error: &Error) -> &'static str {
    match error {
        Error::NotFound(_) | Error::Forbidden(_) => "gone",
        error if error.is_outage() => "data",
        _ => "fault",
    }
}
