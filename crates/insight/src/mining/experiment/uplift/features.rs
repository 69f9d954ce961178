//! What is known of a customer at the end of a day, of as many days before it whenever that is: the features of the propensity model that are not about one product
//! ([`crate::mining::propensity`]), and the commonest industries and regions one by one.

use crate::{
    mining::{
        accounts::{Profile, Profiles},
        lines::{self, Line, Sales, orders, products, within},
        propensity::RECENT_DAYS,
    },
    settings::day_number,
};
use meta::Id;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// Industries, and regions, that are features of their own: the commonest ones.
const EACH: usize = 5;
/// Of the customers that must be of one.
const FEWEST_SHARE: f64 = 0.05;
/// Features of everybody, of which the first are on a logarithmic scale.
pub const PLAIN: [&str; 6] = ["recency_days", "orders", "sales", "tenure_days", "products", "is_company"];
const LOGARITHMIC: usize = 5;

/// One feature: what it is of, and for an industry or region which.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    pub name: String,
    pub value: Option<String>,
}

impl Feature {
    /// Whether its mean is one of logarithms ln(1 + x).
    pub fn is_logarithmic(&self) -> bool {
        PLAIN[..LOGARITHMIC].contains(&self.name.as_str())
    }

    /// Whether it is so or not of a customer: its mean is a share.
    pub fn is_share(&self) -> bool {
        !self.is_logarithmic()
    }
}

/// How customers become rows of numbers, the same for those learned from and those told of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoder {
    industries: Vec<String>,
    regions: Vec<String>,
    /// Days that are looked back over. What is read reaches less far back from the day learned from than from the day told of, and who
    /// is looked at over more days would seem to know the company longer and to have bought more.
    window: i32,
}

impl Encoder {
    /// For those learned from by what was bought up to `day`.
    pub fn of(profiles: &Profiles, sales: &Sales, day: i32) -> Self {
        let commonest = |part: fn(&Profile) -> &Option<Arc<str>>| {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            for value in profiles.of.iter().filter_map(|profile| part(profile).as_deref()) {
                *counts.entry(value).or_default() += 1;
            }
            let fewest = FEWEST_SHARE * profiles.of.len() as f64;
            let mut common: Vec<(&str, usize)> =
                counts.into_iter().filter(|(_, count)| *count as f64 >= fewest).collect();
            common.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
            common.into_iter().take(EACH).map(|(value, _)| value.to_owned()).collect()
        };
        Encoder {
            industries: commonest(|profile| &profile.industry),
            regions: commonest(|profile| &profile.region),
            window: (day - day_number(lines::before(sales.until))).clamp(0, lines::DAYS),
        }
    }

