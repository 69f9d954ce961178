//! Refusals in the asker's words, each beside the field it is about.

use crate::words::Words;
use engine::Error;

/// What the asker can put right, each with the name of its field, in his words.
pub fn said(words: &Words<'_>, error: &Error) -> Option<Vec<Said>> {
    let one = |field: &str, message: String| {
        let key = format!("explore.field_{field}");
        let label = words.t(&key, &[]);
        let label = if label == key { field.to_owned() } else { label };
        Said { field: field.to_owned(), label, message }
    };
    match error {
        Error::Invalid(problems) => {
            Some(problems.iter().map(|found| one(&found.field, found.problem.message(words.lang))).collect())
        }
        Error::Limit(text) => Some(vec![Said::plain(text.get(words.lang).to_owned())]),
        Error::Forbidden(_) => Some(vec![Said::plain(error.message(words.lang))]),
        _ => None,
    }
}

/// A refusal beside the field it is about.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Said {
    pub field: String,
    /// Empty where it is about no field.
    pub label: String,
    pub message: String,
}

impl Said {
    fn plain(message: String) -> Said {
        Said { field: String::new(), label: String::new(), message }
    }
}
