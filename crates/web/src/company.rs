//! The company's settings: name, currency, time zone. Administrators only.

use crate::{Answer, App, Flash, Session, security::administrators_only};
use axum::{
    Form, Router,
    extract::State,
    response::{IntoResponse, Redirect},
    routing::get,
};
use engine::{Error, chrono_tz::TZ_VARIANTS};
use meta::{FieldProblem, Problem, label};
use minijinja::{Value, context};
use std::collections::BTreeMap;

/// Offered for choice; any ISO 4217 code may be stored by the API of orders.
pub const CURRENCIES: [&str; 14] =
    ["CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "KRW", "SGD", "AUD", "CAD", "CHF", "INR", "RUB"];

const KEYS: [&str; 3] = ["company.name", "company.currency", "company.time_zone"];

pub fn routes() -> Router<App> {
    Router::new().route("/settings", get(show).post(save))
}

async fn show(State(app): State<App>, session: Session) -> Answer {
    administrators_only(&session)?;
    let engine = app.engine();
    let name = engine.setting(KEYS[0]).await?;
    let current = [
        name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default(),
        engine.company_currency().await?,
        engine.time_zone().await?.name().to_owned(),
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
            let own: Vec<&str> = match *key {
                "company.currency" => CURRENCIES.to_vec(),
                "company.time_zone" => TZ_VARIANTS.iter().map(|zone| zone.name()).collect(),
                _ => vec![],
            };
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
                choices => own.iter().map(|own| context! { value => own, label => own }).collect::<Vec<_>>(),
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
    if !CURRENCIES.contains(&text("company.currency").as_str()) {
        let wrong = label("choose one of the list", "请从列表中选择");
        problems.push(FieldProblem::new("company.currency", Problem::Rule(wrong)));
    }
    if text("company.time_zone").parse::<engine::chrono_tz::Tz>().is_err() {
        let wrong = label("choose one of the list", "请从列表中选择");
        problems.push(FieldProblem::new("company.time_zone", Problem::Rule(wrong)));
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
