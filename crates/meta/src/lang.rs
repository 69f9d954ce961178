//! The two languages of the product and texts that exist in both.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lang {
    #[serde(rename = "en")]
    En,
    #[default]
    #[serde(rename = "zh-CN")]
    Zh,
}

impl Lang {
    pub fn code(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Zh => "zh-CN",
        }
    }

    /// Reads a code or an `Accept-Language` header; `None` if neither language is in it.
    pub fn parse(text: &str) -> Option<Lang> {
        text.split(',').find_map(|part| {
            let part = part.trim().to_ascii_lowercase();
            if part.starts_with("zh") {
                Some(Lang::Zh)
            } else if part.starts_with("en") {
                Some(Lang::En)
            } else {
                None
            }
        })
    }
}

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub en: String,
    pub zh: String,
}

pub fn label(en: impl Into<String>, zh: impl Into<String>) -> Label {
    Label { en: en.into(), zh: zh.into() }
}

impl Label {
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}
