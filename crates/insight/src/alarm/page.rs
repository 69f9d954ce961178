//! `/value/alarms`: what is open, what became of the others, and whether alarms were worth it.

use super::{
    ENTITY,
    behind::{self, Link},
    core_customer::{self, ORDERS_MINIMUM, Replay},
    follow_up::{HORIZON_DAYS, Outcomes, REPORT, Report},
    rule::{AlarmSettings, RULES, Rule},
    signal::Signal,
};
use crate::{
    after_fit,
    kept::{self, Kept},
    pages::{
        figure::{Explain, Finding},
        href, scope,
        words::Words,
    },
    settings::{Settings, date_of, day_number},
};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use engine::{Action, Actor, Query};
use meta::{Choice, Field, Id, Record, Value};
use minijinja::context;
use serde::Serialize;
use std::collections::HashMap;
use value::proportion::share;
use web::{Answer, App, Flash, Session};

const OPEN_ROWS: usize = 50;
const PAST_ROWS: usize = 30;

#[derive(Serialize)]
struct Shown {
    rule: String,
    colour: &'static str,
    name: String,
    href: Option<String>,
    reasons: Vec<String>,
    /// Of a group or a region.
    behind: Vec<Link>,
    raised_on: String,
    owner: String,
    task_href: Option<String>,
    state: String,
    state_colour: &'static str,
    outcome: String,
    outcome_colour: &'static str,
    sales_after: String,
    orders_after: String,
}

#[derive(Serialize)]
struct Worth {
    rule: String,
    raised: String,
    open: String,
    /// About customers of which it is known whether they bought.
    known: String,
    bought: String,
    /// With its interval.
    share: String,
    sales_after: String,
}

pub fn sees_alarms(actor: &Actor) -> bool {
    actor.has(ENTITY, Action::Read)
}

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    let engine = app.engine();
    let settings = Settings::load(engine).await?;
    let currency = engine.company_currency().await?;
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
    let (open, past) = ("state in ['open', 'handled']", "state == 'closed'");
    let open_rows = rows(&words, &session, &settings, open, OPEN_ROWS).await?;
    let past_rows = rows(&words, &session, &settings, past, PAST_ROWS).await?;
    let (kept, replay): (Option<Kept<Report>>, Option<Kept<Replay>>) =
        match scope::sees_the_company(&session.actor) {
            true => (kept::find(engine, REPORT).await?, kept::find(engine, core_customer::REPORT).await?),
            false => (None, None),
        };
    // Of a rule that is off it would stay as it was.
    let is_on = AlarmSettings::load(engine).await?.is_on(Rule::CoreCustomer);
    let replay = replay.filter(|_| is_on);
    let context = context! {
        open => open_rows,
        open_href => href::sorted(ENTITY, open, "-raised_on"),
        past => past_rows,
        past_href => href::sorted(ENTITY, past, "-raised_on"),
        replay => replay.map(|kept| replayed(&words, &kept)),
        worth => kept.as_ref().map(|kept| worth(&words, &kept.body)).unwrap_or_default(),
        made_at => kept.as_ref().map(|kept| words.format.instant(kept.made_at)),
        held => settings.as_of.map(|day| words.date(day)),
        weeks => HORIZON_DAYS / 7,
        can_set => session.actor.is_administrator(),
    };
    app.page(&session, "insight/alarms.html", context).map(IntoResponse::into_response)
}

/// Looks again now.
pub async fn begin(State(app): State<App>, session: Session) -> Answer<Response> {
    scope::whole_company(&session)?;
    app.engine().write(&Actor::system(), |tx| Box::pin(after_fit::queue(tx))).await?;
    let text = app.t(session.lang, "alarm.begun", &[]);
    Ok(Flash::success(text).on(Redirect::to("/value/alarms").into_response()))
}

async fn rows(
    words: &Words<'_>,
    session: &Session,
    settings: &Settings,
    filter: &str,
    limit: usize,
) -> Answer<Vec<Shown>> {
    let engine = words.app.engine();
    let query = Query::new(ENTITY).filter(filter).sort("-raised_on").limit(limit);
    let page = engine.list(&session.actor, &query).await?;
    words.app.saw_many(session, ENTITY, page.records.len(), &[("filter", filter)]);
    let owners: Vec<(&str, Id)> =
        page.records.iter().filter_map(|alarm| Some(("user", alarm.reference("owner")?))).collect();
    let owners = engine.titles(&session.actor, &owners).await?;
    Ok(page.records.iter().map(|alarm| shown(words, settings, alarm, &owners)).collect())
}