    /// In the order of [`Self::rows`].
    pub fn features(&self) -> Vec<Feature> {
        let plain = PLAIN.iter().map(|name| Feature { name: (*name).to_owned(), value: None });
        let each = |name: &'static str, values: &[String]| {
            let of = |value: &String| Feature { name: name.to_owned(), value: Some(value.clone()) };
            values.iter().map(of).collect::<Vec<_>>()
        };
        plain.chain(each("industry", &self.industries)).chain(each("region", &self.regions)).collect()
    }

    /// A row for each of `accounts`, of whom `profiles` are, by what was bought up to `day`.
    pub fn rows(&self, accounts: &[Id], profiles: &Profiles, sales: &Sales, day: i32) -> Vec<Vec<f64>> {
        // Everybody in `sales` has bought, so that his lines stand at his number.
        let lines: Vec<&[Line]> = sales.by_account().map(|(_, lines)| lines).collect();
        let of = |account: &Id| match sales.accounts.binary_search(account) {
            Ok(number) => lines.get(number).copied().unwrap_or_default(),
            Err(_) => &[],
        };
        accounts
            .iter()
            .zip(&profiles.of)
            .map(|(account, profile)| self.row(of(account), profile, day))
            .collect()
    }

    fn row(&self, lines: &[Line], profile: &Profile, day: i32) -> Vec<f64> {
        let known = within(lines, day - self.window, day);
        let recent = within(known, day - RECENT_DAYS, day);
        // Who has not bought within the window, has not for at least as long.
        let last = known.last().map_or(day - self.window, |line| line.day);
        let first = known.first().map_or(day, |line| line.day);
        let is = |yes: bool| f64::from(u8::from(yes));
        let numbers = [
            f64::from(day - last),
            orders(recent) as f64,
            recent.iter().map(|line| line.amount).sum(),
            f64::from(day - first),
            products(known) as f64,
        ];
        let mut row: Vec<f64> = numbers.iter().map(|number: &f64| number.max(0.0).ln_1p()).collect();
        row.push(is(profile.company));
        row.extend(self.industries.iter().map(|one| is(profile.industry.as_deref() == Some(one))));
        row.extend(self.regions.iter().map(|one| is(profile.region.as_deref() == Some(one))));
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(region: &str) -> Profile {
        Profile { region: Some(region.into()), ..Profile::default() }
    }

    #[test]
    fn what_comes_after_the_day_is_not_known() {
        let line = |day, order| Line::new(Some(0), Some(order), order, day, 1.0, 50.0);
        let lines = [line(10, 0), line(90, 1), line(101, 2)];
        let encoder = Encoder { window: 730, ..Encoder::default() };
        let before = encoder.row(&lines[..2], &Profile::default(), 100);
        assert_eq!(encoder.row(&lines, &Profile::default(), 100), before);
        assert_eq!(before[..2], [10.0_f64.ln_1p(), 2.0_f64.ln_1p()]);
        let nobody = encoder.row(&[], &Profile::default(), 100);
        assert!(nobody.iter().all(|value| value.is_finite()) && nobody.len() == encoder.features().len());
    }

    #[test]
    fn whoever_is_told_of_is_looked_at_over_as_many_days_as_those_learned_from() {
        let until = "2026-04-12".parse().expect("a day");
        let sales = Sales { until, ..Sales::default() };
        let (today, nobody) = (day_number(until), Profiles { of: vec![], region_field: "province" });
        let of = |day| Encoder::of(&nobody, &sales, day);
        let encoder = of(today - 100);
        assert_eq!(encoder.window, lines::DAYS - 100);
        // Before the first line that is read, and after the last sale.
        assert_eq!([of(today - 2 * lines::DAYS).window, of(today + 9).window], [0, lines::DAYS]);

        let line = |day, product| Line::new(Some(0), Some(product), product, day, 1.0, 50.0);
        let row = |day: i32, ago: &[i32]| {
            let lines: Vec<Line> = (0..).zip(ago).map(|(product, ago)| line(day - ago, product)).collect();
            encoder.row(&lines, &Profile::default(), day)
        };
        // The same behaviour gives the same features on both days, though the older line is read on the later one alone.
        assert_eq!(row(today, &[lines::DAYS - 50, 400, 20]), row(today - 100, &[400, 20]));
        assert_eq!(row(today, &[lines::DAYS - 50]), row(today - 100, &[]));
    }

    #[test]
    fn common_regions_are_features_and_rare_ones_are_not() {
        let mut of = vec![profile("浙江"); 30];
        of.extend(vec![profile("四川"); 10]);
        of.push(profile("西藏"));
        let encoder = Encoder::of(&Profiles { of, region_field: "province" }, &Sales::default(), 0);
        assert_eq!(encoder.regions, ["浙江", "四川"]);
        let names = encoder.features();
        assert_eq!(names.len(), PLAIN.len() + 2);
        assert!(names[PLAIN.len()].is_share() && names[0].is_logarithmic());
        assert_eq!(encoder.row(&[], &profile("四川"), 5)[PLAIN.len()..], [0.0, 1.0]);
    }
}
