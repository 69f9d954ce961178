//! `/value/alarms/settings`: which rules are on, from which thresholds, and who gets what belongs to nobody.

use super::rule::{AlarmSettings, RULES, Unit};
use crate::pages::setting;
use axum::{Form, extract::State, response::Response};
use engine::Query;
use meta::{Id, Problem};
use minijinja::context;
use serde::Serialize;
use std::collections::HashMap;
use web::{Answer, App, Session};

const USERS: usize = 200;
const WHAT: (&str, &str) = ("the settings of alarms", "预警设置");

#[derive(Serialize)]
struct RuleShown {
    name: &'static str,
    label: String,
    help: String,
    is_on: bool,
    thresholds: Vec<ThresholdShown>,
}

#[derive(Serialize)]
struct ThresholdShown {
    name: &'static str,
    label: String,
    value: String,
    unit: String,
    error: Option<String>,
}

#[derive(Serialize)]
struct Person {
    id: String,
    name: String,
    chosen: bool,
}

type Given = HashMap<String, String>;

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    setting::for_administrators(&session, WHAT)?;
    let settings = AlarmSettings::load(app.engine()).await?;
    show(&app, &session, 200, &settings, &Given::new(), None).await
}

async fn show(
    app: &App,
    session: &Session,
    status: u16,
    settings: &AlarmSettings,
    given: &Given,
    wrong: Option<(String, String)>,
) -> Answer<Response> {
    let t = |key: String| app.t(session.lang, &key, &[]);
    let error = |name: &str| wrong.as_ref().filter(|(field, _)| field == name).map(|(_, text)| text.clone());
    let rules: Vec<RuleShown> = RULES
        .iter()
        .map(|declared| RuleShown {
            name: declared.rule.name(),
            label: t(format!("alarm.rule.{}", declared.rule.name())),
            help: t(format!("alarm.rule_help.{}", declared.rule.name())),
            is_on: settings.is_on(declared.rule),
            thresholds: declared
                .thresholds
                .iter()
                .map(|one| ThresholdShown {
                    name: one.name,
                    label: t(format!("alarm.threshold.{}", one.name)),
                    value: given
                        .get(one.name)
                        .cloned()
                        .unwrap_or_else(|| one.unit.shown(settings.get(one.name))),
                    unit: match one.unit {
                        Unit::Percent => "%".to_owned(),
                        Unit::Count => String::new(),
                    },
                    error: error(one.name),
                })
                .collect(),
        })
        .collect();
    let users = Query::new("user").filter("active").sort("name").limit(USERS).fields(&["name"]);
    let users = app.engine().list(&session.actor, &users).await?;
    let people: Vec<Person> = users
        .records
        .iter()
        .map(|user| Person {
            id: user.id.to_string(),
            name: user.text("name").to_owned(),
            chosen: settings.receiver == Some(user.id),
        })
        .collect();
    let context = context! { rules, people, error => wrong.as_ref().map(|(_, text)| text) };
    app.page_with(status, session, "insight/alarm_settings.html", context)
}

pub async fn save(State(app): State<App>, session: Session, Form(given): Form<Given>) -> Answer<Response> {
    setting::for_administrators(&session, WHAT)?;
    let mut settings = AlarmSettings::default();
    for declared in &RULES {
        if !given.contains_key(declared.rule.name()) {
            settings.off.push(declared.rule.name().to_owned());
        }
        for one in declared.thresholds {
            let text = given.get(one.name).cloned().unwrap_or_default();
            let Some(number) = one.unit.read(&text) else {
                let problem = Problem::NotANumber { given: text }.message(session.lang);
                let wrong = Some((one.name.to_owned(), problem));
                return show(&app, &session, 422, &settings, &given, wrong).await;
            };
            settings.thresholds.insert(one.name.to_owned(), number);
        }
    }
    settings.receiver = given.get("receiver").and_then(|id| id.parse::<Id>().ok());
    let kept = settings.clone();
    let saved = setting::save(&app, &session, "/value/alarms", "alarm.saved", move |tx| {
        Box::pin(async move { kept.save(tx).await })
    });
    match saved.await? {
        Ok(answer) => Ok(answer),
        Err(found) => {
            let wrong = Some((found.field, found.problem.message(session.lang)));
            show(&app, &session, 422, &settings, &given, wrong).await
        }
    }
}
