//! What the command line tells other tools: field names and units are a contract.

use crate::{settings::date_of, store::StoredModel};
use engine::{Actor, Engine, Query, Result};
use meta::{Id, Record, Value};
use serde_json::{Value as Json, json};
use value::{
    backtest::{Backtest, Method, Rule, Tried, Verdict},
    bg_nbd::BgNbdFit,
    gamma_gamma::GammaGammaFit,
    model::Part,
    money,
    purchasing::PurchaseFit,
};

/// Customers read at once.
const PAGE: usize = 1_000;

/// `{"as_of", "bg_nbd": {…} | null, "gamma_gamma": {…} | null, …}`; a model that is missing says why.
pub fn models(stored: &StoredModel) -> Json {
    let model = &stored.fitted.model;
    json!({
        "as_of": stored.as_of,
        "fitted_at": stored.fitted_at,
        "customers": model.customers,
        "purchases": model.purchases.fitted().map(in_force),
        "purchases_missing": missing(&model.purchases),
        "bg_nbd": model.bg_nbd.fitted().map(purchases),
        "bg_nbd_missing": missing(&model.bg_nbd),
        "gamma_gamma": model.gamma_gamma.fitted().map(spending),
        "gamma_gamma_missing": missing(&model.gamma_gamma),
    })
}

fn missing<T>(part: &Part<T>) -> Option<String> {
    part.missing().map(|reason| reason.to_string())
}

/// The model the figures come from.
fn in_force(fit: &PurchaseFit) -> Json {
    json!({
        "family": fit.family.to_string(),
        "k": fit.family.k(),
        "parameters": fit.parameters,
        "log_likelihood": fit.log_likelihood,
        "shows_dropout": fit.shows_dropout(),
        "boundary_quantities": fit.boundary,
        "customers": fit.customers,
        "repeat_customers": fit.repeat_customers,
    })
}

fn purchases(fit: &BgNbdFit) -> Json {
    let (at, errors) = (&fit.parameters, &fit.standard_errors);
    json!({
        "r": at.r, "alpha": at.alpha, "a": at.a, "b": at.b,
        "log_likelihood": fit.log_likelihood,
        "boundary": !fit.boundary.is_empty(),
        "boundary_quantities": fit.boundary,
        "standard_errors": errors,
        "customers": fit.customers,
        "repeat_customers": fit.repeat_customers,
    })
}

fn spending(fit: &GammaGammaFit) -> Json {
    let at = &fit.parameters;
    json!({
        "p": at.p, "q": at.q, "v": at.v,
        "customers": fit.customers,
        "log_likelihood": fit.log_likelihood,
        "boundary": !fit.boundary.is_empty(),
        "boundary_quantities": fit.boundary,
        "standard_errors": fit.standard_errors,
        "correlation": fit.correlation,
    })
}

/// The back-test kept with the fit: which model was chosen, why, and how every rule and model did. Money in units.
pub fn backtest(stored: &StoredModel) -> Json {
    let Some(trial) = &stored.overview.trial else {
        return json!({ "as_of": stored.as_of, "missing": "not computed yet" });
    };
    let Some(found) = trial.result.fitted() else {
        return json!({ "as_of": stored.as_of, "sampled": trial.sampled, "accounts": trial.accounts, "missing": missing(&trial.result) });
    };
    let line = |tried: &Tried| {
        let mut json = serde_json::to_value(&tried.measures).unwrap_or_default();
        let (name, kind) = match tried.method {
            Method::Rule { rule } => (rule_name(rule), "rule"),
            Method::Model { family } => (family.to_string(), "model"),
        };
        json["name"] = name.into();
        json["kind"] = kind.into();
        json["score"] = tried.score.into();
        json["error_of_purchases"] = tried.errors.map(|[often, _]| often).into();
        json["error_of_churn"] = tried.errors.map(|[_, whether]| whether).into();
        json["fit"] = serde_json::to_value(&tried.fit).unwrap_or_default();
        json
    };
    json!({
        "as_of": stored.as_of,
        "sampled": trial.sampled,
        "accounts": trial.accounts,
        "cut": date_of(found.cut_day),
        "end": date_of(found.end_day),
        "weeks": found.weeks(),
        "customers": found.customers,
        "repeat_customers": found.repeat_customers,
        "buyers": found.buyers,
        "purchases": found.bought,
        "money": found.money,
        "chosen": found.chosen.to_string(),
        "reason": found.reason,
        "scores": { "purchases": source(found, &found.purchases), "churn": source(found, &found.churn) },
        "interval_coverage": found.coverage,
        "methods": found.tried.iter().map(line).collect::<Vec<_>>(),
    })
}

