//! Who comes, from where and of what kind, and whom to win first.

use super::{Board, Chart, List, ROWS, Shown, ranked};
use crate::{
    pages::{
        customer_table::{records, table},
        figure::Finding,
        href::{self, and, of_region},
    },
    seven_p::{
        cuts::Measures,
        read::{ByValue, sum},
    },
};
use mining::effect::SIGNIFICANCE;
use statrs::distribution::{ChiSquared, ContinuousCDF};
use value::proportion::{Estimate, share};
use web::Answer;

/// Accounts a source must have brought before prospects are put in order by it.
const FEWEST: u64 = 30;
/// Sources whose prospects are looked for.
const SOURCES: usize = 10;
const FIELDS: [&str; 3] = ["source", "relation", "city"];
/// Label, address, value and text of each.
type Bars = Vec<(String, Option<String>, i64, String)>;
/// Of those who have not bought.
const PROSPECTS: &str = "orders == 0";

/// Of how many accounts how many have bought by now.
fn converted(one: &Measures) -> Option<Estimate> {
    share(one.first_buyers.unsigned_abs(), one.accounts.unsigned_abs())
}

/// Sources by the lower end of the interval of what they convert, the highest first; `None` where no two of them have enough accounts.
/// And whether they differ by more than chance, the first from any other.
fn by_conversion(came: &ByValue) -> Option<(Vec<(&str, Estimate)>, bool)> {
    let mut sources: Vec<(&str, Estimate)> = came
        .iter()
        .filter(|(source, _)| !source.is_empty())
        .filter_map(|(source, one)| Some((source.as_str(), converted(one)?)))
        .filter(|(_, found)| found.cases >= FEWEST)
        .collect();
    sources.sort_by(|one, other| other.1.low.total_cmp(&one.1.low).then(one.0.cmp(other.0)));
    let (surest, _) = sources.split_first().filter(|(_, others)| !others.is_empty())?;
    let differ = sources.iter().any(|(_, found)| found.high < surest.1.low) && are_unlike(&sources);
    Some((sources, differ))
}

/// Whether what sources convert differs at all, by Pearson's chi-squared: of many, the best and the worst lie apart by chance alone.
fn are_unlike(sources: &[(&str, Estimate)]) -> bool {
    let cases = |one: &Estimate| one.cases as f64;
    let sum = |of: &dyn Fn(&Estimate) -> f64| sources.iter().map(|(_, one)| of(one)).sum::<f64>();
    let all = sum(&|one| one.at * cases(one)) / sum(&cases);
    let apart = sum(&|one| cases(one) * (one.at - all).powi(2)) / (all * (1.0 - all));
    ChiSquared::new((sources.len() - 1) as f64).is_ok_and(|chance| 1.0 - chance.cdf(apart) < SIGNIFICANCE)
}

