//! Questions put together at random, and their answers beside a walk through the facts.

use crate::{
    company::Company,
    walk::{Fact, band, measured, member, text},
};
use chrono::{Datelike, Days, Months, NaiveDate};
use engine::Actor;
use meta::Decimal;
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use warehouse::semantic::{self, AnswerTable, Compare, Cut, Level, Line, Period, Question, Within};

/// Whose parts add up, so that shares and running totals mean something.
const ADDITIVE: [&str; 5] = ["sales", "returned", "net_sales", "lines", "quantity"];
const OF_RETURNS: [&str; 2] = ["returned", "return_documents"];

pub fn some_question(chance: &mut ChaCha8Rng) -> Question {
    let of_sales = ["sales", "orders", "customers", "average_order", "lines", "quantity"];
    let of_both = ["net_sales", "returned", "sales", "return_documents"];
    let with_returns = chance.random_bool(0.4);
    let mut measures: Vec<String> = vec![];
    for _ in 0..chance.random_range(1..4) {
        let known: &[&str] = if with_returns { &of_both } else { &of_sales };
        let measure = known.choose(chance).unwrap().to_string();
        if !measures.contains(&measure) {
            measures.push(measure);
        }
    }
    let mut cuts: Vec<Cut> = vec![];
    for _ in 0..chance.random_range(0..4) {
        let level = Level::ALL.choose(chance).copied();
        let dimensions = [
            "day",
            "account",
            "account.province",
            "account.postcode",
            "account.size_employees",
            "account.owner",
            "owner",
            "product",
            "channel",
        ];
        let dimension = dimensions.choose(chance).copied().unwrap();
        if !cuts.iter().any(|cut| cut.dimension == dimension) {
            cuts.push(Cut::new(dimension, level.filter(|_| dimension == "day")));
        }
    }
    let mut within = vec![];
    if chance.random_bool(0.3) {
        // Any number of a band is the band.
        let sizes = [json!(null), json!(-5), json!(0), json!(1), json!(30), json!(250), json!(2_000)];
        let postcodes = [json!(null), json!("266000"), json!("SW1A 1AA")];
        let (dimension, values) = [("account.size_employees", &sizes[..]), ("account.postcode", &postcodes)]
            .choose(chance)
            .copied()
            .unwrap();
        let value = values.choose(chance).cloned().unwrap();
        within.push(Within { dimension: dimension.to_owned(), level: None, value });
    }
    let from =
        "2025-01-01".parse::<NaiveDate>().unwrap() + chrono::Duration::days(chance.random_range(0..300));
    let to = from + chrono::Duration::days(chance.random_range(0..500));
    let period = chance.random_bool(0.7).then_some(Period::Between { from, to });
    // Days that are compared stand beside other days; whole months are compared with months. Both have tests of their own.
    let comparable = period.is_some() && from.day() > 1 && !cuts.iter().any(|cut| cut.dimension == "day");
    let compare = [Compare::Previous, Compare::LastYear].choose(chance).copied();
    Question {
        measures,
        top: (!cuts.is_empty() && chance.random_bool(0.3)).then(|| chance.random_range(1..5)),
        cuts,
        filter: if chance.random_bool(0.4) {
            "account.province == \"Sichuan's\" || account.province == '山东'".into()
        } else {
            String::new()
        },
        period,
        compare: compare.filter(|_| comparable && chance.random_bool(0.5)),
        share: chance.random_bool(0.4),
        running: chance.random_bool(0.4),
        within,
        ..Question::default()
    }
}

/// The facts of the period a question is about, and of the one it is compared with.
#[derive(Clone, Default)]
struct Both<'f> {
    now: Vec<&'f Fact>,
    then: Vec<&'f Fact>,
}

type Groups<'f> = BTreeMap<Vec<String>, Both<'f>>;

impl<'f> Both<'f> {
    fn of(question: &Question, facts: &'f [Fact]) -> Both<'f> {
        let asks = |wanted: &dyn Fn(&str) -> bool| question.measures.iter().any(|name| wanted(name));
        let (sold, returned) = (
            asks(&|name| !OF_RETURNS.contains(&name)),
            asks(&|name| name == "net_sales" || OF_RETURNS.contains(&name)),
        );
        let selected = |fact: &&Fact| {
            let at_home = matches!(fact.province.as_deref(), Some("山东" | "Sichuan's"));
            (if fact.sold { sold } else { returned })
                && (question.filter.is_empty() || at_home)
                && question.within.iter().all(|step| is_within(fact, step))
        };
        let selected: Vec<&Fact> = facts.iter().filter(selected).collect();
        let Some(Period::Between { from, to }) = question.period else {
            return Both { now: selected, then: vec![] };
        };
        let within = |from: NaiveDate, to: NaiveDate| -> Vec<&'f Fact> {
            selected.iter().copied().filter(|fact| (from..=to).contains(&fact.day)).collect()
        };
        let then = question.compare.map(|compare| {
            let back = |day: NaiveDate| match compare {
                Compare::Previous => day - Days::new((to - from).num_days() as u64 + 1),
                Compare::LastYear => day - Months::new(12),
            };
            within(back(from), back(to + Days::new(1)) - Days::new(1))
        });
        Both { now: within(from, to), then: then.unwrap_or_default() }
    }

