//! What each of the seven pages shows.

mod beside;
mod cohorts;
mod customers;
pub mod drawn;
mod effects;
mod experiments;
mod fallen;
mod prospecting;
mod sales;

use super::{
    cuts::Measures,
    filter::{Filter, year_before},
    read::{ByMonth, Cut, sum},
};
use crate::{
    facts::day_before,
    holidays::uneven,
    pages::{
        customer_table::{Cell, Column, CustomerTable, Row, id_of},
        figure::{Definition, Explain, Finding, Input},
        href,
        words::Words,
    },
    store::StoredModel,
};
use engine::Result;
use meta::{Id, NaiveDate};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use value::money;
use web::Session;

/// Bars of a chart.
const BARS: usize = 10;
/// Rows of a list.
const ROWS: usize = 10;

pub struct Board<'a> {
    pub words: &'a Words<'a>,
    pub session: &'a Session,
    pub filter: &'a Filter,
    pub cut: &'a Cut<'a>,
    pub stored: &'a StoredModel,
    /// The days of the period.
    pub days: href::Days<'a>,
    pub as_of: String,
}

#[derive(Default, Serialize)]
pub struct Shown {
    /// Whether period, and whether relation and region hold here.
    pub by_period: bool,
    pub by_customer: bool,
    /// How many the charts are of: what they count, and its number.
    pub cases: Option<(String, String)>,
    /// What was found, in words: the first is the answer.
    pub findings: Vec<Finding>,
    /// What else to know of the page; no figures.
    pub notes: Vec<String>,
    pub charts: Vec<Chart>,
    pub lists: Vec<List>,
    /// Where to look further.
    pub more: Vec<Link>,
    /// What the charts are of: period, relation, region.
    pub inputs: Vec<Input>,
}

#[derive(Serialize)]
pub struct Chart {
    pub kind: &'static str,
    pub title: String,
    pub data: Json,
    pub id: &'static str,
    /// What its title states.
    pub defined: Definition,
}

#[derive(Serialize)]
pub struct List {
    pub title: String,
    /// The heading of the first column.
    pub first: String,
    pub table: CustomerTable,
    pub nobody: String,
}

#[derive(Serialize)]
pub struct Link {
    pub label: String,
    pub href: String,
}

