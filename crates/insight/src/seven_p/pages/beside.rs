//! What other pages found and belongs on one of the seven: groups of customers, what they say, what goes with what.

use super::{Board, Chart, Link, List, ROWS};
use crate::{
    mining::{baskets, group_names::Names, groups},
    pages::{
        figure::Finding,
        group_names,
        href::{self, of_region},
    },
    satisfaction::{self, enough, recent, sees_answers},
    seven_p::cuts::Measures,
};
use meta::Id;
use std::collections::BTreeMap;
use value::proportion::Estimate;
use web::Answer;

impl Board<'_> {
    /// Customers by how they buy, if they were grouped; and whether those under the filters were not counted by group yet, as long as
    /// a group is newer than what rests on the fit.
    pub(super) async fn habits(&self) -> Answer<(Option<Chart>, bool)> {
        let Some(kept) = groups::load(self.cut.engine).await? else { return Ok((None, false)) };
        let Ok(found) = &kept.body else { return Ok((None, false)) };
        let names = group_names(self.words, found, &Names::load(self.cut.engine).await?);
        let of = self.filter.of_accounts();
        let whole = |group: &groups::Group| (group.number.to_string(), group.profile.customers as i64);
        let mut counted: BTreeMap<String, i64> = found.groups.iter().map(whole).collect();
        if !of.is_empty() {
            // Numbers are not used again: one that nobody had when customers were counted is of a later group.
            let then = self.cut.standing_of_all(groups::FIELD).await?;
            if counted.keys().any(|number| !then.contains_key(number)) {
                return Ok((None, true));
            }
            let standing = self.cut.standing(groups::FIELD).await?;
            for (number, customers) in &mut counted {
                *customers = standing.get(number).map_or(0, |one| one.accounts);
            }
        }
        let all = counted.values().sum();
        let bars: Vec<_> = names
            .into_iter()
            .map(|(number, name)| {
                let customers = counted.get(&number.to_string()).copied().unwrap_or_default();
                let list =
                    href::sorted("account", &format!("{} == {number}{of}", groups::FIELD), "-net_sales");
                (name, Some(list), customers, self.share(customers, all))
            })
            .collect();
        let count = self.words.count(found.groups.len() as u64);
        let args = [("count", count.as_str()), ("as_of", &self.words.date(kept.as_of))];
        Ok((Some(self.chart("stages", "groups_title", &args, self.bars(&bars, "count"))), false))
    }

    /// What the customers under the filters say of us, or that they said nothing; neither for who may not see all answers.
    pub(super) async fn said(&self) -> Answer<(Option<Finding>, Option<String>)> {
        if !sees_answers(&self.session.actor) {
            return Ok((None, None));
        }
        let said = self.cut.said().await?.unwrap_or_default();
        let heard = &said.heard;
        let mean = heard.satisfaction.map(|c| c.at).or(heard.satisfaction_of_one);
        let Some(mean) = mean else { return Ok((None, Some(self.t("seven.nothing_said", &[])))) };
        let interval = |found: &Estimate, decimals: u32| {
            let [low, high] = [found.low, found.high].map(|number| self.words.fixed(number, decimals));
            format!("{low} – {high}")
        };
        let mut inputs = vec![self.counted("answers", heard.answers), self.counted("asked", heard.customers)];
        let behind = format!("{}{}", recent(self.filter.last), self.filter.of_documents());
        let answers = ("answers", href::sorted(satisfaction::ENTITY, &behind, "-asked_on"));
        let c = self.words.fixed(mean, 2);
        let Some(satisfaction) = enough(heard.satisfaction) else {
            let count = self.words.count(heard.satisfaction.map_or(1, |c| c.cases));
            let args = [("c", c.as_str()), ("count", &count)];
            return Ok((Some(self.finding("said_few", &args, inputs, answers)), None));
        };
        let mut args = vec![("c", c), ("interval", interval(&satisfaction, 2))];
        let loyalty = enough(said.loyalty);
        if let Some(loyalty) = &loyalty {
            args.push(("index", self.words.fixed(loyalty.at, 0)));
            args.push(("index_interval", interval(loyalty, 0)));
            inputs.push(self.counted("indexed", loyalty.cases));
        }
        let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let key = if loyalty.is_some() { "said" } else { "said_alone" };
        Ok((Some(self.finding(key, &args, inputs, answers)), None))
    }

    /// What is bought together, the strongest rules, and the first of them in words.
    pub(super) async fn bought_together(&self) -> Answer<(Option<Finding>, List)> {
        let kept = baskets::load(self.cut.engine).await?;
        let found = kept.as_ref().and_then(|kept| kept.body.as_ref().ok());
        let rules = found.map_or(&[][..], |found| &found.rules[..Ord::min(ROWS, found.rules.len())]);
        let id = |number: u32| found.and_then(|found| found.products.get(number as usize).copied());
        let named = rules.iter().flat_map(|rule| rule.if_bought.iter().chain([&rule.then]));
        let ids: Vec<(&str, Id)> = named.filter_map(|number| Some(("product", id(*number)?))).collect();
        let titles = self.cut.engine.titles(&self.session.actor, &ids).await?;
        let title = |number: u32| id(number).and_then(|id| titles.get(&id).cloned());
        let (mut rows, mut first) = (vec![], None);
        for rule in rules {
            let bought: Option<Vec<String>> = rule.if_bought.iter().map(|number| title(*number)).collect();
            let (Some(bought), Some(then), Some(product)) = (bought, title(rule.then), id(rule.then)) else {
                continue;
            };
            let (bought, href) = (bought.join(" + "), format!("/analysis/baskets?product={product}"));
            let both = self.words.count(u64::from(rule.both));
            let confidence = self.words.share_between(u64::from(rule.both), u64::from(rule.if_count));
            let lift = self.words.fixed(rule.lift(), 1);
            first.get_or_insert_with(|| {
                self.finding(
                    "together",
                    &[("bought", &bought), ("then", &then), ("share", &confidence), ("lift", &lift)],
                    vec![
                        (self.t("seven.column.both", &[]), both.clone()),
                        self.counted("baskets", u64::from(found.map_or(0, |found| found.baskets))),
                    ],
                    ("rules", href.clone()),
                )
            });
            rows.push((format!("{bought} → {then}"), href, vec![both, confidence, lift]));
        }
        let list = List {
            title: self.t("seven.together_list", &[]),
            first: self.t("seven.column.rule", &[]),
            table: self.table("together", &["both", "confidence", "lift"], rows, "/analysis/baskets"),
            nobody: self.t("seven.no_rules", &[]),
        };
        Ok((first, list))
    }

    /// Sales by region, unless the page is of one.
    pub(super) async fn regions(&self, all: &Measures) -> Answer<Option<Chart>> {
        if !self.filter.region.is_empty() {
            return Ok(None);
        }
        let sold = self.cut.regions("month").await?;
        let bars: Vec<_> = super::ranked(&sold, |one| one.sales)
            .into_iter()
            .filter(|(_, one)| one.sales > 0)
            .map(|(region, one)| {
                let orders = self.orders(&of_region("account.", region));
                (region.clone(), Some(orders), one.sales, self.share(one.sales, all.sales))
            })
            .collect();
        Ok((!bars.is_empty()).then(|| self.chart("stages", "regions_title", &[], self.bars(&bars, "money"))))
    }

    /// The same days and customers in the explorer, by province.
    pub(super) fn explorer(&self) -> Link {
        let whose = self.filter.of_documents();
        let href = format!(
            "/analysis/explore?m=net_sales&m=orders&m=margin_rate&r=account.province&period=between&from={}&to={}&filter={}",
            self.filter.from,
            self.filter.last,
            web::encode(whose.trim_start_matches(" && ")),
        );
        self.link("more_explore", &href)
    }
}
