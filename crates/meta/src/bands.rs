//! Bands of whole numbers: 1–9, 10–49, 50 and more.

use crate::{Label, label};

/// The first number of each band, ascending; what lies below the first is a band, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bands(pub &'static [i64]);

impl Bands {
    /// The number a band is known by, for any number in it: its first, or the last below all of them.
    pub fn of(self, number: i64) -> i64 {
        let first = self.0.iter().rev().find(|first| **first <= number);
        first.copied().unwrap_or_else(|| self.below())
    }

    fn below(self) -> i64 {
        self.0.first().map_or(i64::MIN, |first| first.saturating_sub(1))
    }

    /// The first number of the band `number` is in, and that of the next band.
    pub fn range(self, number: i64) -> (Option<i64>, Option<i64>) {
        let from = self.0.iter().rev().find(|first| **first <= number).copied();
        (from, self.0.iter().find(|first| **first > number).copied())
    }

    pub fn label(self, number: i64) -> Label {
        match self.range(number) {
            (Some(from), Some(next)) if from == next - 1 => label(grouped(from), grouped(from)),
            (Some(from), Some(next)) => {
                let text = format!("{}–{}", grouped(from), grouped(next - 1));
                label(text.clone(), text)
            }
            (Some(from), None) => {
                label(format!("{} or more", grouped(from)), format!("{} 及以上", grouped(from)))
            }
            (None, Some(next)) => {
                label(format!("Less than {}", grouped(next)), format!("不足 {}", grouped(next)))
            }
            (None, None) => label("Any number", "任意数值"),
        }
    }
}

/// `1,000`, as both languages write it.
fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_one_band_with_a_name() {
        let bands = Bands(&[1, 2, 10, 1_000]);
        for (number, of, range, en, zh) in [
            (i64::MIN, 0, (None, Some(1)), "Less than 1", "不足 1"),
            (0, 0, (None, Some(1)), "Less than 1", "不足 1"),
            (1, 1, (Some(1), Some(2)), "1", "1"),
            (9, 2, (Some(2), Some(10)), "2–9", "2–9"),
            (10, 10, (Some(10), Some(1_000)), "10–999", "10–999"),
            (i64::MAX, 1_000, (Some(1_000), None), "1,000 or more", "1,000 及以上"),
        ] {
            assert_eq!((bands.of(number), bands.range(number)), (of, range), "{number}");
            assert_eq!(bands.label(of), label(en, zh), "{number}");
            assert_eq!(bands.of(of), of, "a band is in itself");
        }
        assert_eq!((grouped(-1_234_567), grouped(999)), ("-1,234,567".into(), "999".into()));
    }
}
