//! What a request shows or takes along is noted; nothing here waits for the database.

use crate::{App, Session, Visit};
use engine::{Act, Engine, Note, Result, Tx, Via};
use meta::Id;
use serde_json::{Map, Value as Json, json};

fn note(visit: &Visit, act: Act, entity: &str) -> Note {
    let via = if visit.api { Via::Api } else { Via::Page };
    Note {
        user: visit.user.as_ref().map(|user| user.id),
        entity: Some(entity.to_owned()),
        address: visit.address.map(|address| address.to_string()),
        ..Note::new(act, via)
    }
}

/// Only what was given.
fn details(given: &[(&str, &str)]) -> Json {
    let given = given.iter().filter(|(_, value)| !value.is_empty());
    Map::from_iter(given.map(|(name, value)| ((*name).to_owned(), json!(value)))).into()
}

impl App {
    /// A record was shown.
    pub fn saw(&self, session: &Session, entity: &str, record: Id) {
        self.engine().note(Note { record: Some(record), ..note(session, Act::Saw, entity) });
    }

    /// So many records of a list or search were shown; `given` says which, e.g. by `filter` and `q`.
    pub fn saw_many(&self, session: &Session, entity: &str, count: usize, given: &[(&str, &str)]) {
        let (count, details) = (Some(count as i64), details(given));
        self.engine().note(Note { count, details, ..note(session, Act::Listed, entity) });
    }

    /// So many rows were taken along as a file.
    pub fn took_along(&self, session: &Session, entity: &str, count: usize, given: &[(&str, &str)]) {
        let (count, details) = (Some(count as i64), details(given));
        self.engine().note(Note { count, details, ..note(session, Act::Exported, entity) });
    }
}

/// An export under way: noted when it ends, also when its reader goes away before the end.
pub(crate) struct Exporting {
    engine: Engine,
    note: Note,
    rows: usize,
    whole: bool,
}

impl Exporting {
    pub fn begin(app: &App, session: &Session, entity: &str, given: &[(&str, &str)]) -> Exporting {
        let note = Note { details: details(given), ..note(session, Act::Exported, entity) };
        Exporting { engine: app.engine().clone(), note, rows: 0, whole: false }
    }

    pub fn add(&mut self, rows: usize, last: bool) {
        self.rows += rows;
        self.whole |= last;
    }
}

impl Drop for Exporting {
    fn drop(&mut self) {
        // Refused before anything was read: nothing left the house.
        if self.rows == 0 && !self.whole {
            return;
        }
        self.note.count = Some(self.rows as i64);
        if !self.whole {
            self.note.details["broken_off"] = json!(true);
        }
        self.engine.note(self.note.clone());
    }
}

/// What was typed as address is never noted: people type passwords into the wrong field.
pub(crate) async fn note_sign_in(
    tx: &mut Tx,
    user: Option<Id>,
    address: Option<String>,
    method: &str,
    outcome: &str,
) -> Result<()> {
    let act = if outcome == "success" { Act::SignedIn } else { Act::SignInFailed };
    let details = json!({ "method": method, "outcome": outcome });
    tx.note(Note { user, address, details, ..Note::new(act, Via::Page) }).await
}