/// What a question's figures come from and why; shares of the average rule's error.
fn source(found: &Backtest, verdict: &Verdict) -> Json {
    json!({
        "in_force": verdict.rule().map_or_else(|| found.chosen.to_string(), rule_name),
        "because": verdict.because,
        "best_rule": verdict.rival.map(|rival| rule_name(rival.rule)),
        "rule_behind": verdict.rival.map(|rival| rival.behind),
        "standard_error": verdict.rival.map(|rival| rival.error),
        "average_better": verdict.average_better,
    })
}

/// A rule's name for programs.
pub fn rule_name(rule: Rule) -> String {
    match rule {
        Rule::Average => "average".to_owned(),
        Rule::PastFrequency => "past_frequency".to_owned(),
        Rule::Hiatus { weeks } => format!("hiatus_{weeks}w"),
        Rule::LastYear => "last_year".to_owned(),
    }
}

/// `{"customers", "gross_sales", "top20_share", "gini", "customers_for_80"}`.
pub fn pareto(stored: &StoredModel) -> Json {
    let found = &stored.overview.concentration;
    json!({
        "as_of": stored.as_of,
        "customers": found.customers,
        "gross_sales": money::to_units(stored.overview.gross_sales),
        "top20_share": found.top20_share,
        "gini": found.gini,
        "customers_for_80": found.customers_for_80,
    })
}

/// Everybody with a purchase, by net sales from the largest down, at most `limit`; each is handed to `take`.
pub async fn customers(
    engine: &Engine,
    actor: &Actor,
    limit: Option<usize>,
    mut take: impl FnMut(Json),
) -> Result<()> {
    let mut left = limit.unwrap_or(usize::MAX);
    let mut after = None;
    while left > 0 {
        let query = Query::new("account")
            .filter("orders > 0")
            .sort("-net_sales")
            .limit(left.min(PAGE))
            .after(after)
            .fields(&FIELDS);
        let page = engine.list(actor, &query).await?;
        let ids: Vec<Id> = page.records.iter().map(|record| record.id).collect();
        let mut numbers = engine.external_ids_of(&ids).await?;
        for record in &page.records {
            let mut known = numbers.remove(&record.id).unwrap_or_default();
            known.sort();
            take(customer(record, known.into_iter().next().map(|(_, number)| number)));
        }
        left = left.saturating_sub(page.records.len());
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
    Ok(())
}

const FIELDS: [&str; 16] = [
    "name",
    "orders",
    "first_order_on",
    "last_order_on",
    "gross_sales",
    "net_sales",
    "margin",
    "rfm",
    "p_alive",
    "expected_purchases_52w",
    "p_buy_13w",
    "p_churn_52w",
    "clv_52w",
    "clv_52w_low",
    "clv_52w_high",
    "stage",
];

fn customer(record: &Record, external_id: Option<String>) -> Json {
    let get = |field: &str| plain(record.get(field));
    json!({
        "external_id": external_id,
        "name": get("name"),
        "orders": get("orders"),
        "first_on": get("first_order_on"),
        "last_on": get("last_order_on"),
        "gross_sales": get("gross_sales"),
        "net_sales": get("net_sales"),
        "margin": get("margin"),
        "rfm": get("rfm"),
        "p_alive": get("p_alive"),
        "expected_purchases_52w": get("expected_purchases_52w"),
        "p_buy_13w": get("p_buy_13w"),
        "p_churn_52w": get("p_churn_52w"),
        "clv_52w": get("clv_52w"),
        "clv_52w_low": get("clv_52w_low"),
        "clv_52w_high": get("clv_52w_high"),
        "stage": get("stage"),
    })
}

/// Figures as JSON numbers: what reads these computes with them.
fn plain(value: &Value) -> Json {
    match value {
        Value::Decimal(number) => number.to_string().parse::<f64>().map_or(Json::Null, Json::from),
        other => other.to_json(),
    }
}
