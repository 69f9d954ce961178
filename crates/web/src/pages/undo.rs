//! Taking back what was just done to one or many records. The token names a stretch of the change log: deleted records come
//! back, changed fields get their old values — unless somebody has changed them again since.

use super::{
    Caller, Reader,
    address::{list_href, record_href},
    cell::is_input,
};
use crate::{Answer, Failure, Flash, toast};
use axum::{
    extract::Query as Asking,
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use engine::{Action, Error, LogEntry, LogKind, Result, Tx};
use meta::{Entity, Id, Lang, Values};
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};

/// Entries looked at; a bulk change writes at most this many.
const ENTRIES_LIMIT: i64 = 10_000;

#[derive(Clone, Debug, Deserialize)]
pub struct Token {
    entity: String,
    /// `update` or `delete`.
    kind: String,
    after: i64,
    until: i64,
}

impl Token {
    pub fn new(entity: &Entity, kind: LogKind, (after, until): (i64, i64)) -> Token {
        Token { entity: entity.name.clone(), kind: kind.name().to_owned(), after, until }
    }
    pub fn href(&self) -> String {
        format!("/undo?entity={}&kind={}&after={}&until={}", self.entity, self.kind, self.after, self.until)
    }
}

pub async fn undo(caller: Caller, Asking(token): Asking<Token>) -> Answer {
    let action = if token.kind == "delete" { Action::Delete } else { Action::Update };
    let entity = caller.entity(&token.entity, action)?;
    let entries = entries(&caller, &token).await?;
    let ids: Vec<Id> = entries.iter().flat_map(|entry| entry.ids.iter().copied()).collect();
    let (name, known) = (entity.clone(), ids.clone());
    let done = caller
        .engine()
        .write(caller.actor(), move |tx| {
            Box::pin(async move {
                match action {
                    Action::Delete => tx.restore_many(&name.name, &known).await,
                    _ => write_back(tx, &name, &entries).await,
                }
            })
        })
        .await?;
    let text = said(&caller.reader, done, ids.iter().collect::<BTreeSet<_>>().len());
    if caller.session.htmx {
        let done = StatusCode::NO_CONTENT.into_response();
        return Ok(toast(done, &Flash::success(text), &["list-changed", "record-changed"]));
    }
    let single =
        if let [id] = ids[..] { record_href(caller.engine().registry(), &entity.name, id) } else { None };
    let back = single.unwrap_or_else(|| list_href(&entity));
    Ok(Flash::success(text).on(Redirect::to(&back).into_response()))
}

/// The caller's own entries of that kind in that stretch of the log.
async fn entries(caller: &Caller, token: &Token) -> Answer<Vec<LogEntry>> {
    let stretch = (token.until - token.after).clamp(0, ENTRIES_LIMIT);
    let found = caller.engine().changes_between(token.after, token.until, stretch.unsigned_abs()).await?;
    let own: Vec<LogEntry> = found
        .into_iter()
        .filter(|entry| entry.run.is_none())
        .filter(|entry| entry.user.is_some() && entry.user == caller.actor().user)
        .filter(|entry| entry.entity == token.entity && entry.kind.name() == token.kind)
        .collect();
    if own.is_empty() {
        return Err(Failure::Engine(Error::NotFound(
            caller.reader.say("there is nothing left to undo", "没有可撤销的操作").to_owned(),
        )));
    }
    Ok(own)
}

async fn write_back(tx: &mut Tx, entity: &Entity, entries: &[LogEntry]) -> Result<usize> {
    let ids: Vec<Id> = entries.iter().flat_map(|entry| entry.ids.iter().copied()).collect();
    let now: HashMap<Id, _> = tx
        .get_many(&entity.name, &ids)
        .await?
        .into_iter()
        .filter(|record| record.deleted_at.is_none())
        .map(|record| (record.id, record))
        .collect();
    let mut updates = vec![];
    for entry in entries {
        let (Some(record), Some(changes)) =
            (entry.ids.first().and_then(|id| now.get(id)), entry.changes.as_object())
        else {
            continue;
        };
        let mut values = Values::new();
        for (name, change) in changes {
            let Some(field) = entity.get(name).filter(|field| is_input(field)) else { continue };
            let (old, new) = (change.get(0), change.get(1));
            if new == Some(&record.get(name).to_json())
                && let Some(Ok(old)) = old.map(|old| field.parse_json(old))
            {
                values.insert(name.clone(), old);
            }
        }
        if !values.is_empty() {
            updates.push((record.id, values));
        }
    }
    tx.update_many(&entity.name, updates).await
}

fn said(reader: &Reader, done: usize, of: usize) -> String {
    match reader.lang {
        Lang::En if done < of => {
            format!("Undone for {done} of {of}; the others have been changed since.")
        }
        Lang::En => "Undone.".to_owned(),
        Lang::Zh if done < of => format!("已撤销 {of} 条中的 {done} 条，其余已被再次修改。"),
        Lang::Zh => "已撤销。".to_owned(),
    }
}
