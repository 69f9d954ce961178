//! A question as it is looked at: what stands in rows and columns, as which chart. It is wholly in the address, so that it can be
//! shared, saved and gone back to.

use engine::Error;
use meta::{Id, Problem};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value as Json, json};
use warehouse::semantic::{Cut, DimensionKind, Model, Period, Question, Sort, Within};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chart {
    /// A line over time, bars for everything else.
    #[default]
    Auto,
    Table,
    Bar,
    Line,
    Heat,
    Treemap,
    Map,
}

impl Chart {
    pub const ALL: [Chart; 7] =
        [Chart::Auto, Chart::Table, Chart::Bar, Chart::Line, Chart::Heat, Chart::Treemap, Chart::Map];

    pub fn name(self) -> &'static str {
        match self {
            Chart::Auto => "auto",
            Chart::Table => "table",
            Chart::Bar => "bar",
            Chart::Line => "line",
            Chart::Heat => "heat",
            Chart::Treemap => "treemap",
            Chart::Map => "map",
        }
    }
    pub fn parse(text: &str) -> Option<Chart> {
        Chart::ALL.into_iter().find(|chart| chart.name() == text)
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    pub question: Question,
    /// So many of the cuts, the last ones, are columns.
    pub across: usize,
    pub chart: Chart,
    /// The saved question it was opened from.
    pub saved: Option<Id>,
}

/// The name of a period whose days are given.
pub const BETWEEN: &str = "between";

