//! Text → tokens. A Latin word or number gives all its endings, so that a prefix look-up finds any part of it; Chinese
//! gives single characters and pairs, so that one character suffices; and its pinyin in full and by initials, from every
//! syllable on, so that 华为技术 is found by 为, 技术, weiji and hw.

use pinyin::{ToPinyin, ToPinyinMulti};
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
const READING_LIMIT: usize = 4;
/// Characters of names and companies with more than one reading in use. The dictionary has several for nearly every character
/// (公司: gongsi, gongci), and a document with all their combinations would be ten times as long for nobody.
const AMBIGUOUS: &str = "重长行乐曾单解仇区朴查盖翟尉缪薄柏种员黑繁瞿隗晟车贾俞石南厦六蚌大铅莘番藏埔会蔚浒歙泊调参降角\
    模弹强省盛宿校奇朝称仔巷壳屏都便沈万冠宁";
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
    let mut runs = Runs::default();
    if text.is_ascii() {
        text.chars().for_each(|letter| runs.push(letter.to_ascii_lowercase()));
    } else {
        let marks = unicode_normalization::char::is_combining_mark;
        let plain = text.nfkd().filter(|letter| !marks(*letter)).nfc();
        plain.flat_map(char::to_lowercase).for_each(|letter| runs.push(letter));
    }
    runs.all
}

#[derive(Default)]
struct Runs {
    all: Vec<(Script, Vec<char>)>,
    open: bool,
}

impl Runs {
    fn push(&mut self, letter: char) {
        if !letter.is_alphanumeric() {
            self.open = false;
            return;
        }
        let script = if is_chinese(letter) { Script::Chinese } else { Script::Word };
        match self.all.last_mut() {
            Some((last, run)) if self.open && *last == script => run.push(letter),
            _ => self.all.push((script, vec![letter])),
        }
        self.open = true;
    }
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

/// Tokens one behind the other: an import makes a hundred of them per record, so that one allocation each would be its main work.
#[derive(Default)]
struct Tokens {
    letters: String,
    ends: Vec<usize>,
}

impl Tokens {
    fn push(&mut self, letters: impl IntoIterator<Item = char>) {
        self.letters.extend(letters);
        self.ends.push(self.letters.len());
    }
    fn push_joined<'p>(&mut self, parts: impl Iterator<Item = &'p str>) {
        self.letters.extend(parts);
        self.ends.push(self.letters.len());
    }

    /// Each once, apart by spaces.
    fn joined(&self) -> String {
        let mut start = 0;
        let mut tokens: Vec<&str> = Vec::with_capacity(self.ends.len());
        for end in &self.ends {
            tokens.push(&self.letters[start..*end]);
            start = *end;
        }
        tokens.sort_unstable();
        tokens.dedup();
        tokens.join(" ")
    }
}

/// The tokens under which texts are found, apart by spaces.
pub fn document<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut tokens = Tokens::default();
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
    tokens.joined()
}

fn endings(word: &[char], tokens: &mut Tokens) {
    let word = &word[..word.len().min(WORD_LIMIT)];
    tokens.push(word.iter().copied());
    for start in 1..word.len().saturating_sub(ENDING_MINIMUM - 1) {
        tokens.push(word[start..].iter().copied());
    }
}

fn chinese(run: &[char], tokens: &mut Tokens) {
    for letter in run {
        tokens.push([*letter]);
    }
    for pair in run.windows(2) {
        tokens.push(pair.iter().copied());
    }
    let run = &run[..run.len().min(WORD_LIMIT)];
    let syllables: Vec<Vec<&'static str>> = run.iter().map(|letter| syllables(*letter)).collect();
    for start in 0..run.len() {
        readings(&syllables[start..], tokens);
    }
}

/// The ways a character may be read.
fn syllables(letter: char) -> Vec<&'static str> {
    let mut syllables: Vec<&'static str> = letter.to_pinyin().map(|p| p.plain()).into_iter().collect();
    let others = letter.to_pinyin_multi().filter(|_| AMBIGUOUS.contains(letter));
    for other in others.into_iter().flatten() {
        if !syllables.contains(&other.plain()) {
            syllables.push(other.plain());
        }
    }
    syllables
}

/// The ways a run may be read, by initials and in full, as far as every character has a reading.
fn readings(run: &[Vec<&'static str>], tokens: &mut Tokens) {
    let mut count = 1;
    let mut read: Vec<&[&'static str]> = Vec::with_capacity(run.len());
    for syllables in run.iter().take_while(|syllables| !syllables.is_empty()) {
        let kept = if count * syllables.len() > READING_LIMIT { 1 } else { syllables.len() };
        count *= kept;
        read.push(&syllables[..kept]);
    }
    if read.is_empty() {
        return;
    }
    for number in 0..count {
        // The digits of `number`, to the base of each character's readings, choose one reading each.
        let chosen = || {
            read.iter().scan(number, |rest, syllables| {
                let syllable = syllables[*rest % syllables.len()];
                *rest /= syllables.len();
                Some(syllable)
            })
        };
        tokens.push(chosen().filter_map(|syllable| syllable.chars().next()));
        tokens.push_joined(chosen());
    }
}

/// The words and runs of Chinese in a text, lower case, without accents and punctuation.
pub fn words(text: &str) -> Vec<String> {
    runs(text).into_iter().map(|(_, run)| run.into_iter().collect()).collect()
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
    fn a_document_has_each_token_once_in_order() {
        let tokens = document(["AB ab", "重庆", "Ünï"].into_iter());
        // 重 reads chong, tong and zhong.
        let expected = "ab chongqing cq ni q qing tongqing tq uni zhongqing zq 庆 重 重庆";
        assert_eq!(tokens, expected);
    }

    #[test]
    fn readings_beyond_the_limit_are_left_out() {
        let ambiguous = "重".repeat(5);
        let read = document([ambiguous.as_str()].into_iter());
        let whole =
            read.split(' ').filter(|token| token.len() > "chongchongchongchong".len() && token.is_ascii());
        // Three readings of the first character; three of the second, too, would make nine.
        assert_eq!(whole.count(), 3);
        let unambiguous = document(["有限公司"].into_iter());
        assert!(unambiguous.contains("youxiangongsi") && !unambiguous.contains("gongci"), "{unambiguous}");
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
