//! Entries of the audit in words.

use crate::App;
use engine::{Actor, AuditEntry, Registry, Result};
use meta::{Entity, Field, Id, Lang};
use serde_json::Value as Json;
use std::collections::HashMap;

/// Of one value of a change.
const LETTERS_LIMIT: usize = 40;
/// Fields of a change that are told one by one.
const FIELDS_LIMIT: usize = 6;

pub(super) struct Words<'a> {
    app: &'a App,
    lang: Lang,
    names: HashMap<Id, String>,
}

impl<'a> Words<'a> {
    /// With the names of all that the entries tell of.
    pub async fn of(app: &'a App, actor: &Actor, lang: Lang, entries: &[AuditEntry]) -> Result<Words<'a>> {
        let users = entries.iter().filter_map(|entry| entry.user).map(|user| ("user", user));
        let records = entries.iter().filter_map(|entry| {
            let entity = app.engine().entity(entry.entity.as_deref()?).ok()?;
            Some((entity.name.as_str(), entry.record?))
        });
        let wanted: Vec<(&str, Id)> = users.chain(records).collect();
        let names = app.engine().titles(actor, &wanted).await?;
        Ok(Words { app, lang, names })
    }

    fn say(&self, key: &str) -> String {
        self.app.t(self.lang, key, &[])
    }

    pub fn who(&self, entry: &AuditEntry) -> Option<String> {
        let user = entry.user?;
        // Somebody who is there no more is told by his number.
        Some(self.names.get(&user).cloned().unwrap_or_else(|| user.to_string()))
    }

    pub fn action(&self, entry: &AuditEntry) -> String {
        self.say(&format!("audit.what_{}", entry.what))
    }

    pub fn via(&self, entry: &AuditEntry) -> Option<String> {
        entry.via.map(|via| self.say(&format!("audit.via_{via}")))
    }

    pub fn entity(&self, entry: &AuditEntry) -> Option<String> {
        let name = entry.entity.as_deref()?;
        if name == super::AUDIT {
            return Some(self.say("audit.title"));
        }
        let registry = self.app.engine().registry();
        Some(
            registry
                .entity(name)
                .map_or_else(|_| name.to_owned(), |entity| entity.label.get(self.lang).to_owned()),
        )
    }

    /// The record's title, or how many records.
    pub fn record(&self, entry: &AuditEntry) -> Option<String> {
        if let Some(record) = entry.record {
            return Some(self.names.get(&record).cloned().unwrap_or_else(|| record.to_string()));
        }
        let count = entry.count.filter(|_| entry.entity.is_some())?;
        Some(self.app.t(self.lang, "audit.records", &[("count", &count.to_string())]))
    }

    pub fn details(&self, entry: &AuditEntry) -> String {
        let text = |key: &str| entry.details.get(key).map(plain).unwrap_or_default();
        match entry.what {
            "create" | "delete" | "restore" => String::new(),
            "update" => self.changes(entry),
            "signed_in" | "sign_in_failed" => {
                let outcome = self.say(&format!("history.outcome_{}", text("outcome")));
                format!("{} · {outcome}", self.say(&format!("history.method_{}", text("method"))))
            }
            "setting" => self.setting(entry),
            "redacted" => self.redacted(entry, &text("reason")),
            "removed" => self.app.t(self.lang, "audit.removed_before", &[("before", &text("before"))]),
            "lost" => {
                let count = entry.count.unwrap_or_default().to_string();
                self.app.t(self.lang, "audit.lost_count", &[("count", &count)])
            }
            _ => self.given(entry),
        }
    }

    /// Which setting, and what of it became of what, where that was noted.
    fn setting(&self, entry: &AuditEntry) -> String {
        let text = |key: &str| entry.details.get(key).map(plain);
        let key = self.say(&text("key").unwrap_or_default());
        let Some((from, to)) = text("from").zip(text("to")) else { return key };
        let value = |text: String| if text.is_empty() { self.say("common.empty") } else { text };
        format!("{key} {}: {} → {}", text("of").unwrap_or_default(), value(from), value(to))
    }

    fn redacted(&self, entry: &AuditEntry, reason: &str) -> String {
        let entity = entry.entity.as_deref().and_then(|name| self.app.engine().entity(name).ok());
        let fields = entry.details.get("fields").and_then(Json::as_array);
        let fields: Vec<String> = fields
            .into_iter()
            .flatten()
            .map(|name| {
                let field = entity.and_then(|entity| entity.get(name.as_str()?));
                field.map_or_else(|| plain(name), |field| field.label.get(self.lang).to_owned())
            })
            .collect();
        let all = if fields.is_empty() { self.say("audit.all_fields") } else { fields.join(self.comma()) };
        format!("{all} · {reason}")
    }

    fn comma(&self) -> &'static str {
        if self.lang == Lang::Zh { "、" } else { ", " }
    }

