//! Which passwords are taken, after NIST SP 800-63B: long enough, and not to be guessed from lists of common passwords or
//! from what is known of the user. No rules on capitals and digits: they make passwords worse.

use engine::{Error, Result};

/// OWASP ASVS 2.1.1.
pub const PASSWORD_MINIMUM: usize = 12;
/// ASVS 2.1.2; longer input would only cost time.
const PASSWORD_MAXIMUM: usize = 128;
/// Guesses an attacker needs who knows the lists, as a power of ten.
const GUESSES_LOG10_MINIMUM: f64 = 8.0;
/// Looked at; each letter more costs time, and what is so far good stays good.
const LOOKED_AT: usize = 64;
/// Letters and digits besides the user's name and address.
const NEW_MINIMUM: usize = 6;
/// Shorter words are in every password by chance; two Chinese characters are six bytes.
const WORD_BYTES: usize = 3;
const OURS: [&str; 3] = ["zhike", "知客", "crm"];

/// `about` is what is known of the user: name, e-mail address.
pub fn check(password: &str, about: &[&str]) -> Result<()> {
    let length = password.chars().count();
    if !(PASSWORD_MINIMUM..=PASSWORD_MAXIMUM).contains(&length) {
        return Err(Error::rule(
            "password",
            format!("must have {PASSWORD_MINIMUM} to {PASSWORD_MAXIMUM} characters"),
            format!("密码长度应为 {PASSWORD_MINIMUM} 到 {PASSWORD_MAXIMUM} 个字符"),
        ));
    }
    let known: Vec<String> = about.iter().chain(&OURS).flat_map(|text| words(text)).collect();
    let looked_at: String = password.chars().take(LOOKED_AT).collect();
    let known_words: Vec<&str> = known.iter().map(String::as_str).collect();
    let guesses_log10 = zxcvbn::zxcvbn(&looked_at, &known_words).guesses_log10();
    if guesses_log10 < GUESSES_LOG10_MINIMUM || new_letters(password, &known) < NEW_MINIMUM {
        return Err(Error::rule(
            "password",
            "is too easy to guess: take several words that do not belong together, and not your name",
            "密码过于简单：请用几个互不相关的词组成，不要用姓名或常见密码",
        ));
    }
    Ok(())
}

/// The words of a name or an address, and all of it; the longest first.
fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let parts = text.split(|letter: char| !letter.is_alphanumeric()).chain([text.as_str()]);
    let mut words: Vec<String> = parts.filter(|part| part.len() >= WORD_BYTES).map(str::to_owned).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

/// Letters and digits that are not part of what is known.
fn new_letters(password: &str, known: &[String]) -> usize {
    let mut rest = password.to_lowercase();
    for word in known {
        rest = rest.replace(word.as_str(), " ");
    }
    rest.chars().filter(|letter| letter.is_alphanumeric()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_or_endless_password_is_refused() {
        assert!(check("tr0ub4dor&3", &[]).is_err());
        assert!(check(&"correct horse battery ".repeat(6), &[]).is_err());
        assert!(check("正确的马匹订书机电池组", &[]).is_err(), "eleven");
        assert!(check("正确的马匹订书机电池组合", &[]).is_ok());
    }

    #[test]
    fn a_password_of_the_lists_is_refused() {
        for common in ["password1234", "123456789012", "qwertyuiop123", "aaaaaaaaaaaaaaaa", "iloveyou2024"] {
            assert!(check(common, &[]).is_err(), "{common}");
        }
        assert!(check("correct horse battery", &[]).is_ok());
    }

    #[test]
    fn a_password_of_the_users_name_is_refused() {
        let about = ["Marianne Vandersteen", "marianne@vandersteen-fruit.example"];
        for own in [
            "Vandersteen2026",
            "marianne@vandersteen",
            "mariannevandersteen",
            "zhike-vandersteen",
            "vandersteen-12345",
        ] {
            assert!(check(own, &about).is_err(), "{own}");
        }
    }
}
