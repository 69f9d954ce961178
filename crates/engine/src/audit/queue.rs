//! Notes of what was seen wait here until a background task writes many at once: a page view costs no write.

use super::{Act, Note, Via, act};
use crate::{Actor, Engine, Result, Tx};
use meta::{DateTime, Utc};
use sea_query::Value as Bound;
use serde_json::json;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// Notes beyond it are counted, and the count is noted.
const WAITING_LIMIT: usize = 50_000;
/// So many are written before the time has come.
const MANY: usize = 5_000;

#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    many: Notify,
    /// Held while notes are written, so that whoever ends the program waits for those under way.
    writing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Waiting {
    notes: Vec<(DateTime<Utc>, Note)>,
    lost: i64,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, at: DateTime<Utc>, note: Note) {
        let mut waiting = self.waiting();
        if waiting.notes.len() >= WAITING_LIMIT {
            waiting.lost += 1;
            return;
        }
        waiting.notes.push((at, note));
        if waiting.notes.len() == MANY {
            self.many.notify_one();
        }
    }

    pub async fn wait(&self, time: Duration) {
        // Whichever comes first.
        let _ = tokio::time::timeout(time, self.many.notified()).await;
    }
}

impl Engine {
    /// Notes what somebody did; it is written within a second and never waits. What a transaction does is noted by
    /// [`Tx::note`].
    pub fn note(&self, note: Note) {
        self.notes().put(self.clock().now(), note);
    }

    /// Writes the notes that wait; at the end of the program, too.
    pub async fn write_notes(&self) -> Result<()> {
        let queue = self.notes();
        let _one_at_a_time = queue.writing.lock().await;
        let taken = std::mem::take(&mut *queue.waiting());
        if taken.notes.is_empty() && taken.lost == 0 {
            return Ok(());
        }
        let (notes, lost) = (taken.notes.clone(), taken.lost);
        let written = self
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    let now = tx.clock().now();
                    let overflow = (lost > 0)
                        .then(|| (now, Note { count: Some(lost), ..Note::new(Act::Lost, Via::System) }));
                    let (seen, acts) =
                        notes.into_iter().chain(overflow).partition(|(_, note)| note.act.is_seen());
                    insert(tx, "audit_seen", seen).await?;
                    insert(tx, "audit_act", acts).await
                })
            })
            .await;
        // Whether an unsure write arrived is not known: twice is better than never.
        if written.is_err() {
            let mut waiting = queue.waiting();
            let newer = std::mem::replace(&mut waiting.notes, taken.notes);
            let room = WAITING_LIMIT.saturating_sub(waiting.notes.len());
            waiting.lost += taken.lost + newer.len().saturating_sub(room) as i64;
            waiting.notes.extend(newer.into_iter().take(room));
        }
        written
    }
}

async fn insert(tx: &mut Tx, table: &str, notes: Vec<(DateTime<Utc>, Note)>) -> Result<()> {
    if notes.is_empty() {
        return Ok(());
    }
    let clock = tx.clock().clone();
    let values: Vec<Bound> =
        notes.into_iter().flat_map(|(at, note)| act::values(note, at, clock.new_id())).collect();
    tx.conn.insert_rows(table, &act::COLUMNS, values).await
}

impl Tx {
    /// Notes what this transaction does, with it or not at all.
    pub async fn note(&mut self, note: Note) -> Result<()> {
        let now = self.clock().now();
        let table = if note.act.is_seen() { "audit_seen" } else { "audit_act" };
        insert(self, table, vec![(now, note)]).await
    }

    /// Notes that a setting was changed; `change` is what of it, what it was and what it is, where one value tells it.
    pub async fn note_setting(&mut self, key: &str, change: Option<(&str, &str, &str)>) -> Result<()> {
        let via = if self.actor.user.is_some() { Via::Page } else { Via::Command };
        let mut details = json!({ "key": key });
        if let Some((of, from, to)) = change {
            details = json!({ "key": key, "of": of, "from": from, "to": to });
        }
        let note = Note { user: self.actor.user, details, ..Note::new(Act::Setting, via) };
        self.note(note).await
    }
}
