//! `/value/backtest`: how every model and naive rule would have forecast the held-out period, and which is in force.

use super::{
    explain::missing,
    figure::Input,
    href,
    in_force::{self, method_name as name},
    refit_status,
    words::Words,
};
use crate::{
    settings::{Settings, date_of},
    store,
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use minijinja::context;
use serde::Serialize;
use serde_json::{Value as Json, json};
use value::{
    backtest::{Backtest, Method, Reason, Rule, Tried},
    estimate::{Edge, Limit},
};
use web::{Answer, App, Session};

#[derive(Serialize)]
struct Line {
    name: String,
    about: String,
    /// For which questions.
    in_force: Vec<String>,
    score: String,
    often: String,
    whether: String,
    bias: String,
    mae: String,
    rmse: String,
    money_bias: String,
    money_mae: String,
    money_rmse: String,
    rank: String,
    gini: String,
    capture: String,
    perfect_capture: String,
    brier: String,
}

#[derive(Serialize)]
struct Fit {
    name: String,
    parameters: u32,
    log_likelihood: String,
    aic: String,
    bic: String,
    note: String,
}

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    super::scope::whole_company(&session)?;
    let engine = app.engine();
    let stored = store::newest_model(engine).await?;
    let currency = engine.company_currency().await?;
    let settings = Settings::load(engine).await?;
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
    let refit = refit_status::status(&words, &session, stored.as_ref().map(|stored| stored.id)).await?;
    let trial = stored.as_ref().and_then(|stored| stored.overview.trial.clone());
    let sources =
        stored.as_ref().map(|stored| in_force::sources(&words, &stored.fitted.model, trial.as_ref()));
    let common = context! { refit, sources, on_backtest => true, as_of => stored.as_ref().map(|stored| words.date(stored.as_of)) };
    let context = match trial {
        None => context! { missing => words.t("value.backtest.none_yet", &[]), ..common },
        Some(trial) => match trial.result.fitted() {
            None => {
                let reason = trial.result.missing().map(|reason| missing(&words, reason)).unwrap_or_default();
                context! { missing => words.t("value.backtest.impossible", &[("reason", &reason)]), ..common }
            }
            Some(found) => {
                let sample = trial.is_sample().then(|| {
                    let (part, all) = (words.count(trial.sampled), words.count(trial.accounts));
                    words.t("value.backtest.sampled", &[("part", &part), ("all", &all)])
                });
                let missing: Option<String> = None;
                context! { missing, sample, ..context! { ..shown(&words, &settings, found), ..common } }
            }
        },
    };
    app.page(&session, "insight/backtest.html", context).map(IntoResponse::into_response)
}

fn shown(words: &Words<'_>, settings: &Settings, found: &Backtest) -> minijinja::Value {
    let chosen = found.of(found.chosen);
    let lines: Vec<Line> = ranked(found).into_iter().map(|tried| line(words, found, tried)).collect();
    let fits: Vec<Fit> = found.tried.iter().filter_map(|tried| fit(words, tried)).collect();
    let weeks = words.fixed(found.weeks(), 0);
    let (cut, end) = (date_of(found.cut_day), date_of(found.end_day));
    let customers = words.count(found.customers);
    let held_out = format!("{} – {}", words.date(cut.succ_opt().unwrap_or(cut)), words.date(end));
    let input = |key: &str, value: &str| Input { label: words.t(key, &[]), value: value.to_owned() };
    context! {
        chosen => found.chosen.to_string(),
        why => why(words, found),
        period => words.t("value.backtest.period", &[
            ("cut", &words.date(cut)),
            ("end", &words.date(end)),
            ("weeks", &weeks),
        ]),
        in_sample => [input("value.customers", &customers), input("value.backtest.held_out", &held_out)],
        source => context! {
            href => href::Days { settings, after: cut, until: end }.orders(""),
            label => words.t("value.backtest.orders", &[]),
        },
        customers,
        repeat => words.count(found.repeat_customers),
        buyers => words.count(found.buyers),
        purchases => words.count(found.bought),
        money => words.units(found.money),
        left_out => (found.left_out > 0).then(|| words.count(found.left_out)),
        coverage => found.coverage.map(|share| words.percent(share)),
        skill => skill(words, found),
        calibration => chosen.map(|tried| calibration(words, tried)),
        lines,
        fits,
    }
}

/// Best first; those without a score as they were tried.
fn ranked(found: &Backtest) -> Vec<&Tried> {
    let mut ranked: Vec<&Tried> = found.tried.iter().collect();
    ranked.sort_by(|one, other| {
        one.score.unwrap_or(f64::INFINITY).total_cmp(&other.score.unwrap_or(f64::INFINITY))
    });
    ranked
}

/// The questions a method answers.
fn in_force(words: &Words<'_>, found: &Backtest, method: Method) -> Vec<String> {
    let model = Method::Model { family: found.chosen };
    [("purchases", &found.purchases), ("churn", &found.churn)]
        .into_iter()
        .filter(|(_, verdict)| verdict.rule().map_or(model, |rule| Method::Rule { rule }) == method)
        .map(|(question, _)| words.t(&format!("value.backtest.in_force.{question}"), &[]))
        .collect()
}