impl Board<'_> {
    pub async fn prospecting(&self) -> Answer<Shown> {
        let months = self.cut.months("month").await?;
        let now = sum(&months, (self.filter.from, self.filter.until()));
        let before = sum(&months, (self.filter.before, self.filter.before_until()));
        let sources = self.cut.values("source").await?;
        let mut findings = vec![self.finding(
            "prospecting_finding",
            &[
                ("accounts", &self.words.count(now.accounts.unsigned_abs())),
                ("buyers", &self.words.count(now.first_buyers.unsigned_abs())),
                ("change", &self.change(now.first_buyers, before.first_buyers).unwrap_or("–".to_owned())),
            ],
            vec![self.period(), self.counted("year_before", before.first_buyers.unsigned_abs())],
            ("first_buyers", self.first_buyers("")),
        )];
        let best = ranked(&sources, |one| one.first_buyers);
        if let Some((source, measures)) = best.first().filter(|(_, one)| one.first_buyers > 0) {
            let behind = self.first_buyers(&and("source", source));
            let source = self.choice("account", "source", source);
            let count = self.words.count(measures.first_buyers.unsigned_abs());
            findings.push(self.finding(
                "best_source",
                &[("source", &source), ("count", &count)],
                vec![self.period(), self.counted("first_buyers", now.first_buyers.unsigned_abs())],
                ("first_buyers", behind),
            ));
        }
        let mut charts = vec![self.chart(
            "bars",
            "first_buyers_title",
            &[],
            self.months(&months, |one| one.first_buyers, "count"),
        )];
        charts.extend(self.kinds().await?);
        let (prospects, converting, note) = self.prospects().await?;
        findings.extend(converting);
        Ok(Shown {
            by_period: true,
            by_customer: true,
            cases: Some(self.counted("accounts_entered", now.accounts.unsigned_abs())),
            findings,
            notes: note.into_iter().collect(),
            charts,
            lists: vec![prospects],
            more: vec![
                self.link("more_came", &self.days.accounts_entered(self.filter.of_accounts().as_str())),
            ],
            ..Shown::default()
        })
    }

    /// Accounts that came in the period by source, and by relation and region unless the page is of one.
    async fn kinds(&self) -> Answer<Vec<Chart>> {
        let came = self.cut.values("came_by").await?;
        let bars =
            self.came(&came, |source| (self.choice("account", "source", source), and("source", source)));
        let mut kinds = vec![("came_source_title", bars)];
        if self.filter.relation.is_empty() {
            let came = self.cut.relations("came").await?;
            let bars = self.came(&came, |relation| {
                (self.choice("account", "relation", relation), and("relation", relation))
            });
            kinds.push(("came_relation_title", bars));
        }
        if self.filter.region.is_empty() {
            let came = self.cut.regions("came").await?;
            let bars = self.came(&came, |region| (region.to_owned(), of_region("", region)));
            kinds.push(("came_region_title", bars));
        }
        kinds.retain(|(_, bars)| !bars.is_empty());
        let chart =
            |(title, bars): (&'static str, Bars)| self.chart("stages", title, &[], self.bars(&bars, "count"));
        Ok(kinds.into_iter().map(chart).collect())
    }

    /// The most accounts first; `told` is what they are called, and the condition that finds them.
    fn came(&self, came: &ByValue, told: impl Fn(&str) -> (String, String)) -> Bars {
        let some = ranked(came, |one| one.accounts).into_iter().filter(|(_, one)| one.accounts > 0);
        some.map(|(kind, one)| {
            let (name, condition) = told(kind);
            let list = self.days.accounts_entered(&format!("{condition}{}", self.filter.of_accounts()));
            // How sure the share is stands with the bar, the share itself in its name, where it is read at once.
            let bought = self.converted(one);
            let share = self.share(one.first_buyers, one.accounts);
            let name = self.t("seven.came_name", &[("name", &name), ("share", &share)]);
            (name, Some(list), one.accounts, self.t("seven.came_bought", &[("share", &bought)]))
        })
        .collect()
    }

    /// With its interval.
    fn converted(&self, one: &Measures) -> String {
        self.words.share_between(one.first_buyers.unsigned_abs(), one.accounts.unsigned_abs())
    }

    /// Those who have not bought: of the source that converts most first where that is more than chance, else the newest; with what
    /// was found of sources, or why they are put in no order.
    async fn prospects(&self) -> Answer<(List, Option<Finding>, Option<String>)> {
        // Of all months that are kept: few come in one period, and who came lately had little time.
        let came = self.cut.standing("came_by").await?;
        let of = self.filter.of_accounts();
        let order = by_conversion(&came);
        let (sources, finding, why) = match &order {
            Some((sources, true)) => (&sources[..], sources.first().map(|best| self.converts(best)), None),
            Some((_, false)) => (&[][..], None, Some("sources_alike")),
            None => (&[][..], None, Some("sources_few")),
        };
        let newest = "-created_at";
        let mut listed = vec![];
        for (source, _) in sources.iter().take(SOURCES) {
            let missing = ROWS - listed.len();
            if missing == 0 {
                break;
            }
            let filter = format!("{PROSPECTS}{}{of}", and("source", source));
            listed.extend(records(self.words, self.session, (&filter, newest), &FIELDS, missing).await?);
        }
        let filter = format!("{PROSPECTS}{of}");
        if listed.len() < ROWS {
            let others = records(self.words, self.session, (&filter, newest), &FIELDS, ROWS + listed.len());
            for other in others.await? {
                if listed.len() < ROWS && listed.iter().all(|known| known.id != other.id) {
                    listed.push(other);
                }
            }
        }
        let everybody = href::sorted("account", &filter, newest);
        let mut prospects = table(self.words, self.session, &listed, &FIELDS, &filter, everybody).await?;
        let shares: Vec<String> = listed
            .iter()
            .map(|account| {
                let found = came.get(account.text("source")).filter(|one| {
                    !account.text("source").is_empty() && one.accounts.unsigned_abs() >= FEWEST
                });
                found.map(|one| self.converted(one)).unwrap_or_default()
            })
            .collect();
        prospects.tell(self.column("source_converts"), shares);
        let title = if why.is_none() { "prospects_by_source_list" } else { "prospects_list" };
        let list = List {
            title: self.t(&format!("seven.{title}"), &[]),
            first: self.words.t("value.customer", &[]),
            table: prospects,
            nobody: self.t("seven.nobody_prospect", &[]),
        };
        Ok((list, finding, why.map(|why| self.t(&format!("seven.{why}"), &[]))))
    }

    fn converts(&self, (source, found): &(&str, Estimate)) -> Finding {
        let [at, low, high] = [found.at, found.low, found.high].map(|share| self.words.percent(share));
        let interval = format!("{low} – {high}");
        let condition = format!("{PROSPECTS}{}{}", and("source", source), self.filter.of_accounts());
        self.finding(
            "source_converts",
            &[("source", source), ("share", &at), ("interval", &interval)],
            vec![
                self.counted("of_source_came", found.cases),
                (self.t("seven.interval_95", &[]), interval.clone()),
            ],
            ("prospects_of_source", href::sorted("account", &condition, "-created_at")),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(sources: &[(&str, i64, i64)]) -> ByValue {
        let of = |accounts, first_buyers| Measures { accounts, first_buyers, ..Measures::default() };
        sources
            .iter()
            .map(|(source, accounts, bought)| ((*source).to_owned(), of(*accounts, *bought)))
            .collect()
    }

    #[test]
    fn sources_are_put_in_order_by_what_they_surely_convert() {
        // 9 of 10 are too few to say; of 30 the interval reaches further down than of 300.
        let came = came(&[
            ("Web", 300, 30),
            ("Fair", 300, 150),
            ("Letter", 30, 16),
            ("Talk", 10, 9),
            ("", 400, 399),
        ]);
        let (sources, differ) = by_conversion(&came).unwrap();
        assert_eq!(sources.iter().map(|(source, _)| *source).collect::<Vec<_>>(), ["Fair", "Letter", "Web"]);
        assert!(differ);
    }

    #[test]
    fn without_a_clear_difference_or_enough_accounts_there_is_no_order() {
        let alike = came(&[("Web", 300, 100), ("Fair", 300, 104), ("Letter", 40, 9)]);
        assert!(!by_conversion(&alike).unwrap().1);
        assert_eq!(by_conversion(&came(&[("Web", 300, 100), ("Fair", 29, 28)])), None);
        assert_eq!(by_conversion(&came(&[("", 300, 100), ("Fair", 300, 28)])), None);
        assert_eq!(by_conversion(&ByValue::new()), None);
    }

    #[test]
    fn among_many_sources_the_best_and_the_worst_lie_apart_by_chance() {
        // 35 % to 54 % and 13 % to 29 %.
        let apart = [("Fair", 100, 44), ("Web", 100, 20)];
        assert!(by_conversion(&came(&apart)).unwrap().1);
        let names: Vec<String> = (0..18).map(|number| format!("Source {number}")).collect();
        let others = names.iter().map(|name| (name.as_str(), 100, 30));
        let many: Vec<_> = apart.into_iter().chain(others).collect();
        assert!(!by_conversion(&came(&many)).unwrap().1);
    }
}
