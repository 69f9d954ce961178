//! What was fitted: parameters with their standard errors, what the data do not pin down, or why there is no model.

use super::{explain::missing, forecasts::symbol, words::Words};
use serde::Serialize;
use value::{
    estimate::{Edge, Limit},
    model::Model,
};

#[derive(Serialize)]
pub struct Card {
    name: String,
    purpose: String,
    /// Why there is no model.
    missing: Option<String>,
    parameters: Vec<Parameter>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Parameter {
    name: String,
    at: String,
    /// `None` if the data do not pin it down.
    error: Option<String>,
}

/// A correlation of how often and how much beyond this breaks the assumption of Gamma-Gamma.
const CORRELATED: f64 = 0.2;

pub fn cards(words: &Words<'_>, model: &Model) -> Vec<Card> {
    vec![purchases(words, model), spending(words, model)]
}

/// Why nothing is forecast, if so.
pub fn why_missing(words: &Words<'_>, model: &Model) -> Option<String> {
    let rule = model.rules.purchases.is_some();
    let reason = model.purchases.missing().or(model.gamma_gamma.missing()).filter(|_| !rule);
    reason.map(|reason| missing(words, reason))
}

fn purchases(words: &Words<'_>, model: &Model) -> Card {
    let fit = model.purchases.fitted();
    let mut card = Card {
        name: fit.map_or_else(|| "BG/NBD".to_owned(), |fit| fit.family.to_string()),
        purpose: words.t("value.purchases_purpose", &[]),
        missing: model.purchases.missing().map(|reason| missing(words, reason)),
        parameters: vec![],
        notes: vec![],
    };
    if let Some(fit) = fit {
        let list: Vec<_> =
            fit.parameters.iter().map(|p| (symbol(&p.name), p.value, p.standard_error)).collect();
        card.parameters = parameters(words, &list);
        let (all, repeat) = (words.count(fit.customers), words.count(fit.repeat_customers));
        card.notes.push(words.t("value.fitted_to", &[("all", &all), ("repeat", &repeat)]));
        if !fit.shows_dropout() {
            card.notes.push(words.t("value.no_dropout", &[]));
        }
        if fit.family.k() > 1 {
            card.notes.push(words.t("value.regular", &[("k", &fit.family.k().to_string())]));
        }
        edge_note(words, &fit.boundary, &mut card.notes);
    }
    card
}

fn spending(words: &Words<'_>, model: &Model) -> Card {
    let mut card = Card {
        name: "Gamma-Gamma".to_owned(),
        purpose: words.t("value.gamma_gamma_purpose", &[]),
        missing: model.gamma_gamma.missing().map(|reason| missing(words, reason)),
        parameters: vec![],
        notes: vec![],
    };
    if let Some(fit) = model.gamma_gamma.fitted() {
        let (at, errors) = (&fit.parameters, &fit.standard_errors);
        let list = [("p", at.p, errors.p), ("q", at.q, errors.q), ("v", at.v, errors.v)];
        card.parameters = parameters(words, &list);
        let repeat = words.count(fit.customers);
        card.notes.push(words.t("value.fitted_to_repeat", &[("repeat", &repeat)]));
        if let Some(correlation) = fit.correlation {
            let key = if correlation.abs() > CORRELATED { "value.correlated" } else { "value.uncorrelated" };
            card.notes.push(words.t(key, &[("correlation", &words.fixed(correlation, 2))]));
        }
        edge_note(words, &fit.boundary, &mut card.notes);
    }
    card
}

fn parameters(words: &Words<'_>, list: &[(&str, f64, Option<f64>)]) -> Vec<Parameter> {
    let shown = |number: f64| words.fixed(number, 4);
    list.iter()
        .map(|(name, at, error)| Parameter {
            name: (*name).to_owned(),
            at: shown(*at),
            error: error.map(shown),
        })
        .collect()
}

fn edge_note(words: &Words<'_>, boundary: &[Edge], notes: &mut Vec<String>) {
    if boundary.is_empty() {
        return notes.push(words.t("value.interior", &[]));
    }
    let shown = |edge: &Edge| match edge.limit {
        Limit::Zero => format!("{} → 0", edge.quantity),
        Limit::Infinity => format!("{} → ∞", edge.quantity),
        Limit::Undetermined => edge.quantity.clone(),
    };
    let edges: Vec<String> = boundary.iter().map(shown).collect();
    notes.push(words.t("value.boundary", &[("edges", &edges.join(", "))]));
}