/// What is said of a field of the form.
pub type Found = Vec<(&'static str, Error)>;

impl View {
    /// From the parameters of an address. What cannot be read is left out and said.
    pub fn read(pairs: &[(String, String)]) -> (View, Found) {
        let (mut view, mut found) = (View::default(), vec![]);
        let (mut rows, mut columns, mut days) = (vec![], vec![], (String::new(), String::new()));
        let mut period = String::new();
        for (name, text) in pairs.iter().filter(|(_, text)| !text.is_empty()) {
            let question = &mut view.question;
            match name.as_str() {
                "m" if !question.measures.contains(text) => question.measures.push(text.clone()),
                "r" => rows.extend(cut("cuts", text, &mut found)),
                "c" => columns.extend(cut("cuts", text, &mut found)),
                "w" => question.within.extend(within(text, &mut found)),
                "filter" => question.filter = text.trim().to_owned(),
                "period" => period = text.clone(),
                "from" => days.0 = text.clone(),
                "to" => days.1 = text.clone(),
                "compare" => question.compare = word("compare", text, &["previous", "last_year"], &mut found),
                "top" => match text.trim().parse() {
                    Ok(top) => question.top = Some(top),
                    Err(_) => found
                        .push(("top", Error::invalid("top", Problem::NotAnInteger { given: text.clone() }))),
                },
                "share" => question.share = true,
                "running" => question.running = true,
                "sort" => {
                    let (by, descending) =
                        text.strip_prefix('-').map_or((text.as_str(), false), |by| (by, true));
                    question.sort = Some(Sort { by: by.to_owned(), descending });
                }
                "chart" => match Chart::parse(text) {
                    Some(chart) => view.chart = chart,
                    None => found.push(("chart", not_a_choice("chart", text, &Chart::ALL.map(Chart::name)))),
                },
                "saved" => view.saved = text.parse().ok(),
                _ => {}
            }
        }
        view.question.period = read_period(&period, &days, &mut found);
        if view.question.period.is_none() {
            view.question.compare = None;
        }
        columns.retain(|cut: &Cut| rows.iter().all(|row: &Cut| row != cut));
        view.across = columns.len();
        view.question.cuts = rows.into_iter().chain(columns).collect();
        (view, found)
    }

    pub fn rows(&self) -> &[Cut] {
        &self.question.cuts[..self.question.cuts.len() - self.across.min(self.question.cuts.len())]
    }

    pub fn columns(&self) -> &[Cut] {
        &self.question.cuts[self.rows().len()..]
    }

    pub fn set(&mut self, rows: Vec<Cut>, columns: Vec<Cut>) {
        self.across = columns.len();
        self.question.cuts = rows.into_iter().chain(columns).collect();
    }

    /// The parameters of its address.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let question = &self.question;
        let mut pairs: Vec<(&'static str, String)> = vec![];
        pairs.extend(question.measures.iter().map(|name| ("m", name.clone())));
        pairs.extend(self.rows().iter().map(|cut| ("r", written(cut))));
        pairs.extend(self.columns().iter().map(|cut| ("c", written(cut))));
        match question.period {
            Some(Period::Named { named }) => pairs.push(("period", plain(&named))),
            Some(Period::Between { from, to }) => {
                pairs.push(("period", BETWEEN.to_owned()));
                pairs.extend([("from", from.to_string()), ("to", to.to_string())]);
            }
            None => {}
        }
        pairs.extend(question.compare.map(|compare| ("compare", plain(&compare))));
        if !question.filter.is_empty() {
            pairs.push(("filter", question.filter.clone()));
        }
        pairs.extend(question.top.map(|top| ("top", top.to_string())));
        pairs.extend(question.share.then(|| ("share", "1".to_owned())));
        pairs.extend(question.running.then(|| ("running", "1".to_owned())));
        pairs.extend(
            question
                .sort
                .as_ref()
                .map(|sort| ("sort", format!("{}{}", if sort.descending { "-" } else { "" }, sort.by))),
        );
        pairs.extend(question.within.iter().map(|within| ("w", written_within(within))));
        if self.chart != Chart::Auto {
            pairs.push(("chart", self.chart.name().to_owned()));
        }
        pairs.extend(self.saved.map(|id| ("saved", id.to_string())));
        pairs
    }

    /// `m=net_sales&r=day%3Amonth`
    pub fn query(&self) -> String {
        let pairs = self.pairs();
        let parts: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={}", web::encode(value))).collect();
        parts.join("&")
    }

    pub fn href(&self) -> String {
        let query = self.query();
        if query.is_empty() { super::PATH.to_owned() } else { format!("{}?{query}", super::PATH) }
    }

    /// The question as it is asked: what has no order of its own stands with the largest first.
    pub fn asked(&self, model: &Model) -> Question {
        let mut question = self.question.clone();
        let ordered = |cut: &Cut| {
            let mut all = model.dimensions.values().flatten();
            let known = all.find(|known| known.name == cut.dimension);
            known.is_some_and(|known| {
                matches!(known.kind, DimensionKind::Date | DimensionKind::Number | DimensionKind::Bands(_))
            })
        };
        if let (None, Some(first)) = (&question.sort, question.cuts.first())
            && !ordered(first)
        {
            let by = question.measures.first().cloned().unwrap_or_default();
            question.sort = Some(Sort { by, descending: true });
        }
        question
    }

    /// As it is kept in a saved question.
    pub fn kept(&self) -> Json {
        json!({ "question": self.question, "across": self.across, "chart": self.chart })
    }

    /// Refuses, on `definition`, what is no view.
    pub fn of_kept(kept: &Json) -> engine::Result<View> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Kept {
            #[serde(default)]
            question: Question,
            #[serde(default)]
            across: usize,
            #[serde(default)]
            chart: Chart,
        }
        if kept.is_null() {
            return Ok(View::default());
        }
        let kept: Kept = serde_json::from_value(kept.clone()).map_err(|error| {
            Error::rule(
                "definition",
                format!("is no question: {error}"),
                format!("不是有效的分析问题：{error}"),
            )
        })?;
        let across = kept.across.min(kept.question.cuts.len());
        Ok(View { question: kept.question, across, chart: kept.chart, saved: None })
    }
}

fn read_period(name: &str, days: &(String, String), found: &mut Found) -> Option<Period> {
    if name.is_empty() {
        return None;
    }
    if name != BETWEEN {
        let names: Vec<String> = warehouse::semantic::Named::ALL.iter().map(plain).collect();
        let known: Vec<&str> = names.iter().map(String::as_str).chain([BETWEEN]).collect();
        return word("period", name, &known, found).map(|named| Period::Named { named });
    }
    let mut day = |field: &'static str, text: &str| {
        let parsed = text.parse();
        if parsed.is_err() && !text.is_empty() {
            found.push((field, Error::invalid(field, Problem::NotADate { given: text.to_owned() })));
        }
        parsed.ok()
    };
    let (from, to) = (day("from", &days.0), day("to", &days.1));
    Some(Period::Between { from: from?, to: to? })
}