fn shown(words: &Words<'_>, settings: &Settings, alarm: &Record, owners: &HashMap<Id, String>) -> Shown {
    let choice = |field: &str| named(words, field, alarm.text(field));
    let signals: Vec<Signal> = match alarm.get("signals") {
        Value::Json(json) => serde_json::from_value(json.clone()).unwrap_or_default(),
        _ => vec![],
    };
    let (rule, colour) = choice("rule");
    let (state, state_colour) = choice("state");
    let (outcome, outcome_colour) = choice("outcome");
    let date = |field: &str| alarm.get(field).as_date().map(|day| words.date(day)).unwrap_or_default();
    let behind = behind::links(words, settings, alarm);
    let account = alarm.reference("account").map(|account| format!("/account/{account}"));
    let orders = alarm.get("orders_after").as_int();
    let sales = alarm.get("sales_after").as_decimal().and_then(|amount| meta::scaled(amount, 4));
    Shown {
        rule,
        colour,
        name: alarm.text("name").to_owned(),
        href: account.or_else(|| behind.first().map(|link| link.href.clone())),
        reasons: signals.iter().map(|signal| signal.text(words.format, &words.currency)).collect(),
        behind,
        raised_on: date("raised_on"),
        owner: alarm.reference("owner").and_then(|owner| owners.get(&owner).cloned()).unwrap_or_default(),
        task_href: alarm.reference("task").map(|task| format!("/activity/{task}")),
        state,
        state_colour,
        outcome,
        outcome_colour,
        sales_after: sales.map(|amount| words.whole_amount(amount)).unwrap_or_default(),
        orders_after: orders.map(|orders| words.count(orders.unsigned_abs())).unwrap_or_default(),
    }
}

/// A choice's word and colour; nothing for an empty one.
fn named(words: &Words<'_>, field: &str, value: &str) -> (String, &'static str) {
    let entity = words.registry().entity(ENTITY).ok();
    let choices = entity.and_then(|entity| entity.get(field)).map(Field::choices).unwrap_or_default();
    match choices.iter().find(|choice| choice.value == value) {
        Some(Choice { label, colour, .. }) => (label.get(words.lang).to_owned(), colour),
        None => (value.to_owned(), "grey"),
    }
}

/// The rule of core customers 13 weeks ago, beside as many customers at random.
fn replayed(words: &Words<'_>, kept: &Kept<Replay>) -> Finding {
    let replay = &kept.body;
    let mut explain = Explain::new(words.meaning("alarm.replay_help", &[]), words.date(kept.as_of));
    for (key, number) in [
        ("customers", replay.customers),
        ("silent", replay.silent),
        ("told", replay.told),
        ("told_silent", replay.told_silent),
    ] {
        explain = explain.input(words.t(&format!("alarm.replay_input.{key}"), &[]), words.count(number));
    }
    let core =
        format!("orders >= {ORDERS_MINIMUM} && (importance in ['vip', 'key'] || value_quadrant == 'core')");
    let explain = explain.source(href::sorted("account", &core, "-net_sales"), words.t("alarm.core", &[]));
    Finding { text: replay_text(words, kept), explain }
}

fn replay_text(words: &Words<'_>, kept: &Kept<Replay>) -> String {
    let (weeks, since) =
        (words.count(HORIZON_DAYS as u64 / 7), date_of(day_number(kept.as_of) - HORIZON_DAYS));
    let (since, replay) = (words.date(since), &kept.body);
    if replay.customers == 0 {
        let orders = words.count(ORDERS_MINIMUM.into());
        return words.t("alarm.replay_nobody", &[("weeks", &weeks), ("since", &since), ("orders", &orders)]);
    }
    let customers = words.count(replay.customers);
    let at_random = share(replay.silent, replay.customers).map(|found| words.percent(found.at));
    let at_random = at_random.unwrap_or_default();
    let Some(found) = share(replay.told_silent, replay.told) else {
        let given =
            [("since", since.as_str()), ("customers", &customers), ("random", &at_random), ("weeks", &weeks)];
        return words.t("alarm.replay_none", &given);
    };
    let [at, low, high] = [found.at, found.low, found.high].map(|share| words.whole_percent(share));
    words.t(
        "alarm.replay",
        &[
            ("since", &since),
            ("weeks", &weeks),
            ("customers", &customers),
            ("told", &words.count(replay.told)),
            ("silent", &words.count(replay.told_silent)),
            ("share", &at),
            ("low", &low),
            ("high", &high),
            ("random", &at_random),
        ],
    )
}

fn worth(words: &Words<'_>, report: &Report) -> Vec<Worth> {
    let row = |(name, one): (&str, &Outcomes)| {
        let cases = one.bought + one.not_bought;
        let known = share(one.bought, cases);
        Worth {
            rule: named(words, "rule", name).0,
            raised: words.count(one.raised),
            open: words.count(one.open),
            known: words.count(cases),
            bought: words.count(one.bought + one.recovered),
            share: known
                .map(|known| {
                    let part = words.whole_percent(known.at);
                    let (low, high) = (words.whole_percent(known.low), words.whole_percent(known.high));
                    format!("{part} ({low} – {high})")
                })
                .unwrap_or_default(),
            sales_after: words.whole_amount(one.sales_after),
        }
    };
    let all = RULES.iter().map(|declared| declared.rule.name());
    all.filter_map(|name| Some((name, report.get(name)?))).map(row).collect()
}
