//! Rights on fields: hidden, shown in part, or read-only.

use crate::Error;
use meta::{Entity, Field, FieldProblem, Kind, Label, Problem, Record, Value, Values, label};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, sync::Arc};

/// A higher one takes away more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Withheld {
    ReadOnly,
    Masked,
    Hidden,
}

impl Withheld {
    pub const ALL: [Withheld; 3] = [Withheld::Hidden, Withheld::Masked, Withheld::ReadOnly];

    pub fn name(self) -> &'static str {
        match self {
            Withheld::Hidden => "hidden",
            Withheld::Masked => "masked",
            Withheld::ReadOnly => "read_only",
        }
    }
    /// What nobody understands is hidden.
    pub fn parse(name: &str) -> Withheld {
        Withheld::ALL.into_iter().find(|level| level.name() == name).unwrap_or(Withheld::Hidden)
    }
    pub fn label(self) -> Label {
        match self {
            Withheld::Hidden => label("Hidden", "隐藏"),
            Withheld::Masked => label("Masked", "脱敏"),
            Withheld::ReadOnly => label("Read only", "只读"),
        }
    }
}

/// What may be taken from a field. A record without its name or its parent is none, and half a number is a wrong number.
pub fn withholdable(entity: &Entity, field: &str) -> Vec<Withheld> {
    let Some(known) = entity.get(field) else { return vec![] };
    let mut levels = vec![];
    if entity.title != field && entity.parent.as_deref() != Some(field) {
        levels.push(Withheld::Hidden);
    }
    if is_maskable(&known.kind) {
        levels.push(Withheld::Masked);
    }
    if !known.computed {
        levels.push(Withheld::ReadOnly);
    }
    levels
}

fn is_maskable(kind: &Kind) -> bool {
    matches!(kind, Kind::Text { .. } | Kind::LongText | Kind::Email | Kind::Phone | Kind::Url)
}

/// `13800138000` → `138****8000`; a name keeps its first letter, an address its host.
pub fn masked(kind: &Kind, text: &str) -> String {
    const TAIL: usize = 4;
    let letters: Vec<char> = text.chars().collect();
    match kind {
        Kind::Phone if letters.len() >= 2 * TAIL => {
            let (head, tail) = (letters.len() - 2 * TAIL, letters.len() - TAIL);
            letters[..head].iter().chain(&['*'; TAIL]).chain(&letters[tail..]).collect()
        }
        Kind::Email => match text.split_once('@') {
            Some((_, host)) => {
                format!("{}***@{host}", letters.first().map(char::to_string).unwrap_or_default())
            }
            None => "***".to_owned(),
        },
        Kind::Text { .. } if letters.len() > 1 => format!("{}**", letters[0]),
        _ => "***".to_owned(),
    }
}

/// An entity as somebody knows it.
#[derive(Debug)]
pub(super) struct View {
    pub entity: Arc<Entity>,
    pub hidden: Vec<String>,
    pub masked: BTreeMap<String, Kind>,
    pub read_only: Vec<String>,
    /// Some searched field is hidden or masked.
    pub searched: bool,
}

impl View {
    /// `None` if nothing is withheld.
    pub fn new(entity: &Entity, withheld: &BTreeMap<String, Withheld>) -> Option<View> {
        if withheld.is_empty() {
            return None;
        }
        let mut seen = entity.clone();
        let mut view = View {
            entity: Arc::new(entity.clone()),
            hidden: vec![],
            masked: BTreeMap::new(),
            read_only: vec![],
            searched: false,
        };
        for (name, level) in withheld {
            let Some(field) = seen.fields.get_mut(name) else { continue };
            let possible = withholdable(entity, name);
            // What cannot be had in part is not had at all, and the other way round.
            let level = match level {
                Withheld::Masked if !possible.contains(&Withheld::Masked) => Withheld::Hidden,
                Withheld::Hidden if !possible.contains(&Withheld::Hidden) => Withheld::Masked,
                level => *level,
            };
            view.searched |= field.searched && level != Withheld::ReadOnly;
            match level {
                Withheld::ReadOnly => view.read_only.push(name.clone()),
                Withheld::Masked => drop(view.masked.insert(name.clone(), field.kind.clone())),
                Withheld::Hidden => view.hidden.push(name.clone()),
            }
            field.computed = true;
            if level == Withheld::Masked {
                (field.masked, field.indexed, field.searched) = (true, false, false);
            }
        }
        if view.hidden.is_empty() && view.masked.is_empty() && view.read_only.is_empty() {
            return None;
        }
        view.entity = Arc::new(without(seen, &view.hidden));
        Some(view)
    }