    fn by(&self, cuts: &[Cut]) -> Groups<'f> {
        let mut groups = Groups::default();
        let members = |fact: &Fact| cuts.iter().map(|cut| member(fact, cut)).collect::<Vec<String>>();
        for &fact in &self.now {
            groups.entry(members(fact)).or_default().now.push(fact);
        }
        for &fact in &self.then {
            groups.entry(members(fact)).or_default().then.push(fact);
        }
        groups
    }

    /// Those whose member of the cut is wanted.
    fn only(&self, cut: &Cut, wanted: impl Fn(&str) -> bool) -> Both<'f> {
        let kept = |facts: &[&'f Fact]| -> Vec<&'f Fact> {
            facts.iter().copied().filter(|fact| wanted(&member(fact, cut))).collect()
        };
        Both { now: kept(&self.now), then: kept(&self.then) }
    }
}

fn is_within(fact: &Fact, step: &Within) -> bool {
    let wanted = match step.value.as_i64() {
        Some(employees) => band(employees),
        None => text(&step.value),
    };
    member(fact, &step.cut()) == wanted
}

fn members(line: &Line) -> Vec<String> {
    line.members.iter().map(|member| text(&member.value)).collect()
}

/// Where nothing was counted there may be nothing or 0.
fn some(value: Option<Decimal>) -> Option<Decimal> {
    value.filter(|value| !value.is_zero())
}

/// The answer beside a walk through these facts; how many figures were the same.
pub async fn compare(
    company: &Company,
    actor: &Actor,
    facts: &[Fact],
    question: &Question,
    number: usize,
) -> usize {
    let answer = semantic::ask(&company.engine, actor, question).await;
    let answer = answer.unwrap_or_else(|error| panic!("{number} {question:?}: {error}"));
    let all = Both::of(question, facts);
    for (cell, measure) in answer.total.iter().zip(&question.measures) {
        let expected = [&all.now, &all.then].map(|facts| some(measured(measure, facts)));
        assert_eq!([some(cell.value), some(cell.compared)], expected, "{number} {question:?}");
    }
    let Some(first) = question.cuts.first() else {
        assert!(answer.rows.is_empty());
        return 0;
    };
    let (mut groups, mut rest) = (all.by(&question.cuts), Groups::default());
    if let Some(top) = question.top {
        let shown = largest(question, &all, &answer, top, number);
        groups.retain(|members, _| shown.contains(&members[0]));
        rest = all.only(first, |member| !shown.contains(member)).by(&question.cuts[1..]);
    }
    assert_eq!(answer.rows.len(), groups.len() + rest.len(), "{number} {question:?}");
    let (mut same, mut reached) = (0, BTreeMap::<(Vec<String>, &str), Decimal>::new());
    for row in &answer.rows {
        let members = members(row);
        let is_rest = row.members[0].rest;
        let found = if is_rest { rest.get(&members[1..]) } else { groups.get(&members) };
        let found = found.unwrap_or_else(|| panic!("{number} {question:?}: {members:?}"));
        for (cell, measure) in row.cells.iter().zip(&question.measures) {
            let [value, compared] = [&found.now, &found.then].map(|facts| measured(measure, facts));
            let additive = ADDITIVE.contains(&measure.as_str());
            let whole = some(measured(measure, &all.now)).filter(|_| question.share && additive);
            let share = value.zip(whole).map(|(value, whole)| (value / whole).round_dp(6));
            let running = (question.running && additive && !is_rest).then(|| {
                let sum = reached.entry((members[1..].to_vec(), measure.as_str())).or_default();
                *sum += value.unwrap_or_default();
                *sum
            });
            assert_eq!(
                (cell.value, cell.compared, cell.share, cell.running),
                (value, compared, share, running),
                "{number} {question:?} {members:?} {measure}"
            );
            same += 1 + usize::from(share.is_some()) + usize::from(running.is_some());
        }
    }
    same
}

/// The members of the first cut that are shown by themselves: of none that is not the value is larger, and the largest stand first. Which
/// of two with the same value is shown is not said.
fn largest(
    question: &Question,
    all: &Both<'_>,
    answer: &AnswerTable,
    top: usize,
    number: usize,
) -> BTreeSet<String> {
    let rows: Vec<&Line> = answer.rows.iter().filter(|row| !row.members[0].rest).collect();
    let shown: BTreeSet<String> = rows.iter().map(|row| text(&row.members[0].value)).collect();
    let by_first = all.by(&question.cuts[..1]);
    assert_eq!(shown.len(), top.min(by_first.len()), "{number} {question:?}");
    let values = |is_shown: bool| {
        let wanted = by_first.iter().filter(|(members, _)| shown.contains(&members[0]) == is_shown);
        wanted.map(|(_, both)| measured(&question.measures[0], &both.now)).collect::<Vec<_>>()
    };
    assert!(values(false).iter().max() <= values(true).iter().min(), "{number} {question:?}");
    let in_order = rows.iter().map(|row| row.cells[0].value).collect::<Vec<_>>();
    assert!(in_order.is_sorted_by(|one, other| one >= other), "{number} {question:?}");
    shown
}
