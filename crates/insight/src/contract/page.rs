//! `/value/contracts`: what was computed last, and what counts as a contract.

use super::{
    compute::{REPORT, Report},
    definition::{Definition, PERIODS, amounts, days, traits},
    shown,
};
use crate::{
    kept::{self, Kept},
    pages::{scope, setting, words::Words},
};
use axum::{Form, extract::State, response::Response};
use meta::Field;
use minijinja::context;
use serde::Serialize;
use std::collections::HashMap;
use web::{Answer, App, Session};

type Given = HashMap<String, String>;

#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    let definition = Definition::load(app.engine()).await?;
    show(&app, &session, 200, &definition, None).await
}

async fn show(
    app: &App,
    session: &Session,
    status: u16,
    definition: &Definition,
    error: Option<String>,
) -> Answer<Response> {
    scope::whole_company(session)?;
    let engine = app.engine();
    let currency = engine.company_currency().await?;
    let words = Words { app, lang: session.lang, format: session.format(), currency };
    let in_force = Definition::load(engine).await?;
    let kept: Option<Kept<Report>> = kept::find(engine, REPORT).await?;
    // Until what was chosen has been looked at, there is nothing to show of it.
    let kept = kept.filter(|kept| kept.body.definition == in_force);
    let account = engine.registry().entity("account")?;
    let choice = |field: &Field, chosen: bool| Choice {
        value: field.name.clone(),
        label: field.label.get(session.lang).to_owned(),
        chosen,
    };
    let months = PERIODS.map(|months| Choice {
        value: months.to_string(),
        label: words.t(&format!("contract.every.{months}"), &[]),
        chosen: definition.months == months,
    });
    let none = Choice {
        value: String::new(),
        label: words.t("contract.amount.none", &[]),
        chosen: definition.amount.is_empty(),
    };
    let amounts = amounts(account).map(|f| choice(f, f.name == definition.amount));
    let what = [
        ("start", words.label(&in_force.start)),
        ("end", words.label(&in_force.end)),
        ("every", words.t(&format!("contract.every.{}", in_force.months), &[])),
    ];
    let what: Vec<(&str, &str)> = what.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let context = context! {
        error,
        can_set => session.actor.is_administrator(),
        what => words.t("contract.what", &what),
        starts => days(account).map(|f| choice(f, f.name == definition.start)).collect::<Vec<_>>(),
        ends => days(account).map(|f| choice(f, f.name == definition.end)).collect::<Vec<_>>(),
        months,
        amounts => std::iter::once(none).chain(amounts).collect::<Vec<_>>(),
        features => traits(account).map(|f| choice(f, definition.features.contains(&f.name))).collect::<Vec<_>>(),
        found => kept.as_ref().map(|kept| shown::found(&words, kept)),
    };
    app.page_with(status, session, "insight/contracts.html", context)
}

pub async fn save(State(app): State<App>, session: Session, Form(given): Form<Given>) -> Answer<Response> {
    setting::for_administrators(&session, ("what counts as a contract", "合同的定义"))?;
    let text = |name: &str| given.get(name).cloned().unwrap_or_default();
    let account = app.engine().registry().entity("account")?;
    let definition = Definition {
        start: text("start"),
        end: text("end"),
        // What is no number is none of the periods.
        months: text("months").trim().parse().unwrap_or(0),
        amount: text("amount"),
        features: traits(account)
            .map(|field| field.name.clone())
            .filter(|name| given.contains_key(&format!("feature_{name}")))
            .collect(),
    };
    let chosen = definition.clone();
    let saved = setting::save(&app, &session, "/value/contracts", "contract.saved", move |tx| {
        Box::pin(async move { chosen.save(tx).await })
    });
    match saved.await? {
        Ok(answer) => Ok(answer),
        Err(wrong) => {
            let part = app.t(session.lang, &format!("contract.{}", wrong.field), &[]);
            let text = format!("{part}: {}", wrong.problem.message(session.lang));
            show(&app, &session, 422, &definition, Some(text)).await
        }
    }
}
