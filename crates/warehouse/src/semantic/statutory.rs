//! The days off of years whose notice is not out yet, as the regulation grants them: 全国年节及纪念日放假办法, as amended by Order 795 of the
//! State Council of 10 November 2024 (in force since 2025): New Year 1 day, Spring Festival 4 from New Year's Eve (除夕) on, Qingming 1,
//! Labour Day 2, Dragon Boat 1, Mid-Autumn 1, National Day 3. A day that falls on a weekend, or on another holiday, is given back on a
//! workday; which one is left to the notice, and taken here is the next, as notices do for a single day. Which further weekends will be
//! worked to make holidays longer nobody knows before the notice.

use super::holidays::{Holiday, day};
use chrono::{Datelike, Weekday};
use meta::NaiveDate;
use std::collections::BTreeMap;

/// Lunar New Year's Day, Qingming, Dragon Boat (5th of the 5th lunar month) and Mid-Autumn (15th of the 8th), as month and day of the year (206 is 6 February), by
/// the Chinese calendar (GB/T 33661-2017). Taken from PyPI's `lunardate` 0.3.0 (after the tables of the Hong Kong Observatory), the same
/// in `zhdate` 0.1; new moons and the solar term computed with `ephem` 4.2.1 in Beijing time fall on the same days.
#[rustfmt::skip]
const FESTIVALS: [(i32, [i32; 4]); 24] = [
    (2027, [206,  405,  609,  915]),
    (2028, [126,  404,  528, 1003]),
    (2029, [213,  404,  616,  922]),
    (2030, [203,  405,  605,  912]),
    (2031, [123,  405,  624, 1001]),
    (2032, [211,  404,  612,  919]),
    (2033, [131,  404,  601,  908]),
    (2034, [219,  405,  620,  927]),
    (2035, [208,  405,  610,  916]),
    (2036, [128,  404,  530, 1004]),
    (2037, [215,  404,  618,  924]),
    (2038, [204,  405,  607,  913]),
    (2039, [124,  405,  527, 1002]),
    (2040, [212,  404,  614,  920]),
    (2041, [201,  404,  603,  910]),
    (2042, [122,  404,  622,  928]),
    (2043, [210,  405,  611,  917]),
    (2044, [130,  404,  531, 1005]),
    (2045, [217,  404,  619,  925]),
    (2046, [206,  404,  608,  915]),
    (2047, [126,  405,  529, 1004]),
    (2048, [214,  404,  615,  922]),
    (2049, [202,  404,  604,  911]),
    (2050, [123,  404,  623,  930]),
];

/// The first year and the last.
#[cfg(test)]
pub(crate) const YEARS: (i32, i32) = (FESTIVALS[0].0, FESTIVALS[FESTIVALS.len() - 1].0);

/// Every expected day off, in order.
pub(crate) fn days_off() -> impl Iterator<Item = (NaiveDate, Holiday)> {
    FESTIVALS.iter().flat_map(|(year, festivals)| of_year(*year, *festivals))
}

fn of_year(year: i32, [spring, qingming, dragon_boat, mid_autumn]: [i32; 4]) -> BTreeMap<NaiveDate, Holiday> {
    let on = |month_day: i32| day(year * 10_000 + month_day);
    let eve = on(spring).pred_opt().unwrap_or_default();
    let mut off = BTreeMap::new();
    grant(&mut off, Holiday::NewYear, on(101), 1);
    grant(&mut off, Holiday::SpringFestival, eve, 4);
    grant(&mut off, Holiday::Qingming, on(qingming), 1);
    grant(&mut off, Holiday::LabourDay, on(501), 2);
    grant(&mut off, Holiday::DragonBoat, on(dragon_boat), 1);
    // Where Mid-Autumn falls into National Day it is a part of the longer one.
    grant(&mut off, Holiday::NationalDay, on(1001), 3);
    grant(&mut off, Holiday::MidAutumn, on(mid_autumn), 1);
    off
}

/// Gives `days` from `first` on, each that is off already given back on the next workday, with the weekend between.
fn grant(off: &mut BTreeMap<NaiveDate, Holiday>, holiday: Holiday, first: NaiveDate, days: usize) {
    let holiday = off.get(&first).copied().unwrap_or(holiday);
    let (mut given, mut owed) = (0, 0);
    for day in first.iter_days() {
        if given == days && owed == 0 {
            break;
        }
        let is_off = is_weekend(day) || off.contains_key(&day);
        if given < days {
            given += 1;
            owed += usize::from(is_off);
        } else if !is_off {
            owed -= 1;
        }
        off.entry(day).or_insert(holiday);
    }
}

