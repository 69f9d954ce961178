//! Tells from a column's name what the column means.
//!
//! A name is compared in three ways, the surer first: the same after normalising; one containing the other word for word
//! (Chinese: ending in it, since the head noun stands last: `利润率` is no `利润`); the same but for a letter or two.
//! Normalising drops case, spaces, punctuation, full-width forms and units in brackets, and parts CamelCase.
//! Each target is given to one column, the best.

use serde::Serialize;

/// A field columns can be mapped to, and the names it goes by. A synonym beginning with `=` counts only when the
/// whole name is it: for words too general to be looked for inside others (`=date`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    pub key: &'static str,
    pub synonyms: &'static [&'static str],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    Exact,
    Contained,
    Fuzzy,
}

/// What a column seems to mean.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Guess {
    pub column: usize,
    pub target: Option<&'static str>,
    /// 1 = exact; 0 = no guess.
    pub confidence: f64,
    pub how: Option<How>,
}

/// One guess per column, in order.
pub fn recognise(headers: &[String], targets: &[Target]) -> Vec<Guess> {
    let names: Vec<Name> = headers.iter().map(|header| Name::of(header)).collect();
    let mut candidates = Vec::new();
    for target in targets {
        let synonyms: Vec<(Name, bool)> = std::iter::once(target.key)
            .map(|key| (Name::of(key), true))
            .chain(target.synonyms.iter().map(|s| (Name::of(s), s.starts_with('='))))
            .collect();
        for (column, name) in names.iter().enumerate() {
            let matches = synonyms.iter().filter_map(|(synonym, whole)| name.matches(synonym, *whole));
            if let Some((confidence, how)) = matches.max_by(|a, b| a.0.total_cmp(&b.0)) {
                candidates.push((confidence, how, column, target.key));
            }
        }
    }
    // A stable sort: among equals the earlier target and column win.
    candidates.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut guesses: Vec<Guess> =
        (0..headers.len()).map(|column| Guess { column, target: None, confidence: 0.0, how: None }).collect();
    for (confidence, how, column, key) in candidates {
        let taken = guesses[column].target.is_some() || guesses.iter().any(|g| g.target == Some(key));
        if !taken {
            guesses[column] = Guess { column, target: Some(key), confidence, how: Some(how) };
        }
    }
    guesses
}

/// A column name made comparable.
#[derive(Debug, PartialEq, Eq)]
struct Name {
    /// Lower case without spaces and punctuation.
    joined: String,
    words: Vec<String>,
    is_chinese: bool,
}

impl Name {
    fn of(text: &str) -> Self {
        let words = words(&without_brackets(&narrow(text)));
        let joined = words.concat();
        let is_chinese = joined.chars().any(is_han);
        Self { joined, words, is_chinese }
    }

    fn matches(&self, synonym: &Name, whole_only: bool) -> Option<(f64, How)> {
        if self.joined.is_empty() || synonym.joined.is_empty() {
            return None;
        }
        if self.joined == synonym.joined {
            return Some((1.0, How::Exact));
        }
        if whole_only || self.is_chinese != synonym.is_chinese {
            return None;
        }
        if self.contains(synonym) {
            let share = synonym.joined.chars().count() as f64 / self.joined.chars().count() as f64;
            return Some((0.6 + 0.3 * share, How::Contained));
        }
        let similarity = similarity(&self.joined, &synonym.joined);
        (!self.is_chinese && similarity >= LEAST_SIMILARITY).then_some((0.7 * similarity, How::Fuzzy))
    }

    fn contains(&self, synonym: &Name) -> bool {
        if self.is_chinese {
            synonym.joined.chars().count() >= 2 && self.joined.ends_with(&synonym.joined)
        } else {
            self.words.windows(synonym.words.len()).any(|window| window == synonym.words)
        }
    }
}

const LEAST_SIMILARITY: f64 = 0.8;

/// 1 − edit distance ÷ longer length, in characters; 0 for words too short to be misspelt recognisably.
fn similarity(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let longer = a.len().max(b.len());
    if a.len().min(b.len()) < 5 {
        return 0.0;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    1.0 - row[b.len()] as f64 / longer as f64
}

/// Full-width letters, digits and punctuation as their ASCII counterparts.
pub(crate) fn narrow(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{3000}' => ' ',
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .collect()
}

/// Without `(元)`, `[kg]`, `【必填】`; a name that is nothing else is kept.
fn without_brackets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0usize;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' | '【' | '〔' | '<' => depth += 1,
            ')' | ']' | '}' | '】' | '〕' | '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    if out.trim().is_empty() { text.to_owned() } else { out }
}

/// Lower-case words, parted at punctuation, spaces and CamelCase (`CustomerID` → customer, id). Han runs are one word.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_alphanumeric() {
            previous = None;
            continue;
        }
        let starts_word = previous.is_none_or(|p| {
            let hump = p.is_lowercase() && c.is_uppercase();
            let acronym_ends =
                p.is_uppercase() && c.is_uppercase() && chars.peek().is_some_and(|n| n.is_lowercase());
            hump || acronym_ends || is_han(p) != is_han(c)
        });
        if starts_word {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        previous = Some(c);
    }
    words
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}
