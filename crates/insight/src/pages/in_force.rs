//! What the forecasts come from, a model or a rule of thumb, and why, in words.

use super::{explain::missing, words::Words};
use crate::trial::Trial;
use serde::Serialize;
use value::{
    backtest::{
        Backtest, Because, Method, Rule, Verdict,
        choice::{FEWEST_BUYERS, Rival},
        rules::RuleScore,
    },
    model::Model,
};

/// One of the two questions, what answers it, and why.
#[derive(Serialize)]
pub struct Source {
    question: String,
    /// `None` without a model.
    name: Option<String>,
    is_rule: bool,
    why: String,
    /// What the rule cannot say, or that nothing tells customers apart.
    note: Option<String>,
}

pub fn sources(words: &Words<'_>, model: &Model, trial: Option<&Trial>) -> Vec<Source> {
    let found = trial.and_then(|trial| trial.result.fitted());
    let untested = || {
        let reason = trial.and_then(|trial| trial.result.missing());
        reason.map_or_else(
            || words.t("value.backtest.none_yet", &[]),
            |reason| words.t("value.source.untested", &[("reason", &missing(words, reason))]),
        )
    };
    let source = |key: &str, rule: Option<RuleScore>, verdict: Option<&Verdict>| {
        let rule = rule.map(|score| score.rule());
        let family = model.purchases.fitted().map(|fit| fit.family.to_string());
        let average = verdict.is_some_and(|verdict| verdict.average_better && rule.is_none());
        let note = match rule {
            Some(_) => Some(format!("value.source.{key}.limit")),
            None => average.then(|| "value.source.average_better".to_owned()),
        };
        Source {
            question: words.t(&format!("value.source.{key}"), &[]),
            name: rule.map(|rule| rule_name(words, rule)).or(family),
            is_rule: rule.is_some(),
            why: found.zip(verdict).map_or_else(untested, |(found, verdict)| why(words, found, verdict)),
            note: note.map(|key| words.t(&key, &[])),
        }
    };
    vec![
        source("purchases", model.rules.purchases, found.map(|found| &found.purchases)),
        source("churn", model.rules.churn, found.map(|found| &found.churn)),
    ]
}

fn why(words: &Words<'_>, found: &Backtest, verdict: &Verdict) -> String {
    let key = match (verdict.because, verdict.rival) {
        (Because::TooFewBuyers, _) | (_, None) => "too_few_buyers",
        (Because::RuleBetter, _) => "rule_better",
        (Because::ModelBetter, _) => "model_better",
        (Because::Doubtful, _) => "doubtful",
    };
    let share =
        |of: fn(Rival) -> f64| verdict.rival.map(|rival| words.percent(of(rival))).unwrap_or_default();
    let rule = verdict.rival.map(|rival| rule_name(words, rival.rule)).unwrap_or_default();
    let arguments = [
        ("rule", rule),
        ("model", found.chosen.to_string()),
        ("weeks", words.fixed(found.weeks(), 0)),
        ("behind", share(|rival| rival.behind.abs())),
        ("error", share(|rival| rival.error)),
        ("buyers", words.count(found.buyers)),
        ("fewest", words.count(FEWEST_BUYERS)),
    ];
    let arguments: Vec<(&str, &str)> = arguments.iter().map(|(name, text)| (*name, text.as_str())).collect();
    words.t(&format!("value.source.why.{key}"), &arguments)
}

pub fn method_name(words: &Words<'_>, method: Method) -> String {
    match method {
        Method::Rule { rule } => rule_name(words, rule),
        Method::Model { family } => family.to_string(),
    }
}

pub fn rule_name(words: &Words<'_>, rule: Rule) -> String {
    match rule {
        Rule::Average => words.t("value.backtest.rule.average", &[]),
        Rule::PastFrequency => words.t("value.backtest.rule.past_frequency", &[]),
        Rule::Hiatus { weeks } => words.t("value.backtest.rule.hiatus", &[("weeks", &weeks.to_string())]),
        Rule::LastYear => words.t("value.backtest.rule.last_year", &[]),
    }
}
