//! The page of rules: who needs a second factor, from where people may work.

use super::{administrators_only, idle, places};
use crate::{Answer, App, Flash, Session, second_factor};
use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect},
};
use engine::{Error, NEW_USER_ROLE};
use meta::{FieldProblem, Problem, label};
use minijinja::{Value, context};
use second_factor::Rule;
use std::collections::BTreeMap;

type Given = BTreeMap<String, String>;

pub(super) async fn show(State(app): State<App>, session: Session) -> Answer {
    administrators_only(&session)?;
    let rule = Rule::of(app.engine()).await?.name().to_owned();
    let minutes = idle::minutes(app.engine()).await?.to_string();
    let mut given =
        Given::from([(second_factor::RULE_KEY.to_owned(), rule), (idle::KEY.to_owned(), minutes)]);
    for key in places::KEYS {
        let setting = app.engine().setting(key).await?;
        let text = setting.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default();
        given.insert(key.to_owned(), text);
    }
    let role = app.engine().setting(NEW_USER_ROLE).await?;
    let role = role.and_then(|role| role.as_str().map(str::to_owned)).unwrap_or_default();
    given.insert(NEW_USER_ROLE.to_owned(), role);
    page(&app, &session, 200, &given, &[]).await
}

async fn page(app: &App, session: &Session, status: u16, given: &Given, problems: &[FieldProblem]) -> Answer {
    let lang = session.lang;
    let field = |key: &str, kind: &str, hint: &str, choices: Vec<Value>| {
        let problem = problems.iter().find(|problem| problem.field == key);
        context! {
            name => key,
            label => app.t(lang, key, &[]),
            kind,
            value => given.get(key).cloned().unwrap_or_default(),
            required => !choices.is_empty() && key != NEW_USER_ROLE,
            readonly => false,
            help => app.t(lang, hint, &[]),
            error => problem.map(|problem| problem.problem.message(lang)),
            wide => true,
            choices,
        }
    };
    let rules = Rule::ALL.map(|rule| {
        let label = app.t(lang, &format!("{}_{}", second_factor::RULE_KEY, rule.name()), &[]);
        context! { value => rule.name(), label }
    });
    let factor = field(second_factor::RULE_KEY, "choice", "sign_in.second_factor_hint", rules.to_vec());
    let places = places::KEYS.map(|key| field(key, "long_text", "sign_in.addresses_hint", vec![]));
    let idles = idle::CHOICES.map(|minutes| {
        let label = app.t(lang, &format!("{}_{minutes}", idle::KEY), &[]);
        context! { value => minutes, label }
    });
    let idle = field(idle::KEY, "choice", "sign_in.idle_minutes_hint", idles.to_vec());
    let roles = app.engine().role_names().await?;
    let roles: Vec<Value> =
        roles.iter().map(|(id, name)| context! { value => id.to_string(), label => name }).collect();
    let mut role = vec![];
    if !roles.is_empty() {
        let none = context! { value => "", label => app.t(lang, "rights.new_user_role_none", &[]) };
        let choices = [vec![none], roles].concat();
        role.push(field(NEW_USER_ROLE, "choice", "rights.new_user_role_hint", choices));
    }
    let fields: Vec<Value> = [factor, idle].into_iter().chain(role).chain(places).collect();
    let address = session.address.map(|address| address.to_string());
    app.page_with(status, session, "security.html", context! { fields, address })
}

/// What is wrong with the given settings; an administrator cannot lock himself out.
fn problems(session: &Session, given: &Given) -> Vec<FieldProblem> {
    let mut problems = vec![];
    let mut wrong = |key: &str, en: String, zh: String| {
        problems.push(FieldProblem::new(key, Problem::Rule(label(en, zh))));
    };
    let text = |key: &str| given.get(key).map(String::as_str).unwrap_or_default();
    if Rule::parse(text(second_factor::RULE_KEY)).is_none() {
        wrong(second_factor::RULE_KEY, "choose one of the list".into(), "请从列表中选择".into());
    }
    if given.get(idle::KEY).is_some_and(|text| !idle::CHOICES.contains(&text.as_str())) {
        wrong(idle::KEY, "choose one of the list".into(), "请从列表中选择".into());
    }
    for key in places::KEYS {
        match places::parse(text(key)) {
            Err(word) => wrong(
                key,
                format!("“{word}” is not a network: write 203.0.113.0/24 or a single address"),
                format!("“{word}”不是网段，请写成 203.0.113.0/24 或单个地址"),
            ),
            Ok(networks)
                if key == places::key_of(session.user.role)
                    && !places::contains(&networks, session.address) =>
            {
                let own = session.address.map_or("?".to_owned(), |address| address.to_string());
                wrong(
                    key,
                    format!("does not contain your own address {own}: you would lock yourself out"),
                    format!("未包含您当前的地址 {own}，保存后您将无法进入系统"),
                );
            }
            Ok(_) => {}
        }
    }
    problems
}

pub(super) async fn save(State(app): State<App>, session: Session, Form(given): Form<Given>) -> Answer {
    administrators_only(&session)?;
    let problems = problems(&session, &given);
    if !problems.is_empty() {
        return page(&app, &session, 422, &given, &problems).await;
    }
    // What a form does not hold stays as it is.
    let keys = [second_factor::RULE_KEY, idle::KEY, NEW_USER_ROLE].into_iter().chain(places::KEYS);
    let values: Vec<(&'static str, String)> =
        keys.filter_map(|key| Some((key, given.get(key)?.trim().to_owned()))).collect();
    match app.engine().change_settings(&session.actor, values).await {
        Ok(()) => {
            let text = app.t(session.lang, "security.saved", &[]);
            Ok(Flash::success(text).on(Redirect::to("/security").into_response()))
        }
        Err(Error::Invalid(problems)) => page(&app, &session, 422, &given, &problems).await,
        Err(error) => Err(error.into()),
    }
}
