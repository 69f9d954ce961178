//! Who customers are, who stays, who earns: profiling, persistency, profitability.

use super::{Board, Chart, List, ROWS, Shown};
use crate::{
    overview::Group,
    pages::{customer_table::customers, href},
    profitability::known::{self, counted, leaves},
    settings::{date_of, day_number},
    seven_p::{cuts::Measures, retention::YEAR_DAYS},
    weekday,
};
use engine::Result;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use value::money;
use web::Answer;

/// All of them but one class.
fn sum_of(groups: &BTreeMap<String, Group>, skip: &str) -> Group {
    let mut all = Group::default();
    for (_, group) in groups.iter().filter(|(class, _)| *class != skip) {
        all.customers += group.customers;
        all.net_sales = all.net_sales.saturating_add(group.net_sales);
    }
    all
}

impl Board<'_> {
    fn buyers_who(&self, condition: &str) -> String {
        let filter = format!("orders > 0 && {condition}{}", self.filter.of_accounts());
        href::sorted("account", &filter, "-net_sales")
    }

    /// Customers of each class under the filters.
    async fn standing(
        &self,
        class: &str,
        of_the_company: &BTreeMap<String, Group>,
    ) -> Result<BTreeMap<String, Group>> {
        if self.filter.of_accounts().is_empty() {
            return Ok(of_the_company.clone());
        }
        self.standing_here(class).await
    }

    async fn standing_here(&self, class: &str) -> Result<BTreeMap<String, Group>> {
        let found = self.cut.standing(class).await?.into_iter();
        let group = |one: Measures| Group { customers: one.accounts.unsigned_abs(), net_sales: one.sales };
        Ok(found.map(|(value, one)| (value, group(one))).collect())
    }

    fn group_bars(&self, field: &str, groups: &BTreeMap<String, Group>, skip: &str) -> Json {
        let choices = self.words.field(field).map(|field| field.choices().to_vec()).unwrap_or_default();
        let bars: Vec<Json> = choices
            .iter()
            .filter(|choice| choice.value != skip)
            .filter_map(|choice| {
                let group = groups.get(&choice.value)?;
                let of = self.filter.of_accounts();
                let filter = format!("orders > 0 && {field} == '{}'{of}", choice.value);
                Some(json!({
                    "label": choice.label.get(self.words.lang),
                    "value": group.customers,
                    "text": self.money(group.net_sales),
                    "color": choice.colour,
                    "href": href::sorted("account", &filter, "-net_sales"),
                }))
            })
            .collect();
        json!({ "unit": "count", "bars": bars })
    }

    async fn list(
        &self,
        title: &str,
        (filter, sort): (&str, &str),
        fields: &[&str],
        nobody: &str,
    ) -> Answer<List> {
        let filter = format!("{filter}{}", self.filter.of_accounts());
        Ok(List {
            title: self.t(&format!("seven.{title}"), &[]),
            first: self.words.t("value.customer", &[]),
            table: customers(self.words, self.session, (&filter, sort), fields, ROWS).await?,
            nobody: self.t(&format!("seven.{nobody}"), &[]),
        })
    }

    pub async fn profiling(&self) -> Answer<Shown> {
        let overview = &self.stored.overview;
        let importance = self.standing("importance", &overview.importance).await?;
        let by_quadrant = self.standing("value_quadrant", &overview.quadrants).await?;
        let vip = importance.get("vip").copied().unwrap_or_default();
        let all = sum_of(&importance, "");
        let finding = self.finding(
            "profiling_finding",
            &[
                ("vip", &self.words.count(vip.customers)),
                ("share", &self.share(vip.customers as i64, all.customers as i64)),
                ("sales", &self.share(vip.net_sales, all.net_sales)),
            ],
            vec![
                self.counted("buyers", all.customers),
                (self.words.label("net_sales"), self.money(all.net_sales)),
                (self.t("seven.of_vip", &[]), self.money(vip.net_sales)),
            ],
            ("customers", self.buyers_who("importance == 'vip'")),
        );
        let quadrants = self.group_bars("value_quadrant", &by_quadrant, "");
        let core = by_quadrant.get("core").map_or(0, |group| group.customers);
        let risky = "risk == 'high' && importance in ['vip', 'key']";
        let mut charts = vec![
            self.chart(
                "stages",
                "importance_title",
                &[
                    ("count", &self.words.count(vip.customers)),
                    ("share", &self.share(vip.net_sales, all.net_sales)),
                ],
                self.group_bars("importance", &importance, ""),
            ),
            self.chart("stages", "quadrants_title", &[("count", &self.words.count(core))], quadrants),
        ];
        charts.extend(self.weekdays().await?);
        let (habits, not_grouped) = self.habits().await?;
        charts.extend(habits);
        Ok(Shown {
            by_customer: true,
            cases: Some(self.counted("buyers", all.customers)),
            findings: vec![finding],
            notes: not_grouped.then(|| self.t("seven.groups_next_time", &[])).into_iter().collect(),
            charts,
            lists: vec![
                self.list(
                    "risky_list",
                    (risky, "-net_sales"),
                    &["risk", "importance", "net_sales", "stage", "last_order_on"],
                    "nobody_risky",
                )
                .await?,
                self.list(
                    "growing_list",
                    ("value_quadrant == 'growing'", "-clv_52w"),
                    &["clv_52w", "sales_52w", "stage", "last_order_on"],
                    "nobody_growing",
                )
                .await?,
            ],
            more: vec![self.link("more_overview", "/value"), self.link("more_groups", "/analysis/groups")],
            ..Shown::default()
        })
    }

    /// On which days of the week customers buy who keep to one; nothing where nobody does.
    async fn weekdays(&self) -> Result<Option<Chart>> {
        let days = self.standing_here(weekday::FIELD).await?;
        let keep = sum_of(&days, "").customers;
        let bars = self.group_bars(weekday::FIELD, &days, "");
        Ok((keep > 0)
            .then(|| self.chart("stages", "weekdays_title", &[("count", &self.words.count(keep))], bars)))
    }

    pub async fn persistency(&self) -> Answer<Shown> {
        let stages = self.standing("stage", &self.stored.overview.stages).await?;
        let count = |stage: &str| stages.get(stage).map_or(0, |group| group.customers);
        let weak = count("decline") + count("lost");
        let buyers = sum_of(&stages, "prospect").customers;
        let (mut findings, mut notes) = (vec![], vec![]);
        if let Some(retention) = &self.cut.retention().await? {
            let interval = |found: &value::proportion::Estimate| {
                let (low, high) = (self.words.whole_percent(found.low), self.words.whole_percent(found.high));
                format!("{low} – {high}")
            };
            // Who bought within certain weeks is no condition on customers: the orders are.
            let of_year = |ago: i32| {
                let until = day_number(self.days.until) - YEAR_DAYS * ago;
                let (after, until) = (date_of(until - YEAR_DAYS), date_of(until));
                let whose = format!(" && account != null{}", self.filter.of_documents());
                href::Days { after, until, ..self.days }.orders(&whose)
            };
            let bought_before = (self.t("seven.bought_before", &[]), self.words.count(retention.now.cases));
            findings.push(self.finding(
                "retention",
                &[
                    ("share", &self.words.whole_percent(retention.now.at)),
                    ("interval", &interval(&retention.now)),
                    ("count", &self.words.count(retention.now.cases)),
                ],
                vec![bought_before, (self.t("seven.interval_95", &[]), interval(&retention.now))],
                ("orders_before", of_year(1)),
            ));
            if let Some(before) = &retention.before {
                let clear = before.high < retention.now.low || retention.now.high < before.low;
                let key = if clear { "retention_before" } else { "retention_before_same" };
                let shown = self.words.whole_percent(before.at);
                findings.push(self.finding(
                    key,
                    &[("share", &shown), ("interval", &interval(before))],
                    vec![(self.t("seven.bought_before", &[]), self.words.count(before.cases))],
                    ("orders_before", of_year(2)),
                ));
            }
        } else {
            notes.push(self.t("seven.retention_unknown", &[]));
        }
        let (came_back, cohorts) = self.cohorts().await?;
        findings.extend(came_back);
        let (said, unsaid) = self.said().await?;
        findings.extend(said);
        notes.extend(unsaid);
        let falling = "importance in ['vip', 'key'] && stage == 'decline'";
        let loyal = "importance in ['vip', 'key'] && stage == 'stability'";
        Ok(Shown {
            by_customer: true,
            cases: Some(self.counted("buyers", buyers)),
            findings,
            notes,
            charts: [self.chart(
                "stages",
                "stages_title",
                &[("share", &self.share(weak as i64, buyers as i64))],
                self.group_bars("stage", &stages, "prospect"),
            )]
            .into_iter()
            .chain(cohorts)
            .collect(),
            lists: vec![
                self.list(
                    "falling_list",
                    (falling, "-net_sales"),
                    &["net_sales", "overdue", "p_alive", "p_churn_52w", "last_order_on"],
                    "nobody_falling",
                )
                .await?,
                self.list(
                    "loyal_list",
                    (loyal, "-net_sales"),
                    &["net_sales", "first_order_on", "orders", "p_alive"],
                    "nobody_loyal",
                )
                .await?,
                self.list(
                    "disloyal_list",
                    ("importance in ['vip', 'key'] && loyalty_emotional != null", "loyalty_index"),
                    &["loyalty_index", "loyalty_behavioural", "loyalty_emotional", "loyalty_cognitive"],
                    "nobody_indexed",
                )
                .await?,
            ],
            more: vec![
                self.link("more_alarms", "/value/alarms"),
                self.link("more_cycles", "/value/cycles"),
                self.link("more_satisfaction", "/value/satisfaction"),
            ],
            ..Shown::default()
        })
    }

    pub async fn profitability(&self) -> Answer<Shown> {
        let Some(found) = self.cut.profits().await? else {
            let none = if self.filter.of_accounts().is_empty() { "no_profit" } else { "no_profit_here" };
            // Sales are known whatever the goods cost.
            let largest = self.list(
                "largest_list",
                ("orders > 0", "-net_sales"),
                &["net_sales", "orders"],
                "nobody_bought",
            );
            return Ok(Shown {
                by_customer: true,
                notes: vec![self.t(&format!("seven.{none}"), &[])],
                lists: vec![largest.await?],
                more: vec![
                    self.link("more_products", "/product"),
                    self.link("more_profit", "/value/profitability"),
                ],
                ..Shown::default()
            });
        };
        let whale = &found.whale;
        let rests_on = vec![
            self.counted("buyers_known", whale.customers),
            (self.words.label("net_sales"), self.money(found.net_sales)),
            (self.words.label("contribution"), self.money(found.contribution)),
        ];
        let losing = known::losers(found.rated);
        let leaves_what = leaves(found.rated);
        let of = self.filter.of_accounts();
        let finding = if found.rated {
            self.finding(
                "profit_finding",
                &[
                    ("profit", &self.money(whale.total)),
                    ("share", &self.share(whale.total, found.net_sales)),
                    ("losers", &self.words.count(whale.losers)),
                    ("lost", &self.money(whale.lost.saturating_neg())),
                ],
                rests_on,
                ("losers", href::sorted("account", &format!("{losing}{of}"), leaves_what)),
            )
        } else {
            let whose = format!("{}{of}", counted(found.rated));
            let list = href::sorted("account", &whose, &format!("-{}", leaves(found.rated)));
            self.finding(
                "profit_unrated",
                &[("margin", &self.money(found.contribution))],
                rests_on,
                ("customers", list),
            )
        };
        let sort = format!("-{}", leaves(found.rated));
        let list = |filter: String| href::sorted("account", &format!("{filter}{of}"), &sort);
        let points: Vec<[f64; 2]> = whale.curve.iter().map(|point| [point.customers, point.profit]).collect();
        let winners = whale.winners as f64 / whale.customers.max(1) as f64;
        let what = self.words.label(if found.rated { "net_profit" } else { "margin" });
        let curve = json!({
            "points": points,
            "mark": {
                "x": winners, "y": money::to_units(whale.gained), "label": self.money(whale.gained),
                "href": list(known::winners(found.rated)),
            },
            "end": {
                "y": money::to_units(whale.total), "label": self.money(whale.total),
                "href": list(counted(found.rated)),
            },
            "x_label": self.words.t("value.share_of_customers", &[]),
            "y_label": self.words.t("profit.cumulative", &[("what", &what)]),
            "currency": self.words.currency,
        });
        let chart =
            self.chart("whale", "whale_title", &[("share", &self.words.whole_percent(winners))], curve);
        Ok(Shown {
            by_customer: true,
            cases: Some(self.counted("buyers_known", whale.customers)),
            findings: vec![finding],
            charts: vec![chart],
            lists: vec![
                self.list(
                    "losing_list",
                    (&losing, leaves_what),
                    if found.rated {
                        &["net_profit", "loss_cause", "net_sales", "cost_to_serve"]
                    } else {
                        &["contribution", "net_sales"]
                    },
                    "nobody_loses",
                )
                .await?,
            ],
            more: vec![self.link("more_profit", "/value/profitability")],
            ..Shown::default()
        })
    }
}
