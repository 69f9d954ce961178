//! By what two records are known to be alike: e-mail address, telephone number, the words of the name.

use crate::search;
use meta::{Entity, Kind, Label, Value, Values, label, normalise_email, normalise_phone};
use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
};

/// Points from which on two records are probably the same.
pub(super) const PROBABLE: i64 = 50;

/// In what two records are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sameness {
    Email,
    Phone,
    /// The same words, whatever order, legal form and punctuation.
    Name,
    /// The same, but so short that many have it.
    ShortName,
}

impl Sameness {
    pub(super) fn points(self) -> i64 {
        match self {
            Sameness::Email | Sameness::Phone => 60,
            Sameness::Name => 50,
            Sameness::ShortName => 25,
        }
    }
    pub fn name(self) -> &'static str {
        match self {
            Sameness::Email => "email",
            Sameness::Phone => "phone",
            Sameness::Name | Sameness::ShortName => "name",
        }
    }
    pub fn label(self) -> Label {
        match self {
            Sameness::Email => label("same e-mail", "邮箱相同"),
            Sameness::Phone => label("same phone", "电话相同"),
            Sameness::Name | Sameness::ShortName => label("same name", "名称相同"),
        }
    }
}

pub(super) type Keys = BTreeMap<u64, Sameness>;

/// What the record can be known by. Fields the reader sees in part are none.
pub(super) fn keys(entity: &Entity, values: &Values) -> Keys {
    let mut keys = Keys::new();
    for field in entity.fields.values().filter(|field| !field.masked) {
        let Some(text) = values.get(&field.name).and_then(Value::as_text) else { continue };
        let found = match field.kind {
            Kind::Email => normalise_email(text).map(|email| (Sameness::Email, email)),
            // Whoever answers at an extension is somebody else.
            Kind::Phone => normalise_phone(text).map(|phone| (Sameness::Phone, phone)),
            _ if field.name == entity.title => name_key(text),
            _ => None,
        };
        if let Some((alike, text)) = found {
            let mut hasher = DefaultHasher::new();
            (alike, text).hash(&mut hasher);
            keys.insert(hasher.finish(), alike);
        }
    }
    keys
}

/// Legal forms, which one writes and another leaves out.
const FORMS: [&str; 22] = [
    "co",
    "company",
    "corp",
    "corporation",
    "inc",
    "incorporated",
    "limited",
    "llc",
    "llp",
    "ltd",
    "plc",
    "gmbh",
    "ag",
    "kg",
    "bv",
    "nv",
    "sa",
    "sarl",
    "srl",
    "spa",
    "pty",
    "the",
];
const FORMS_ZH: [&str; 6] = ["股份有限公司", "有限责任公司", "集团有限公司", "有限公司", "集团", "公司"];

/// The words of a name in order of the alphabet, without legal forms.
fn name_key(text: &str) -> Option<(Sameness, String)> {
    let mut words: Vec<String> = search::words(text)
        .into_iter()
        .map(|word| {
            let bare = FORMS_ZH.iter().fold(word.clone(), |word, form| word.replace(form, ""));
            if bare.is_empty() { word } else { bare }
        })
        .collect();
    let bare: Vec<String> = words.iter().filter(|word| !FORMS.contains(&word.as_str())).cloned().collect();
    if !bare.is_empty() {
        words = bare;
    }
    words.sort();
    let key = words.join(" ");
    // A Chinese character says about as much as three letters.
    let weight: usize = key.chars().map(|letter| if letter.is_ascii() { 1 } else { 3 }).sum();
    match weight {
        0..=3 => None,
        4..=10 => Some((Sameness::ShortName, key)),
        _ => Some((Sameness::Name, key)),
    }
}

pub(super) fn alike(one: &Keys, other: &Keys) -> Vec<Sameness> {
    let mut found: Vec<Sameness> =
        one.iter().filter(|(key, _)| other.contains_key(key)).map(|(_, alike)| *alike).collect();
    found.sort();
    found.dedup();
    found
}

pub(super) fn points(alike: &[Sameness]) -> i64 {
    alike.iter().map(|alike| alike.points()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_name_have_one_key() {
        for (one, other) in [
            ("Acme Trading Co., Ltd.", "ACME trading"),
            ("Trading Acme GmbH", "Acme Trading"),
            ("青岛海果食品有限公司", "青岛海果食品"),
            ("Müller & Söhne", "muller sohne"),
        ] {
            assert_eq!(name_key(one), name_key(other), "{one} / {other}");
        }
        assert_ne!(name_key("青岛海果食品"), name_key("青岛海果贸易"));
        assert_eq!(name_key("Co"), None);
        assert_eq!(name_key("王伟").map(|(alike, _)| alike), Some(Sameness::ShortName));
        assert!(points(&[Sameness::ShortName]) < PROBABLE && points(&[Sameness::Phone]) >= PROBABLE);
    }
}