    /// What a list, search or export was asked for.
    fn given(&self, entry: &AuditEntry) -> String {
        let Some(details) = entry.details.as_object() else { return String::new() };
        let parts = details.iter().map(|(name, value)| match name.as_str() {
            "broken_off" => self.say("audit.broken_off"),
            "deleted" => self.say("audit.given_deleted"),
            name @ ("filter" | "q" | "format" | "sort" | "view") => {
                format!("{}: {}", self.say(&format!("audit.given_{name}")), plain(value))
            }
            name => format!("{name}: {}", plain(value)),
        });
        parts.collect::<Vec<_>>().join(" · ")
    }

    fn changes(&self, entry: &AuditEntry) -> String {
        let Some(changes) = entry.details.as_object() else { return String::new() };
        if changes.is_empty() {
            return self.say("audit.is_redacted");
        }
        let registry = self.app.engine().registry();
        let entity = entry.entity.as_deref().and_then(|name| registry.entity(name).ok());
        let told: Vec<String> = changes
            .iter()
            .take(FIELDS_LIMIT)
            .map(|(name, change)| self.change(registry, entity.map(|entity| &**entity), name, change))
            .collect();
        let more = changes.len().saturating_sub(FIELDS_LIMIT);
        let more =
            (more > 0).then(|| self.app.t(self.lang, "audit.more_fields", &[("count", &more.to_string())]));
        told.into_iter().chain(more).collect::<Vec<_>>().join(" · ")
    }

    fn change(&self, registry: &Registry, entity: Option<&Entity>, name: &str, change: &Json) -> String {
        let field = entity.and_then(|entity| entity.get(name));
        let label = field.map_or(name, |field| field.label.get(self.lang));
        // References are numbers that tell nobody anything; the record's own history names them.
        if field.is_some_and(|field| field.target().is_some_and(|target| registry.entity(target).is_ok())) {
            return label.to_owned();
        }
        let value = |index: usize| {
            let text = change.get(index).map(|value| shown(field, value, self.lang)).unwrap_or_default();
            if text.is_empty() { self.say("common.empty") } else { text }
        };
        format!("{label}: {} → {}", value(0), value(1))
    }
}

fn shown(field: Option<&Field>, value: &Json, lang: Lang) -> String {
    let text = plain(value);
    let choice = field.and_then(|field| field.choices().iter().find(|choice| choice.value == text));
    match choice {
        Some(choice) => choice.label.get(lang).to_owned(),
        None if text.chars().count() > LETTERS_LIMIT => {
            text.chars().take(LETTERS_LIMIT).chain(['…']).collect()
        }
        None => text,
    }
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::{Act, LogKind, Via};

    #[test]
    fn everything_that_can_be_noted_has_words() {
        let messages = crate::Messages::read([]).unwrap();
        let kinds = [LogKind::Create, LogKind::Update, LogKind::Delete, LogKind::Restore, LogKind::Erase];
        let kinds = kinds.map(LogKind::name);
        let whats = kinds.into_iter().chain(Act::ALL.map(Act::name)).map(|what| format!("audit.what_{what}"));
        let vias = [Via::Page, Via::Api, Via::Command, Via::System].map(Via::name);
        let vias = vias.into_iter().chain(["import"]).map(|via| format!("audit.via_{via}"));
        let actions = super::super::actions().into_iter().map(|action| format!("audit.action_{action}"));
        for key in whats.chain(vias).chain(actions) {
            for lang in [Lang::En, Lang::Zh] {
                assert!(messages.get(lang, &key, &[]).is_some(), "{key}");
            }
        }
    }
}
