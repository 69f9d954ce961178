//! Text → tokens. A Latin word or number gives all its endings, so that a prefix look-up finds any part of it; Chinese
//! gives single characters and pairs, so that one character suffices; and its pinyin in full and by initials, from every
//! syllable on, so that 华为技术 is found by 为, 技术, weiji and hw.

use pinyin::{ToPinyin, ToPinyinMulti};
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

/// One thing a document must contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub text: String,
    pub prefix: bool,
}

const WORD_LIMIT: usize = 40;
const ENDING_MINIMUM: usize = 2;
const TERM_LIMIT: usize = 12;
/// Readings kept of a name with ambiguous characters (重庆: zhongqing, chongqing).
const READING_LIMIT: usize = 8;
const PHONE_DIGITS_MINIMUM: usize = 5;

#[derive(PartialEq, Clone, Copy)]
enum Script {
    Chinese,
    Word,
}

fn is_chinese(letter: char) -> bool {
    matches!(letter as u32, 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3134F | 0x3040..=0x30FF | 0xAC00..=0xD7AF)
}

/// Runs of one script, lower case, without accents.
fn runs(text: &str) -> Vec<(Script, Vec<char>)> {
    let mut runs: Vec<(Script, Vec<char>)> = vec![];
    let mut open = false;
    let decomposed = text.nfkd().filter(|letter| !unicode_normalization::char::is_combining_mark(*letter));
    for letter in decomposed.nfc().flat_map(char::to_lowercase) {
        if !letter.is_alphanumeric() {
            open = false;
            continue;
        }
        let script = if is_chinese(letter) { Script::Chinese } else { Script::Word };
        match runs.last_mut() {
            Some((last, run)) if open && *last == script => run.push(letter),
            _ => runs.push((script, vec![letter])),
        }
        open = true;
    }
    runs
}

/// The digits of a text that is a phone number in some spelling.
fn phone_digits(text: &str) -> Option<String> {
    if text.chars().any(|letter| !letter.is_ascii_digit() && !" +-().x".contains(letter)) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits).to_owned();
    (digits.len() >= PHONE_DIGITS_MINIMUM).then_some(digits)
}

/// The tokens under which texts are found, apart by spaces.
pub fn document<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut tokens = BTreeSet::new();
    for text in texts {
        if let Some(digits) = phone_digits(text) {
            endings(&digits.chars().collect::<Vec<_>>(), &mut tokens);
        }
        for (script, run) in runs(text) {
            match script {
                Script::Word => endings(&run, &mut tokens),
                Script::Chinese => chinese(&run, &mut tokens),
            }
        }
    }
    let tokens: Vec<String> = tokens.into_iter().collect();
    tokens.join(" ")
}

fn endings(word: &[char], tokens: &mut BTreeSet<String>) {
    let word = &word[..word.len().min(WORD_LIMIT)];
    tokens.insert(word.iter().collect());
    for start in 1..word.len().saturating_sub(ENDING_MINIMUM - 1) {
        tokens.insert(word[start..].iter().collect());
    }
}

fn chinese(run: &[char], tokens: &mut BTreeSet<String>) {
    for letter in run {
        tokens.insert(letter.to_string());
    }
    for pair in run.windows(2) {
        tokens.insert(pair.iter().collect());
    }
    let run = &run[..run.len().min(WORD_LIMIT)];
    for start in 0..run.len() {
        for reading in readings(&run[start..]) {
            tokens.insert(reading.iter().filter_map(|syllable| syllable.chars().next()).collect());
            tokens.insert(reading.concat());
        }
    }
}

/// The ways a run may be read, one syllable per character; empty from the first character without a reading.
fn readings(run: &[char]) -> Vec<Vec<&'static str>> {
    let mut readings: Vec<Vec<&'static str>> = vec![vec![]];
    for letter in run {
        let mut syllables: Vec<&'static str> = letter.to_pinyin().map(|p| p.plain()).into_iter().collect();
        if let Some(multi) = letter.to_pinyin_multi() {
            for other in multi {
                if !syllables.contains(&other.plain()) {
                    syllables.push(other.plain());
                }
            }
        }
        if syllables.is_empty() {
            break;
        }
        if readings.len() * syllables.len() > READING_LIMIT {
            syllables.truncate(1);
        }
        readings = readings
            .iter()
            .flat_map(|so_far| {
                syllables.iter().map(move |syllable| so_far.iter().copied().chain([*syllable]).collect())
            })
            .collect();
    }
    readings.retain(|reading| !reading.is_empty());
    readings
}

/// What a document must contain to be found by `text`.
pub fn terms(text: &str) -> Vec<Term> {
    if let Some(digits) = phone_digits(text.trim()) {
        return vec![Term { text: digits.chars().take(WORD_LIMIT).collect(), prefix: true }];
    }
    let mut terms = vec![];
    for (script, run) in runs(text) {
        match (script, run.len()) {
            (Script::Word, _) => {
                terms.push(Term { text: run.iter().take(WORD_LIMIT).collect(), prefix: true })
            }
            (Script::Chinese, 1) => terms.push(Term { text: run[0].to_string(), prefix: false }),
            (Script::Chinese, _) => {
                terms.extend(run.windows(2).map(|pair| Term { text: pair.iter().collect(), prefix: false }));
            }
        }
    }
    terms.truncate(TERM_LIMIT);
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(text: &str, query: &str) -> bool {
        let tokens = document([text].into_iter());
        terms(query).iter().all(|term| {
            tokens
                .split(' ')
                .any(|token| if term.prefix { token.starts_with(&term.text) } else { token == term.text })
        })
    }

    #[test]
    fn a_part_of_a_word_is_enough() {
        for query in ["华", "华为", "为技", "huawei", "hw", "weiji", "HWJS", "hua wei"] {
            assert!(finds("华为技术有限公司", query), "{query}");
        }
        for query in ["chongqing", "zq", "cq", "庆"] {
            assert!(finds("重庆啤酒", query), "{query}");
        }
        for query in ["acme", "cme", "Industr", "ACME ind"] {
            assert!(finds("Acme Industries", query), "{query}");
        }
        for query in ["bob@acme.com", "acme.com", "bob"] {
            assert!(finds("bob@acme.com", query), "{query}");
        }
        for query in ["13800008000", "138 0000 8000", "8000", "+86 138-0000-8000"] {
            assert!(finds("+8613800008000", query), "{query}");
        }
        assert!(finds("Café Müller", "cafe muller"));
        assert!(!finds("华为技术", "为华"));
        assert!(!finds("Acme", "acmex"));
    }
}