    pub fn withhold(&self, values: &mut Values) {
        for name in &self.hidden {
            values.remove(name);
        }
        for (name, kind) in &self.masked {
            if let Some(value) = values.get_mut(name) {
                *value = mask(kind, value);
            }
        }
    }

    /// The same for an entry of the change log, `{"field": [old, new]}`.
    pub fn withhold_changes(&self, changes: &mut Json) {
        let Some(changes) = changes.as_object_mut() else { return };
        changes.retain(|name, _| !self.hidden.contains(name));
        for (name, kind) in &self.masked {
            if let Some(change) = changes.get_mut(name) {
                let text = |index: usize| change.get(index).and_then(Json::as_str);
                *change =
                    json!([text(0).map(|text| masked(kind, text)), text(1).map(|text| masked(kind, text))]);
            }
        }
    }

    /// What of `values`, given by the user, he may not write; what is no change is left out.
    pub fn refused(&self, before: Option<&Record>, values: &mut Values) -> Vec<FieldProblem> {
        let mut problems = vec![];
        for name in self.hidden.iter().filter(|name| values.contains_key(name)) {
            problems.push(FieldProblem::new(name, Problem::Unknown));
        }
        let seen = self.read_only.iter().map(|name| (name, None));
        for (name, kind) in seen.chain(self.masked.iter().map(|(name, kind)| (name, Some(kind)))) {
            let Some(given) = values.get(name) else { continue };
            // Compared with what he sees: that the real value is refused or not must tell nothing.
            let shown = before.map(|before| before.get(name));
            let shown = shown.map(|value| kind.map_or_else(|| value.clone(), |kind| mask(kind, value)));
            if shown.unwrap_or_default() == *given {
                values.remove(name);
            } else {
                problems.push(FieldProblem::new(name, Problem::Rule(not_yours())));
            }
        }
        problems
    }
}

fn not_yours() -> Label {
    label(
        "is read-only for your role: leave it as it is, or ask an administrator",
        "对您的角色只读：请勿修改，或联系管理员",
    )
}

fn mask(kind: &Kind, value: &Value) -> Value {
    match value {
        Value::Text(text) => Value::Text(masked(kind, text)),
        _ => Value::Null,
    }
}

/// Lists, boards and timelines that need a hidden field do without.
fn without(mut entity: Entity, hidden: &[String]) -> Entity {
    entity.fields.retain(|name, _| !hidden.contains(name));
    let known = |entity: &Entity, name: &str| {
        entity.get(name).is_some_and(|field| !field.masked) || crate::schema::is_system_column(name)
    };
    entity.list.retain(|name| !hidden.contains(name));
    if !known(&entity, entity.sort.trim_start_matches('-')) {
        entity.sort = String::new();
    }
    if entity.board.as_deref().is_some_and(|board| !known(&entity, board)) || entity.sort.is_empty() {
        entity.board = None;
    }
    let gone =
        |timeline: &meta::Timeline| !known(&entity, &timeline.subject) || !known(&entity, &timeline.at);
    if entity.timeline.as_ref().is_some_and(gone) {
        entity.timeline = None;
    }
    entity
}

/// What can be filtered by can be guessed.
pub(crate) fn no_filter(field: &Field) -> Error {
    Error::rule(
        "filter",
        format!(
            "{} is shown to you in part only, so that it cannot be filtered by: leave it out.",
            field.label.en
        ),
        format!("“{}”对您脱敏显示，不能用作筛选条件，请去掉。", field.label.zh),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_keeps_what_tells_records_apart() {
        let phone = |text| masked(&Kind::Phone, text);
        assert_eq!(
            (phone("+8613800138000"), phone("13800138000")),
            ("+86138****8000".into(), "138****8000".into())
        );
        assert_eq!(phone("12345"), "***");
        assert_eq!(masked(&Kind::Email, "lin@example.com"), "l***@example.com");
        assert_eq!(masked(&Kind::Text { limit: 9 }, "欧阳明月"), "欧**");
        assert_eq!(masked(&Kind::Text { limit: 9 }, "Z"), "***");
        assert_eq!(masked(&Kind::LongText, "anything at all"), "***");
    }
}