impl Board<'_> {
    fn t(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.words.t(key, args)
    }

    fn link(&self, key: &str, href: &str) -> Link {
        Link { label: self.t(&format!("seven.{key}"), &[]), href: href.to_owned() }
    }

    /// A chart whose words are `seven.{key}` and `seven.{key}.is`.
    fn chart(&self, kind: &'static str, key: &'static str, args: &[(&str, &str)], data: Json) -> Chart {
        let title = self.t(&format!("seven.{key}"), args);
        let defined = Definition::new(title.clone(), self.words.meaning(&format!("seven.{key}.is"), args));
        Chart { kind, title, data, id: key, defined }
    }

    /// A finding in the words `seven.{key}`, which mean `seven.{key}.is`; what it rests on, and the list behind it, called
    /// `seven.list.{behind}`.
    fn finding(
        &self,
        key: &str,
        args: &[(&str, &str)],
        inputs: Vec<(String, String)>,
        (behind, href): (&str, String),
    ) -> Finding {
        let mut explain =
            Explain::new(self.words.meaning(&format!("seven.{key}.is"), &[]), self.as_of.clone());
        for (label, value) in inputs {
            explain = explain.input(label, value);
        }
        explain = explain.source(href, self.t(&format!("seven.list.{behind}"), &[]));
        Finding { text: self.t(&format!("seven.{key}"), args), explain }
    }

    /// What the charts of a page are of.
    pub fn inputs(&self, shown: &Shown) -> Vec<Input> {
        let mut inputs = vec![];
        if shown.by_period {
            let (label, value) = self.period();
            inputs.push(Input { label, value });
        }
        if shown.by_customer {
            let relation = match self.filter.relation.as_str() {
                "" => self.t("seven.all_relations", &[]),
                relation => self.choice("account", "relation", relation),
            };
            let region = match self.filter.region.as_str() {
                "" => self.t("seven.all_regions", &[]),
                region => region.to_owned(),
            };
            inputs.push(Input { label: self.t("seven.relation", &[]), value: relation });
            inputs.push(Input { label: self.t("seven.region", &[]), value: region });
        }
        inputs.extend(shown.cases.clone().map(|(label, value)| Input { label, value }));
        inputs
    }

    /// The days a page is about, for findings and charts.
    fn period(&self) -> (String, String) {
        (self.t("seven.period", &[]), self.span(self.filter.from, self.filter.last))
    }

    fn span(&self, from: NaiveDate, last: NaiveDate) -> String {
        format!("{} – {}", self.words.date(from), self.words.date(last))
    }

    /// Which days are looked at, and which they are compared with.
    pub fn compared(&self) -> String {
        let (_, days) = self.period();
        if !self.filter.is_compared() {
            return self.t("seven.days", &[("days", &days)]);
        }
        let before = self.span(self.filter.before, day_before(self.filter.before_until()));
        let stretch = |from, until| (day_before(from), day_before(until));
        let now = stretch(self.filter.from, self.filter.until());
        let differ = uneven(now, stretch(self.filter.before, self.filter.before_until()));
        let differ = differ.iter().map(|one| {
            let [now, before] = [one.now, one.before].map(|days| days.to_string());
            let holiday = one.holiday.get(self.words.lang);
            self.t("seven.holidays_differ", &[("holiday", holiday), ("now", &now), ("before", &before)])
        });
        let compared = self.t("seven.days_compared", &[("days", &days), ("before", &before)]);
        [compared].into_iter().chain(differ).collect::<Vec<_>>().join(" ")
    }

    fn counted(&self, key: &str, number: u64) -> (String, String) {
        (self.t(&format!("seven.{key}"), &[]), self.words.count(number))
    }

    /// The orders of the period behind a figure, by a condition more.
    fn orders(&self, more: &str) -> String {
        self.days.orders(&format!("{more}{}", self.filter.of_documents()))
    }

    fn returns(&self, more: &str) -> String {
        self.days.returns(&format!("{more}{}", self.filter.of_documents()))
    }

    fn first_buyers(&self, more: &str) -> String {
        self.days.first_buyers(&format!("{more}{}", self.filter.of_accounts()))
    }

    fn money(&self, ten_thousandths: i64) -> String {
        self.words.whole_amount(ten_thousandths)
    }

    /// `+12%` or `−8%` against before; nothing if there was none.
    fn change(&self, now: i64, before: i64) -> Option<String> {
        (before > 0 && self.filter.is_compared()).then(|| {
            let change = now as f64 / before as f64 - 1.0;
            let sign = if change < 0.0 { "−" } else { "+" };
            format!("{sign}{}", self.words.whole_percent(change.abs()))
        })
    }

    fn share(&self, part: i64, whole: i64) -> String {
        if whole > 0 { self.words.whole_percent(part as f64 / whole as f64) } else { "–".to_owned() }
    }

    /// A measure by month against the same days a year earlier.
    fn months(&self, months: &ByMonth, of: fn(&Measures) -> i64, unit: &str) -> Json {
        let scale = if unit == "money" { money::SCALE as f64 } else { 1.0 };
        let between = |from, until| of(&sum(months, (from, until))) as f64 / scale;
        let (mut labels, mut now, mut before) = (vec![], vec![], vec![]);
        let mut month = self.filter.from;
        while month <= self.filter.last {
            let Some(next) = month.checked_add_months(chrono::Months::new(1)) else { break };
            labels.push(month.format("%Y-%m").to_string());
            now.push(between(month, next));
            before.push(between(year_before(month), Ord::min(year_before(next), self.filter.before_until())));
            month = next;
        }
        let mut series = vec![json!({ "name": self.t("seven.this_period", &[]), "values": now })];
        // Over more than a year the year before is in the line itself.
        if self.filter.is_compared() {
            series.push(json!({ "name": self.t("seven.year_before", &[]), "values": before }));
        }
        json!({ "categories": labels, "series": series, "unit": unit, "currency": self.words.currency })
    }

    /// The largest values as bars.
    fn bars(&self, values: &[(String, Option<String>, i64, String)], unit: &str) -> Json {
        let scale = if unit == "money" { money::SCALE as f64 } else { 1.0 };
        let bars: Vec<Json> = values
            .iter()
            .take(BARS)
            .map(|(label, href, value, text)| {
                json!({ "label": label, "value": *value as f64 / scale, "text": text, "href": href })
            })
            .collect();
        json!({ "unit": unit, "currency": self.words.currency, "bars": bars })
    }

    async fn titles(
        &self,
        entity: &str,
        values: impl Iterator<Item = &String>,
    ) -> Result<HashMap<String, String>> {
        let ids: Vec<(&str, Id)> = values.filter_map(|value| Some((entity, value.parse().ok()?))).collect();
        let titles = self.cut.engine.titles(&self.session.actor, &ids).await?;
        Ok(titles.into_iter().map(|(id, title)| (id.to_string(), title)).collect())
    }

    /// A choice's word in the reader's language.
    fn choice(&self, entity: &str, field: &str, value: &str) -> String {
        let found = self.words.registry().entity(entity).ok().and_then(|entity| entity.get(field));
        let choice = found.and_then(|field| field.choices().iter().find(|choice| choice.value == value));
        match choice {
            Some(choice) => choice.label.get(self.words.lang).to_owned(),
            None if value.is_empty() => self.t("seven.not_given", &[]),
            None => value.to_owned(),
        }
    }

    /// A column of numbers by its words.
    fn column(&self, key: &str) -> Column {
        let label = self.t(&format!("seven.column.{key}"), &[]);
        Column::new(label, true, self.words.meaning(&format!("seven.column.{key}.is"), &[]))
    }

    /// Columns by their words, `seven.column.{key}` and what they mean, `seven.column.{key}.is`.
    fn table(
        &self,
        id: &str,
        columns: &[&str],
        rows: Vec<(String, String, Vec<String>)>,
        href: &str,
    ) -> CustomerTable {
        let cell = |text: String| Cell { text, colour: None };
        CustomerTable {
            id: id_of(id),
            as_of: self.as_of.clone(),
            columns: columns.iter().map(|key| self.column(key)).collect(),
            rows: rows
                .into_iter()
                .map(|(name, href, cells)| Row { name, href, cells: cells.into_iter().map(cell).collect() })
                .collect(),
            href: href.to_owned(),
            try_href: None,
        }
    }
}

/// The largest first, by `of`.
fn ranked(values: &super::read::ByValue, of: fn(&Measures) -> i64) -> Vec<(&String, &Measures)> {
    let mut all: Vec<(&String, &Measures)> = values.iter().collect();
    all.sort_by(|a, b| of(b.1).cmp(&of(a.1)).then(a.0.cmp(b.0)));
    all
}
