//! The words of the program, from `messages.toml` of web and of each module.

use engine::{Error, Result};
use meta::{Label, Lang};
use std::collections::HashMap;

pub struct Messages(HashMap<String, Label>);

impl Messages {
    /// Web's own words and those of the modules; a key declared twice is refused.
    pub fn read<'t>(modules: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Messages> {
        let mut words = HashMap::new();
        for (name, text) in [("web", include_str!("messages.toml"))].into_iter().chain(modules) {
            let wrong = |what: String| Error::Internal(format!("messages.toml of {name}: {what}"));
            let table: toml::Table = text.parse().map_err(|error| wrong(format!("{error}")))?;
            let mut found = vec![];
            collect("", &table, &mut found);
            for (key, label) in found {
                if label.en.is_empty() || label.zh.is_empty() {
                    return Err(wrong(format!("{key} is not in both languages")));
                }
                if words.insert(key.clone(), label).is_some() {
                    return Err(wrong(format!("{key} is declared twice")));
                }
            }
        }
        Ok(Messages(words))
    }

    /// The text with `{name}` filled in; `None` if there is no such key.
    pub fn get(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> Option<String> {
        let mut text = self.0.get(key)?.get(lang).to_owned();
        for (name, value) in args {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        Some(text)
    }
}

/// A table with `en` or `zh` is a message; any other table is a part of the key.
fn collect(prefix: &str, table: &toml::Table, found: &mut Vec<(String, Label)>) {
    let text = |lang: &str| table.get(lang).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    if table.contains_key("en") || table.contains_key("zh") {
        found.push((prefix.to_owned(), Label { en: text("en"), zh: text("zh") }));
        return;
    }
    for (name, below) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if let Some(below) = below.as_table() {
            collect(&key, below, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_filled_in_in_both_languages() {
        let messages = Messages::read([("m", "\"m.hi\" = { en = \"Hello {name}\", zh = \"{name}，您好\" }")]);
        let messages = messages.expect("valid messages");
        assert_eq!(messages.get(Lang::En, "m.hi", &[("name", "Li")]).as_deref(), Some("Hello Li"));
        assert_eq!(messages.get(Lang::Zh, "m.hi", &[("name", "李")]).as_deref(), Some("李，您好"));
        assert_eq!(messages.get(Lang::En, "m.none", &[]), None);
    }

    #[test]
    fn a_message_in_one_language_only_is_refused() {
        assert!(Messages::read([("m", "\"m.hi\" = { en = \"Hello\" }")]).is_err());
    }
}
