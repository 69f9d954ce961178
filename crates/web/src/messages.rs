//! The words of the program, from `messages.toml` of web and of each module.

use engine::{Error, Result};
use meta::{Label, Lang};
use std::collections::HashMap;

pub struct Messages(HashMap<String, Message>);

struct Message {
    text: Label,
    /// Of what says what a figure means: how sure that figure is, as the key of the words that say so.
    sure: Option<String>,
}

impl Messages {
    /// Web's own words and those of the modules; a key declared twice is refused, and a meaning (`….is`) that does not say how sure
    /// the figure is.
    pub fn read<'t>(modules: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Messages> {
        let mut words = HashMap::new();
        for (name, text) in [("web", include_str!("messages.toml"))].into_iter().chain(modules) {
            let wrong = |what: String| Error::Internal(format!("messages.toml of {name}: {what}"));
            let table: toml::Table = text.parse().map_err(|error| wrong(format!("{error}")))?;
            let mut found = vec![];
            collect("", &table, &mut found);
            for (key, message) in found {
                if message.text.en.is_empty() || message.text.zh.is_empty() {
                    return Err(wrong(format!("{key} is not in both languages")));
                }
                if message.sure.is_none() && key.ends_with(".is") {
                    return Err(wrong(format!("{key} does not say how sure the figure is (sure = …)")));
                }
                if words.insert(key.clone(), message).is_some() {
                    return Err(wrong(format!("{key} is declared twice")));
                }
            }
        }
        let unsaid = words.iter().find_map(|(key, message)| {
            message.sure.as_ref().filter(|sure| !words.contains_key(*sure)).map(|sure| (key, sure))
        });
        match unsaid {
            Some((key, sure)) => {
                Err(Error::Internal(format!("{key} names {sure}, which no messages.toml has")))
            }
            None => Ok(Messages(words)),
        }
    }

    /// The text with `{name}` filled in; `None` if there is no such key.
    pub fn get(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> Option<String> {
        let mut text = self.0.get(key)?.text.get(lang).to_owned();
        for (name, value) in args {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        Some(text)
    }

    /// How sure the figure is whose meaning the message says; `None` if it does not tell.
    pub fn certainty(&self, lang: Lang, key: &str) -> Option<String> {
        self.get(lang, self.0.get(key)?.sure.as_deref()?, &[])
    }
}

/// The key of the words a certainty is declared by.
pub(crate) fn certainty_key(sure: &str) -> String {
    format!("sure.{sure}")
}

/// A table with `en` or `zh` is a message; any other table is a part of the key.
fn collect(prefix: &str, table: &toml::Table, found: &mut Vec<(String, Message)>) {
    let text = |name: &str| table.get(name).and_then(toml::Value::as_str);
    if table.contains_key("en") || table.contains_key("zh") {
        let said = |lang: &str| text(lang).unwrap_or_default().to_owned();
        let message =
            Message { text: Label { en: said("en"), zh: said("zh") }, sure: text("sure").map(certainty_key) };
        found.push((prefix.to_owned(), message));
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

    #[test]
    fn what_a_figure_means_says_how_sure_it_is() {
        let meaning = |sure: &str| format!("\"m.n.is\" = {{ en = \"A number\", zh = \"数字\"{sure} }}");
        let refused =
            |sure: &str| Messages::read([("m", meaning(sure).as_str())]).err().map(|no| no.to_string());
        assert!(refused("").is_some_and(|no| no.contains("m.n.is does not say how sure")));
        assert!(refused(", sure = \"nobody_knows\"").is_some_and(|no| no.contains("sure.nobody_knows")));
        let declared = meaning(", sure = \"exact\"");
        let messages = Messages::read([("m", declared.as_str())]).expect("valid messages");
        assert_eq!(messages.certainty(Lang::Zh, "m.n.is"), messages.get(Lang::Zh, "sure.exact", &[]));
        assert_eq!(messages.certainty(Lang::En, "sure.exact"), None);
    }
}