fn about(words: &Words<'_>, method: Method) -> String {
    let key = match method {
        Method::Rule { rule: Rule::Average } => "average",
        Method::Rule { rule: Rule::PastFrequency } => "past_frequency",
        Method::Rule { rule: Rule::Hiatus { .. } } => "hiatus",
        Method::Rule { rule: Rule::LastYear } => "last_year",
        Method::Model { family } => match (family.has_dropout(), family.k() > 1) {
            (false, false) => "random",
            (false, true) => "regular",
            (true, false) => "random_stopping",
            (true, true) => "regular_stopping",
        },
    };
    words.t(&format!("value.backtest.about.{key}"), &[])
}

fn why(words: &Words<'_>, found: &Backtest) -> String {
    let key = match found.reason {
        Reason::Forecast => "forecast",
        Reason::Likelihood => "likelihood",
        Reason::Simplest => "simplest",
        Reason::LikelihoodAlone => "likelihood_alone",
    };
    words.t(&format!("value.backtest.why.{key}"), &[("model", &found.chosen.to_string())])
}

fn line(words: &Words<'_>, found: &Backtest, tried: &Tried) -> Line {
    let m = &tried.measures;
    let share = |share: Option<f64>| share.map_or("–".to_owned(), |share| words.percent(share));
    let signed = |share: Option<f64>| match share {
        Some(share) if share > 0.0 => format!("+{}", words.percent(share)),
        share => share.map_or("–".to_owned(), |share| words.percent(share)),
    };
    let number = |number: Option<f64>| number.map_or("–".to_owned(), |number| words.fixed(number, 3));
    Line {
        name: name(words, tried.method),
        about: about(words, tried.method),
        in_force: in_force(words, found, tried.method),
        score: number(tried.score),
        often: number(tried.errors.map(|[often, _]| often)),
        whether: number(tried.errors.map(|[_, whether]| whether)),
        bias: signed(m.bias),
        mae: words.fixed(m.mae, 3),
        rmse: words.fixed(m.rmse, 3),
        money_bias: signed(m.money_bias),
        money_mae: words.units(m.money_mae),
        money_rmse: words.units(m.money_rmse),
        rank: number(m.rank_correlation),
        gini: number(m.gini),
        capture: share(m.capture),
        perfect_capture: share(m.perfect_capture),
        brier: words.fixed(m.brier, 4),
    }
}

fn fit(words: &Words<'_>, tried: &Tried) -> Option<Fit> {
    let fit = tried.fit.as_ref()?;
    let edge = |edge: &Edge| match edge.limit {
        Limit::Zero => format!("{} → 0", edge.quantity),
        Limit::Infinity => format!("{} → ∞", edge.quantity),
        Limit::Undetermined => edge.quantity.clone(),
    };
    let edges: Vec<String> = fit.boundary.iter().map(edge).collect();
    let stops = matches!(tried.method, Method::Model { family } if family.has_dropout());
    let note = match (stops && !fit.shows_dropout, edges.is_empty()) {
        (true, _) => words.t("value.backtest.no_dropout", &[("edges", &edges.join(", "))]),
        (false, true) => String::new(),
        (false, false) => words.t("value.boundary", &[("edges", &edges.join(", "))]),
    };
    Some(Fit {
        name: name(words, tried.method),
        parameters: fit.parameters,
        log_likelihood: words.fixed(fit.log_likelihood, 1),
        aic: words.fixed(fit.aic, 1),
        bic: words.fixed(fit.bic, 1),
        note,
    })
}

/// How much of the average rule's error each method saves.
fn skill(words: &Words<'_>, found: &Backtest) -> Json {
    let bars: Vec<Json> = ranked(found)
        .into_iter()
        .filter_map(|tried| {
            let colour = match tried.method {
                _ if !in_force(words, found, tried.method).is_empty() => "green",
                Method::Model { .. } => "blue",
                Method::Rule { .. } => "grey",
            };
            Some(json!({ "label": name(words, tried.method), "value": 1.0 - tried.score?, "text": about(words, tried.method), "color": colour }))
        })
        .collect();
    let best = found.of(found.chosen).and_then(|tried| tried.score).unwrap_or(1.0);
    let title = words.t(
        "value.backtest.skill_title",
        &[("model", &found.chosen.to_string()), ("share", &words.whole_percent(1.0 - best))],
    );
    json!({ "title": title, "data": { "unit": "percent", "bars": bars } })
}

fn calibration(words: &Words<'_>, tried: &Tried) -> Json {
    let bins = &tried.measures.calibration;
    let points: Vec<[f64; 2]> = bins.iter().map(|bin| [bin.forecast, bin.actual]).collect();
    let weight = |bin: &value::backtest::Bin| bin.customers as f64;
    let all: f64 = bins.iter().map(weight).sum();
    let off =
        bins.iter().map(|bin| weight(bin) * (bin.forecast - bin.actual).abs()).sum::<f64>() / all.max(1.0);
    json!({
        "title": words.t("value.backtest.calibration_title", &[("share", &words.percent(off))]),
        "data": {
            "points": points,
            "x_label": words.t("value.backtest.forecast_share", &[]),
            "y_label": words.t("value.backtest.actual_share", &[]),
        },
        "rows": bins.iter().map(|bin| json!({
            "customers": words.count(bin.customers),
            "forecast": words.percent(bin.forecast),
            "actual": words.share_between((bin.actual * weight(bin)).round() as u64, bin.customers),
        })).collect::<Vec<_>>(),
    })
}
