//! Chinese public holidays, and the weekend days worked for them, as the General Office of the State Council announced them
//! (国务院办公厅关于部分节假日安排的通知, one notice each autumn for the year after; 2020 with the extension of 26 January). Compared
//! day by day with npm's `chinese-days` 1.5.7. To be continued when the next notice comes: until then the days after are those the
//! regulation grants ([`statutory`]), which are expected and not announced.

use super::statutory;
use chrono::Datelike;
use meta::{Label, NaiveDate, label};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holiday {
    NewYear,
    SpringFestival,
    Qingming,
    LabourDay,
    DragonBoat,
    MidAutumn,
    NationalDay,
}
use Holiday::*;

impl Holiday {
    pub const ALL: [Holiday; 7] =
        [NewYear, SpringFestival, Qingming, LabourDay, DragonBoat, MidAutumn, NationalDay];

    pub fn name(self) -> &'static str {
        match self {
            NewYear => "new_year",
            SpringFestival => "spring_festival",
            Qingming => "qingming",
            LabourDay => "labour_day",
            DragonBoat => "dragon_boat",
            MidAutumn => "mid_autumn",
            NationalDay => "national_day",
        }
    }

    pub fn label(self) -> Label {
        match self {
            NewYear => label("New Year's Day", "元旦"),
            SpringFestival => label("Spring Festival", "春节"),
            Qingming => label("Qingming Festival", "清明节"),
            LabourDay => label("Labour Day", "劳动节"),
            DragonBoat => label("Dragon Boat Festival", "端午节"),
            MidAutumn => label("Mid-Autumn Festival", "中秋节"),
            NationalDay => label("National Day", "国庆节"),
        }
    }
}

/// First and last day as `year_month_day`. Where two fall together it is the longer one's.
#[rustfmt::skip]
#[allow(clippy::inconsistent_digit_grouping, reason = "days are grouped as days")]
const HOLIDAYS: [(i32, i32, Holiday); 46] = [
    (2020_01_01, 2020_01_01, NewYear),
    (2020_01_24, 2020_02_02, SpringFestival),
    (2020_04_04, 2020_04_06, Qingming),
    (2020_05_01, 2020_05_05, LabourDay),
    (2020_06_25, 2020_06_27, DragonBoat),
    (2020_10_01, 2020_10_08, NationalDay),
    (2021_01_01, 2021_01_03, NewYear),
    (2021_02_11, 2021_02_17, SpringFestival),
    (2021_04_03, 2021_04_05, Qingming),
    (2021_05_01, 2021_05_05, LabourDay),
    (2021_06_12, 2021_06_14, DragonBoat),
    (2021_09_19, 2021_09_21, MidAutumn),
    (2021_10_01, 2021_10_07, NationalDay),
    (2022_01_01, 2022_01_03, NewYear),
    (2022_01_31, 2022_02_06, SpringFestival),
    (2022_04_03, 2022_04_05, Qingming),
    (2022_04_30, 2022_05_04, LabourDay),
    (2022_06_03, 2022_06_05, DragonBoat),
    (2022_09_10, 2022_09_12, MidAutumn),
    (2022_10_01, 2022_10_07, NationalDay),
    (2022_12_31, 2023_01_02, NewYear),
    (2023_01_21, 2023_01_27, SpringFestival),
    (2023_04_05, 2023_04_05, Qingming),
    (2023_04_29, 2023_05_03, LabourDay),
    (2023_06_22, 2023_06_24, DragonBoat),
    (2023_09_29, 2023_10_06, NationalDay),
    (2023_12_30, 2024_01_01, NewYear),
    (2024_02_10, 2024_02_17, SpringFestival),
    (2024_04_04, 2024_04_06, Qingming),
    (2024_05_01, 2024_05_05, LabourDay),
    (2024_06_08, 2024_06_10, DragonBoat),
    (2024_09_15, 2024_09_17, MidAutumn),
    (2024_10_01, 2024_10_07, NationalDay),
    (2025_01_01, 2025_01_01, NewYear),
    (2025_01_28, 2025_02_04, SpringFestival),
    (2025_04_04, 2025_04_06, Qingming),
    (2025_05_01, 2025_05_05, LabourDay),
    (2025_05_31, 2025_06_02, DragonBoat),
    (2025_10_01, 2025_10_08, NationalDay),
    (2026_01_01, 2026_01_03, NewYear),
    (2026_02_15, 2026_02_23, SpringFestival),
    (2026_04_04, 2026_04_06, Qingming),
    (2026_05_01, 2026_05_05, LabourDay),
    (2026_06_19, 2026_06_21, DragonBoat),
    (2026_09_25, 2026_09_27, MidAutumn),
    (2026_10_01, 2026_10_07, NationalDay),
];

/// The last year with a notice.
pub(crate) const LAST_ANNOUNCED: i32 = HOLIDAYS[HOLIDAYS.len() - 1].0 / 10_000;

