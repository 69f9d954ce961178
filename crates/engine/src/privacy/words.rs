//! What to look for in copies: the texts of a person's personal fields, as they are now and as the change log has them.

use super::reach::Group;
use meta::{Field, Kind, Record, Value};
use sea_query::{Expr, ExprTrait, LikeExpr};
use std::collections::BTreeSet;

/// Shorter ones stand everywhere by chance.
const BYTES_MINIMUM: usize = 4;
/// Of long texts their lines are looked for.
const BYTES_LIMIT: usize = 300;

/// A choice is a word of the program's, not of the person's.
pub(super) fn is_text(field: &&Field) -> bool {
    field.kind.is_textual() && field.choices().is_empty() || field.kind == Kind::Json
}

#[derive(Clone, Debug, Default)]
pub struct Words(BTreeSet<String>);

impl Words {
    pub(super) fn of(groups: &[Group]) -> Words {
        let mut words = Words::default();
        for group in groups {
            for field in group.entity.personal_fields().filter(is_text) {
                group.records.iter().for_each(|record: &Record| words.add(record.get(&field.name)));
            }
        }
        words
    }

    pub(super) fn add(&mut self, value: &Value) {
        match value {
            Value::Text(text) => self.add_text(text),
            Value::Json(json) => self.add_text(&json.to_string()),
            _ => {}
        }
    }

    pub(super) fn add_text(&mut self, text: &str) {
        for line in text.lines().map(str::trim) {
            if line.len() >= BYTES_MINIMUM && line.len() <= BYTES_LIMIT && line.chars().count() > 1 {
                self.0.insert(line.to_owned());
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn are_among(&self, others: &Words) -> bool {
        self.0.is_subset(&others.0)
    }

    /// Whether a text has one of the words.
    pub fn are_in(&self, text: &str) -> bool {
        self.iter().any(|word| text.contains(word) || text.contains(&in_json(word)))
    }

    /// The text with `instead` for each of the words; the longest go first, for they may hold shorter ones.
    pub fn replaced(&self, text: &str, instead: &str) -> String {
        let mut words: Vec<&str> = self.iter().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.iter().fold(text.to_owned(), |text, word| text.replace(word, instead))
    }

    /// The same for the strings quoted in a condition; names of fields stay.
    pub(super) fn replaced_in_quotes(&self, text: &str, instead: &str) -> String {
        let (mut done, mut rest) = (String::new(), text);
        while let Some(start) = rest.find(['\'', '"']) {
            let (before, quoted) = rest.split_at(start);
            let Some(end) = quoted[1..].find(&quoted[..1]) else { break };
            let (literal, after) = quoted.split_at(end + 1);
            done.push_str(before);
            done.push_str(&self.replaced(literal, instead));
            rest = after;
            // The closing quote must not open the next string.
            done.push_str(&rest[..1]);
            rest = &rest[1..];
        }
        done + rest
    }

    /// The same for the strings in JSON; keys and everything else stay.
    pub fn replace_in_json(&self, json: &mut serde_json::Value, instead: &str) {
        use serde_json::Value as Json;
        match json {
            Json::String(text) if self.are_in(text) => *text = self.replaced(text, instead),
            Json::Array(items) => items.iter_mut().for_each(|item| self.replace_in_json(item, instead)),
            Json::Object(fields) => fields.values_mut().for_each(|item| self.replace_in_json(item, instead)),
            _ => {}
        }
    }

    /// The condition that `column` has one of the words, in batches a statement can take.
    pub(super) fn conditions(&self, column: &str) -> Vec<Expr> {
        const BATCH: usize = 50;
        let forms: BTreeSet<String> = self.iter().flat_map(|word| [word.to_owned(), in_json(word)]).collect();
        let forms: Vec<String> = forms.into_iter().collect();
        let like = |word: &String| Expr::col(crate::name(column)).like(pattern(word));
        forms
            .chunks(BATCH)
            .filter_map(|forms| forms.iter().map(like).reduce(|one, other| one.or(other)))
            .collect()
    }
}

/// As it stands within a text of JSON.
fn in_json(word: &str) -> String {
    let quoted = serde_json::Value::from(word).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

pub(super) fn pattern(word: &str) -> LikeExpr {
    let word = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    LikeExpr::new(format!("%{word}%")).escape('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_long_enough_are_words() {
        let mut words = Words::default();
        ["王芳", "Li", "安", "first line\n\nsecond \"line\"", ""]
            .iter()
            .for_each(|text| words.add_text(text));
        assert_eq!(words.iter().collect::<Vec<_>>(), ["first line", "second \"line\"", "王芳"]);
        assert!(words.are_in("told 王芳 so") && words.are_in(r#"{"a":"second \"line\""}"#));
        assert!(!words.are_in("second line"));
        assert_eq!(words.replaced(r#"x second "line" 王芳"#, "…"), "x … …");
        assert_eq!(
            words.replaced_in_quotes("王芳 == '王芳' && x.contains(\"a 王芳\")", "…"),
            "王芳 == '…' && x.contains(\"a …\")"
        );
    }
}