pub(crate) fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(holiday: Holiday, year: i32) -> Vec<String> {
        let of = days_off().filter(|(day, found)| *found == holiday && day.year() == year);
        of.map(|(day, _)| day.to_string()).collect()
    }

    #[test]
    fn holidays_are_on_the_days_of_the_calendar() {
        // The first four days are the regulation's, the others are given back for Saturday and Sunday.
        assert_eq!(
            named(Holiday::SpringFestival, 2027),
            ["2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08", "2027-02-09", "2027-02-10"]
        );
        // From Tuesday to Friday.
        assert_eq!(
            named(Holiday::SpringFestival, 2028),
            ["2028-01-25", "2028-01-26", "2028-01-27", "2028-01-28"]
        );
        assert_eq!(named(Holiday::NewYear, 2027), ["2027-01-01"]);
        // A Saturday: Monday is off, too, and Sunday lies between.
        assert_eq!(named(Holiday::NewYear, 2028), ["2028-01-01", "2028-01-02", "2028-01-03"]);
        assert_eq!(named(Holiday::Qingming, 2027), ["2027-04-05"]);
        assert_eq!(named(Holiday::LabourDay, 2027), ["2027-05-01", "2027-05-02", "2027-05-03", "2027-05-04"]);
        assert_eq!(named(Holiday::DragonBoat, 2027), ["2027-06-09"]);
        assert_eq!(named(Holiday::MidAutumn, 2027), ["2027-09-15"]);
        assert_eq!(
            named(Holiday::NationalDay, 2027),
            ["2027-10-01", "2027-10-02", "2027-10-03", "2027-10-04", "2027-10-05"]
        );
        // Mid-Autumn on 3 October, and on the 1st: a day more for National Day, which is the longer one.
        for (year, last) in [(2028, "2028-10-05"), (2031, "2031-10-06")] {
            assert_eq!(named(Holiday::MidAutumn, year), [""; 0]);
            assert_eq!(named(Holiday::NationalDay, year).last().map(String::as_str), Some(last));
        }
    }

    #[test]
    fn every_year_has_the_thirteen_days_the_regulation_grants() {
        for year in YEARS.0..=YEARS.1 {
            let of_the_week = days_off().filter(|(day, _)| day.year() == year && !is_weekend(*day)).count();
            assert_eq!(of_the_week, 13, "{year}");
        }
        let years: Vec<i32> = FESTIVALS.iter().map(|(year, _)| *year).collect();
        assert_eq!(years, (YEARS.0..=YEARS.1).collect::<Vec<_>>());
    }

    /// The table against the calendar itself: lunar months begin with the new moon, by Meeus' mean lunation within 15 hours, and 清明 is
    /// 4 to 6 April.
    #[test]
    fn festivals_stand_where_the_moon_stands() {
        // A new moon on 2000-01-06, 18:14 UT, in days since 1970; Beijing is 8 hours ahead.
        let (epoch, month) = (10_962.0 + 18.23 / 24.0 + 8.0 / 24.0, 29.530_588_853);
        let age = |day: NaiveDate| {
            let noon = f64::from(crate::column::day_number(day)) + 0.5;
            (noon - epoch).rem_euclid(month)
        };
        for (year, [spring, qingming, dragon_boat, mid_autumn]) in FESTIVALS {
            let on = |month_day: i32| day(year * 10_000 + month_day);
            for (festival, days_after) in [(spring, 0.0), (dragon_boat, 4.0), (mid_autumn, 14.0)] {
                let off = (age(on(festival)) - days_after + month / 2.0).rem_euclid(month) - month / 2.0;
                assert!(off.abs() < 0.5 + 15.0 / 24.0, "{}: {off}", on(festival));
            }
            assert!((404..=406).contains(&qingming), "{year}");
            assert!((on(dragon_boat) - on(spring)).num_days() > 118, "{year}");
            assert!((121..=220).contains(&spring) && (827..=1008).contains(&mid_autumn), "{year}");
        }
    }
}
