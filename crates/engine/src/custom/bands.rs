//! The bands of a whole number, as an administrator writes them: the first number of each.

use meta::{Label, label};

const BANDS_LIMIT: usize = 50;

/// None where nothing is written; what is wrong otherwise, with the remedy.
pub(super) fn bands(text: &str) -> Result<Vec<i64>, Label> {
    let words = text.split(|letter: char| letter.is_whitespace() || ",;，；、".contains(letter));
    let mut firsts: Vec<i64> = vec![];
    for word in words.filter(|word| !word.is_empty()) {
        let Ok(first) = word.parse() else {
            return Err(label(
                format!("“{word}” is no whole number: write the first number of each band, like 1, 10, 50"),
                format!("“{word}”不是整数：请填写每段的起始数值，如 1, 10, 50"),
            ));
        };
        if firsts.last().is_some_and(|last| *last >= first) {
            return Err(label(
                format!(
                    "{first} does not come after {}: write them from the smallest to the largest",
                    firsts[firsts.len() - 1]
                ),
                format!("{first} 应大于 {}：请从小到大填写", firsts[firsts.len() - 1]),
            ));
        }
        firsts.push(first);
    }
    if firsts.len() > BANDS_LIMIT {
        return Err(label(format!("at most {BANDS_LIMIT} bands"), format!("最多 {BANDS_LIMIT} 段")));
    }
    Ok(firsts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_first_numbers_in_order() {
        assert_eq!(bands("1, 10、50").unwrap(), [1, 10, 50]);
        assert_eq!(bands(" -5 0").unwrap(), [-5, 0]);
        assert_eq!(bands("").unwrap(), [0_i64; 0]);
        for wrong in ["a", "1, 1", "10, 1", "1.5"] {
            assert!(bands(wrong).is_err(), "{wrong}");
        }
    }
}
