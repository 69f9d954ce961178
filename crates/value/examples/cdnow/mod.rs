//! Reads CDNOW's files, which come with Fader & Hardie's notes and are not part of this repository.

use std::collections::BTreeMap;

use value::history::{Purchase, Summary};

/// 1997-09-30 in days since 1970-01-01, the end of the papers' calibration period.
pub const CALIBRATION_END: i32 = 10_134;

/// The customers of [`histories`] as they were at the end of the calibration period.
pub fn read(path: &str) -> Result<Vec<Summary>, Box<dyn std::error::Error>> {
    let known = |history: Vec<Purchase>| {
        let past: Vec<Purchase> = history.into_iter().filter(|p| p.day <= CALIBRATION_END).collect();
        Summary::of(&past)
    };
    Ok(histories(path)?.into_iter().filter_map(known).collect())
}

/// Reads either file: customer first, then yyyymmdd, CDs and dollars as the last three columns.
pub fn histories(path: &str) -> Result<Vec<Vec<Purchase>>, Box<dyn std::error::Error>> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let mut purchases: BTreeMap<String, Vec<Purchase>> = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let bad = || format!("{path}:{}: expected customer, yyyymmdd, CDs, dollars", number + 1);
        let words: Vec<&str> = line.split_whitespace().collect();
        let (Some(customer), [.., date, _, dollars]) = (words.first(), words.as_slice()) else {
            continue;
        };
        let Ok(date) = date.parse::<i32>() else {
            // The heading of the master file.
            continue;
        };
        let day = day(date);
        let units: f64 = dollars.parse().map_err(|_| bad())?;
        let amount = value::money::from_units(units);
        purchases.entry((*customer).to_owned()).or_default().push(Purchase { day, amount });
    }
    Ok(purchases.into_values().collect())
}

/// yyyymmdd → days since 1970-01-01 (proleptic Gregorian; H. Hinnant, "chrono-compatible low-level date algorithms").
fn day(yyyymmdd: i32) -> i32 {
    let (y, m, d) = (yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100);
    let y = if m <= 2 { y - 1 } else { y };
    let day_of_year = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
    let year_of_era = y % 400;
    y / 400 * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}