/// Saturdays and Sundays that are worked.
#[rustfmt::skip]
#[allow(clippy::inconsistent_digit_grouping, reason = "days are grouped as days")]
const WORKED: [i32; 46] = [
    2020_01_19, 2020_04_26, 2020_05_09, 2020_06_28, 2020_09_27, 2020_10_10,
    2021_02_07, 2021_02_20, 2021_04_25, 2021_05_08, 2021_09_18, 2021_09_26, 2021_10_09,
    2022_01_29, 2022_01_30, 2022_04_02, 2022_04_24, 2022_05_07, 2022_10_08, 2022_10_09,
    2023_01_28, 2023_01_29, 2023_04_23, 2023_05_06, 2023_06_25, 2023_10_07, 2023_10_08,
    2024_02_04, 2024_02_18, 2024_04_07, 2024_04_28, 2024_05_11, 2024_09_14, 2024_09_29, 2024_10_12,
    2025_01_26, 2025_02_08, 2025_04_27, 2025_09_28, 2025_10_11,
    2026_01_04, 2026_02_14, 2026_02_28, 2026_05_09, 2026_09_20, 2026_10_10,
];

pub(super) fn day(number: i32) -> NaiveDate {
    let part = |part: i32| u32::try_from(part).unwrap_or_default();
    NaiveDate::from_ymd_opt(number / 10_000, part(number / 100 % 100), part(number % 100)).unwrap_or_default()
}

/// Whether a day's holiday is only expected, because its notice is not out yet.
pub(crate) fn is_expected(day: NaiveDate) -> bool {
    day.year() > LAST_ANNOUNCED
}

/// Every day off work for a holiday, announced and expected.
pub(crate) fn days_off() -> impl Iterator<Item = (NaiveDate, Holiday)> {
    announced().chain(statutory::days_off().filter(|(day, _)| is_expected(*day)))
}

/// The first day of the first year that is known.
fn first() -> NaiveDate {
    day(HOLIDAYS[0].0)
}

/// Of each holiday, the workdays it takes after one day, up to another: weekends would have been free without it. Always all holidays, in one
/// order; `None` where a part of the days lies before what is known.
pub fn workdays_off(after: NaiveDate, until: NaiveDate) -> Option<Vec<(Label, u32)>> {
    if after.succ_opt()? < first() {
        return None;
    }
    let within = days_off().filter(|(day, _)| *day > after && *day <= until && !statutory::is_weekend(*day));
    let off: Vec<Holiday> = within.map(|(_, holiday)| holiday).collect();
    let days = |holiday: Holiday| off.iter().filter(|other| **other == holiday).count() as u32;
    Some(Holiday::ALL.map(|holiday| (holiday.label(), days(holiday))).into())
}

fn announced() -> impl Iterator<Item = (NaiveDate, Holiday)> {
    HOLIDAYS.into_iter().flat_map(|(first, last, holiday)| {
        let last = day(last);
        day(first).iter_days().take_while(move |day| *day <= last).map(move |day| (day, holiday))
    })
}

pub(crate) fn worked() -> impl Iterator<Item = NaiveDate> {
    WORKED.into_iter().map(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::semantic::statutory::{YEARS, is_weekend};
    use std::collections::BTreeSet;

    #[test]
    fn only_weekend_days_are_worked_for_holidays_and_no_day_is_both() {
        let off: Vec<NaiveDate> = days_off().map(|(day, _)| day).collect();
        let days: BTreeSet<&NaiveDate> = off.iter().collect();
        assert_eq!(days.len(), off.len(), "a day is named twice");
        for day in worked() {
            assert!(is_weekend(day), "{day}");
            assert!(!days.contains(&day), "{day}");
        }
    }

    /// Eleven days by the law of 2013, thirteen by that of 2024; 2020 had two more. Moved weekends come on top and are worked
    /// elsewhere, so that every day of the table is counted here.
    #[test]
    fn every_year_has_the_days_off_the_law_grants() {
        for year in 2020..=YEARS.1 {
            let off = days_off().filter(|(day, _)| day.year() == year);
            let of_the_week = off.filter(|(day, _)| !is_weekend(*day)).count();
            let made_up = worked().filter(|day| day.year() == year).count();
            let granted = if (2021..2025).contains(&year) { 11 } else { 13 };
            assert_eq!(of_the_week - made_up, granted, "{year}");
        }
    }
    #[test]
    fn what_was_announced_stays_as_it_was_and_the_regulation_goes_on_after_it() {
        let (of_notices, all) = (announced().collect::<Vec<_>>(), days_off().collect::<Vec<_>>());
        assert_eq!(all[..of_notices.len()], of_notices);
        assert!(of_notices.iter().all(|(day, _)| !is_expected(*day)));
        let of_2026 = of_notices.iter().filter(|(day, _)| day.year() == 2026);
        assert_eq!(of_2026.count(), 33);
        let expected = &all[of_notices.len()..];
        assert!(expected.iter().all(|(day, _)| is_expected(*day)));
        assert_eq!(expected.first().map(|(day, _)| day.year()), Some(LAST_ANNOUNCED + 1));
        assert!(YEARS.0 <= LAST_ANNOUNCED + 1, "a year lies between");
        // No weekend is known to be worked.
        assert!(worked().all(|day| !is_expected(day)));
    }
}
