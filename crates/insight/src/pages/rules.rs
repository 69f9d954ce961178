//! `/value/rules`: the rules classes follow, stated with their thresholds; an administrator may move these.

use super::{refit_status, setting, words::Words};
use crate::settings::{self, Settings, ValueBy};
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use engine::Error;
use meta::Problem;
use minijinja::context;
use serde::Serialize;
use std::collections::HashMap;
use value::life_cycle::StageRule;
use web::{Answer, App, Flash, Session};

#[derive(Serialize)]
struct Threshold {
    name: &'static str,
    label: String,
    value: String,
    error: Option<String>,
}

#[derive(Serialize)]
struct By {
    name: &'static str,
    label: String,
    chosen: bool,
}

const MEASURED_BY: &str = "measured_by";

/// The thresholds in the order of the form.
const THRESHOLDS: [&str; 10] = [
    "lost_below",
    "decline_below",
    "lost_intervals",
    "decline_intervals",
    "patience_weeks",
    "single_lost_weeks",
    "single_decline_weeks",
    "formation_orders",
    "stability_orders",
    "stability_weeks",
];

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    let settings = Settings::load(app.engine()).await?;
    let given = given_of(&settings)?;
    Ok(show(&app, &session, 200, &settings, &given, None)?.into_response())
}

fn given_of(settings: &Settings) -> Answer<HashMap<String, String>> {
    let json = serde_json::to_value(settings.stage_rule).map_err(Error::from)?;
    let fields = json.as_object().into_iter().flatten();
    let by = (MEASURED_BY.to_owned(), settings.measured_by.name().to_owned());
    Ok(fields.map(|(name, value)| (name.clone(), plain(value))).chain([by]).collect())
}

/// 8 rather than 8.0.
fn plain(value: &serde_json::Value) -> String {
    value.as_f64().map_or_else(|| value.to_string(), |number| number.to_string())
}

fn show(
    app: &App,
    session: &Session,
    status: u16,
    settings: &Settings,
    given: &HashMap<String, String>,
    problem: Option<(String, String)>,
) -> Answer<Response> {
    let words = Words { app, lang: session.lang, format: session.format(), currency: String::new() };
    let of = |name: &str| {
        let (field, text) = problem.as_ref()?;
        (field == name).then(|| text.clone())
    };
    let thresholds: Vec<Threshold> = THRESHOLDS
        .iter()
        .map(|name| Threshold {
            name,
            label: words.t(&format!("value.rule.{name}"), &[]),
            value: given.get(*name).cloned().unwrap_or_default(),
            error: of(name),
        })
        .collect();
    let by = |by: ValueBy| By {
        name: by.name(),
        label: words.t(&format!("value.by.{}", by.name()), &[]),
        chosen: given.get(MEASURED_BY).is_some_and(|name| name == by.name()),
    };
    let rule = &settings.stage_rule;
    let number = |number: f64| words.fixed(number, 2);
    let context = context! {
        thresholds,
        measured_by => ValueBy::ALL.map(by),
        measured_by_error => of(MEASURED_BY),
        error => problem.map(|(_, text)| text),
        can_set => session.actor.is_administrator(),
        rule => context! {
            lost_below => words.percent(rule.lost_below),
            decline_below => words.percent(rule.decline_below),
            lost_intervals => number(rule.lost_intervals),
            decline_intervals => number(rule.decline_intervals),
            patience_weeks => number(rule.patience_weeks),
            single_lost_weeks => number(rule.single_lost_weeks),
            single_decline_weeks => number(rule.single_decline_weeks),
            formation_orders => number(f64::from(rule.formation_orders)),
            stability_orders => number(f64::from(rule.stability_orders)),
            stability_weeks => number(rule.stability_weeks),
        },
        vip_share => words.whole_percent(settings.importance_rule.vip_share),
        key_share => words.whole_percent(settings.importance_rule.key_share),
    };
    app.page_with(status, session, "insight/rules.html", context)
}

pub async fn save(
    State(app): State<App>,
    session: Session,
    Form(given): Form<HashMap<String, String>>,
) -> Answer<Response> {
    setting::for_administrators(&session, ("the rules of classes", "客户分类规则"))?;
    let settings = Settings::load(app.engine()).await?;
    let (rule, by) = match read(&given, settings.measured_by) {
        Ok(read) => read,
        Err((field, problem)) => {
            return show(
                &app,
                &session,
                422,
                &settings,
                &given,
                Some((field.to_owned(), problem.message(session.lang))),
            );
        }
    };
    let before = settings.measured_by;
    let saved = app
        .engine()
        .write(&session.actor, move |tx| {
            Box::pin(async move {
                settings::set_stage_rule(tx, &rule).await?;
                if by == before {
                    return Ok(());
                }
                settings::set_measured_by(tx, by).await
            })
        })
        .await;
    match saved {
        Ok(()) => {}
        Err(Error::Invalid(problems)) => {
            let first =
                problems.first().map(|found| (found.field.clone(), found.problem.message(session.lang)));
            return show(&app, &session, 422, &settings, &given, first);
        }
        Err(error) => return Err(error.into()),
    }
    refit_status::queue(&app).await?;
    let text = app.t(session.lang, "value.rules_saved", &[]);
    Ok(Flash::success(text).on(Redirect::to("/value/rules").into_response()))
}

/// The rule and what value is measured by, as before where nothing of it is given; or the field that is wrong.
fn read(
    given: &HashMap<String, String>,
    by: ValueBy,
) -> Result<(StageRule, ValueBy), (&'static str, Problem)> {
    let text = |name: &str| given.get(name).map(|text| text.trim()).unwrap_or_default();
    let no_number = |name| (name, Problem::NotANumber { given: text(name).to_owned() });
    let number = |name: &'static str| {
        text(name).parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(|| no_number(name))
    };
    let count = |name: &'static str| text(name).parse::<u32>().map_err(|_| no_number(name));
    let by = match text(MEASURED_BY) {
        "" => by,
        given => ValueBy::ALL.into_iter().find(|by| by.name() == given).ok_or_else(|| {
            let allowed = ValueBy::ALL.map(|by| by.name().to_owned()).into();
            (MEASURED_BY, Problem::NotAChoice { given: given.to_owned(), allowed })
        })?,
    };
    let rule = StageRule {
        lost_below: number("lost_below")?,
        decline_below: number("decline_below")?,
        lost_intervals: number("lost_intervals")?,
        decline_intervals: number("decline_intervals")?,
        patience_weeks: number("patience_weeks")?,
        single_lost_weeks: number("single_lost_weeks")?,
        single_decline_weeks: number("single_decline_weeks")?,
        formation_orders: count("formation_orders")?,
        stability_orders: count("stability_orders")?,
        stability_weeks: number("stability_weeks")?,
    };
    Ok((rule, by))
}
