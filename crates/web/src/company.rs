//! The company's settings: name, currency, time zone, calendar. Administrators only.

use crate::{Answer, App, Flash, Session, security::administrators_only};
use axum::{
    Form, Router,
    extract::State,
    response::{IntoResponse, Redirect},
    routing::get,
};
use engine::{Error, chrono_tz::TZ_VARIANTS};
use meta::{FieldProblem, Lang, Problem, label};
use minijinja::{Value, context};
use std::collections::BTreeMap;

/// Offered for choice; any ISO 4217 code may be stored by the API of orders.
pub const CURRENCIES: [&str; 14] =
    ["CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "KRW", "SGD", "AUD", "CAD", "CHF", "INR", "RUB"];

const KEYS: [&str; 5] =
    ["company.name", "company.currency", "company.time_zone", "company.fiscal_year", "company.holidays"];
const MONTHS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];
const HOLIDAYS: [&str; 2] = ["CN", "none"];

/// What may be chosen; nothing where anything may be written.
fn choices(key: &str) -> Vec<&'static str> {
    match key {
        "company.currency" => CURRENCIES.to_vec(),
        "company.time_zone" => TZ_VARIANTS.iter().map(|zone| zone.name()).collect(),
        "company.fiscal_year" => MONTHS.to_vec(),
        "company.holidays" => HOLIDAYS.to_vec(),
        _ => vec![],
    }
}

/// Codes and names of zones are their own labels.
fn choice_label(app: &App, lang: Lang, key: &str, choice: &str) -> String {
    match key {
        "company.fiscal_year" | "company.holidays" => app.t(lang, &format!("{key}_{choice}"), &[]),
        _ => choice.to_owned(),
    }
}

pub fn routes() -> Router<App> {
    Router::new().route("/settings", get(show).post(save))
}

async fn show(State(app): State<App>, session: Session) -> Answer {
    administrators_only(&session)?;
    let engine = app.engine();
    let text = |setting: Option<serde_json::Value>| setting?.as_str().map(str::to_owned);
    let current = [
        text(engine.setting(KEYS[0]).await?).unwrap_or_default(),
        engine.company_currency().await?,
        engine.time_zone().await?.name().to_owned(),
        text(engine.setting(KEYS[3]).await?).unwrap_or_else(|| MONTHS[0].to_owned()),
        text(engine.setting(KEYS[4]).await?).unwrap_or_else(|| HOLIDAYS[0].to_owned()),
    ];
    let given = KEYS.iter().map(|key| (*key).to_owned()).zip(current).collect();
    page(&app, &session, 200, &given, &[])
}

fn page(
    app: &App,
    session: &Session,
    status: u16,
    given: &BTreeMap<String, String>,
    problems: &[FieldProblem],
) -> Answer {
    let fields: Vec<Value> = KEYS
        .iter()
        .map(|key| {
            let own = choices(key);
            let value = given.get(*key).cloned().unwrap_or_default();
            let problem = problems.iter().find(|problem| problem.field == *key);
            let hint = format!("{key}_hint");
            context! {
                name => key,
                label => app.t(session.lang, key, &[]),
                kind => if own.is_empty() { "text" } else { "choice" },
                value,
                required => *key != "company.name",
                readonly => false,
                help => (!own.is_empty()).then(|| app.t(session.lang, &hint, &[])),
                error => problem.map(|problem| problem.problem.message(session.lang)),
                wide => false,
                max_length => 100,
                choices => own
                    .iter()
                    .map(|own| context! { value => own, label => choice_label(app, session.lang, key, own) })
                    .collect::<Vec<_>>(),
            }
        })
        .collect();
    app.page_with(status, session, "company.html", context! { fields })
}

async fn save(
    State(app): State<App>,
    session: Session,
    Form(given): Form<BTreeMap<String, String>>,
) -> Answer {
    administrators_only(&session)?;
    let text = |key: &str| given.get(key).map(|text| text.trim().to_owned()).unwrap_or_default();
    let mut problems = vec![];
    for key in KEYS {
        let own = choices(key);
        if !own.is_empty() && !own.contains(&text(key).as_str()) {
            let wrong = label("choose one of the list", "请从列表中选择");
            problems.push(FieldProblem::new(key, Problem::Rule(wrong)));
        }
    }
    if !problems.is_empty() {
        return page(&app, &session, 422, &given, &problems);
    }
    let values: Vec<(&'static str, String)> = KEYS.iter().map(|key| (*key, text(key))).collect();
    match app.engine().change_settings(&session.actor, values).await {
        Ok(()) => {
            let text = app.t(session.lang, "company.saved", &[]);
            Ok(Flash::success(text).on(Redirect::to("/settings").into_response()))
        }
        Err(Error::Invalid(problems)) => page(&app, &session, 422, &given, &problems),
        Err(error) => Err(error.into()),
    }
}