/// How serde writes a word of the question's vocabulary.
pub fn plain(value: &impl Serialize) -> String {
    match json!(value) {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

fn not_a_choice(field: &str, given: &str, allowed: &[&str]) -> Error {
    let allowed = allowed.iter().map(|word| (*word).to_owned()).collect();
    Error::invalid(field, Problem::NotAChoice { given: given.to_owned(), allowed })
}

fn word<T: DeserializeOwned>(
    field: &'static str,
    text: &str,
    allowed: &[&str],
    found: &mut Found,
) -> Option<T> {
    let known = serde_json::from_value(json!(text)).ok();
    if known.is_none() {
        found.push((field, not_a_choice(field, text, allowed)));
    }
    known
}

/// `day:month`
pub fn written(cut: &Cut) -> String {
    match cut.level {
        Some(level) => format!("{}:{}", cut.dimension, level.name()),
        None => cut.dimension.clone(),
    }
}

fn cut(field: &'static str, text: &str, found: &mut Found) -> Option<Cut> {
    let Some((dimension, level)) = text.split_once(':') else { return Some(Cut::new(text, None)) };
    let names = warehouse::semantic::Level::ALL.map(|level| level.name());
    let level = word(field, level, &names, found)?;
    Some(Cut::new(dimension, Some(level)))
}

/// `account.province="山东"`
pub fn written_within(within: &Within) -> String {
    format!("{}={}", written(&within.cut()), within.value)
}

pub fn within(text: &str, found: &mut Found) -> Option<Within> {
    let mut wrong = || {
        let error = Error::rule(
            "within",
            format!("{text} cannot be read: write it like account.province=\"Shandong\""),
            format!("{text} 无法识别，请写成 account.province=\"山东\" 这样"),
        );
        found.push(("within", error));
    };
    let Some((place, value)) = text.split_once('=') else {
        wrong();
        return None;
    };
    let Ok(value) = serde_json::from_str(value) else {
        wrong();
        return None;
    };
    let Cut { dimension, level } = cut("within", place, found)?;
    Some(Within { dimension, level, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> (View, Found) {
        let pairs: Vec<(String, String)> = address
            .split('&')
            .filter_map(|part| part.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.replace("%3D", "=").replace("%22", "\"")))
            .collect();
        View::read(&pairs)
    }

    #[test]
    fn a_view_survives_its_address() {
        let address = "m=net_sales&m=orders&r=account.province&c=day:quarter&period=this_year&compare=last_year\
                       &filter=channel != null&top=5&share=1&running=1&sort=-orders\
                       &w=account.importance=\"vip\"&w=day:year=\"2026-01-01\"&w=product=null&chart=heat";
        let (view, found) = read(address);
        assert!(found.is_empty(), "{found:?}");
        assert_eq!((view.rows().len(), view.columns().len(), view.question.within.len()), (1, 1, 3));
        let pairs: Vec<(String, String)> =
            view.pairs().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        assert_eq!(View::read(&pairs).0, view);
        assert_eq!(View::of_kept(&view.kept()).unwrap(), view);
    }

    #[test]
    fn what_cannot_be_read_is_said_of_its_field() {
        let (view, found) =
            read("m=orders&r=day:decade&period=soon&top=many&compare=x&chart=pie&w=product&from=a");
        let fields: Vec<&str> = found.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["cuts", "top", "compare", "chart", "within", "period"]);
        assert_eq!(view.question.measures, ["orders"]);
        let (_, found) = read("m=orders&period=between&from=2026-02-30&to=2026-03-01");
        assert_eq!(found.iter().map(|(field, _)| *field).collect::<Vec<_>>(), ["from"]);
        assert!(View::of_kept(&json!({"question": {"beauty": 1}})).is_err());
    }
}
