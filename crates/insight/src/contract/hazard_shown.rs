//! Who leaves sooner, in words.

use super::{
    compute::FEWEST,
    hazard::{Compared, Group},
    shown::Page,
};
use serde::Serialize;
use value::contractual::cox::CoxProblem;

#[derive(Serialize)]
pub(super) struct HazardLine {
    feature: String,
    group: String,
    against: String,
    customers: String,
    ended: String,
    ratio: String,
    range: String,
    verdict: String,
    tone: &'static str,
    /// Those of them whose contract goes on.
    href: String,
}

impl Page<'_> {
    pub(super) fn hazard(&self, one: &Compared) -> HazardLine {
        let (words, effect) = (self.words, &one.effect);
        let (verdict, tone) = match (effect.low > 1.0, effect.high < 1.0) {
            (true, _) => ("contract.sooner", "red"),
            (_, true) => ("contract.later", "green"),
            _ => ("contract.unclear", "grey"),
        };
        let two = |number: f64| words.fixed(number, 2);
        HazardLine {
            feature: words.label(&one.field),
            group: self.group(&one.field, &one.group),
            against: self.group(&one.field, &one.against),
            customers: words.count(one.customers),
            ended: words.count(one.ended),
            ratio: two(effect.hazard_ratio),
            range: self.range(two(effect.low), two(effect.high)),
            verdict: words.t(verdict, &[]),
            tone,
            href: self.list(&format!("{} && {}", self.running(), condition(&one.field, &one.group))),
        }
    }

    fn group(&self, field: &str, group: &Group) -> String {
        let words = self.words;
        match group {
            Group::Word(word) => words.choice(field, word).0,
            Group::Is(is) => words.t(if *is { "contract.yes" } else { "contract.no" }, &[]),
            Group::AtLeast(number) => format!("≥ {number}"),
            Group::Below(number) => format!("< {number}"),
            Group::Other(_) => words.t("contract.other", &[]),
            Group::Unknown => words.t("contract.unknown", &[]),
        }
    }

    pub(super) fn hazard_notes(&self) -> Vec<String> {
        let (words, found) = (self.words, &self.report.hazards);
        let names = |fields: &[String]| {
            fields
                .iter()
                .map(|field| words.label(field))
                .collect::<Vec<_>>()
                .join(words.t("contract.comma", &[]).as_str())
        };
        let mut notes = vec![];
        if let Some(problem) = found.missing {
            let key = match problem {
                CoxProblem::TooFewEnds | CoxProblem::BadData => "too_few_ends",
                CoxProblem::Redundant(_) => "redundant",
                CoxProblem::Separated => "separated",
            };
            notes.push(words.t(&format!("contract.hazard.{key}"), &[]));
        }
        if let Some(share) = found.concordance {
            notes.push(words.t("contract.concordance", &[("share", &words.percent(share))]));
        }
        let lists =
            [("left_out", &found.left_out), ("follows", &found.follows), ("too_many", &found.too_many)];
        for (key, fields) in lists {
            if !fields.is_empty() {
                notes.push(words.t(&format!("contract.hazard.{key}"), &[("fields", &names(fields))]));
            }
        }
        if self.report.customers < FEWEST as u64 {
            notes.push(words.t("contract.fewest", &[("count", &FEWEST.to_string())]));
        }
        notes
    }
}

/// A group as a condition of the list.
fn condition(field: &str, group: &Group) -> String {
    let quoted = |word: &String| format!("'{}'", word.replace('\\', "\\\\").replace('\'', "\\'"));
    match group {
        Group::Word(word) => format!("{field} == {}", quoted(word)),
        Group::Is(is) => format!("{field} == {is}"),
        Group::AtLeast(number) => format!("{field} >= {number}"),
        Group::Below(number) => format!("{field} < {number}"),
        Group::Other(words) => {
            let words: Vec<String> = words.iter().map(quoted).collect();
            format!("{field} != null && !({field} in [{}])", words.join(", "))
        }
        Group::Unknown => format!("{field} == null"),
    }
}
