//! What came of an experiment, on its page.

use super::{Words, groups::called, scope, uplift, words};
use crate::{
    mining::{
        experiment::{
            ENTITY,
            result::{self, Found},
        },
        group_names::Names,
    },
    pages::{
        figure::{Explain, Figure},
        href,
    },
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::BoxFuture;
use meta::{Id, Record};
use minijinja::context;
use mining::effect::{Effect, SIGNIFICANCE};
use serde_json::{Value as Json, json};
use web::{Answer, App, Flash, Session};

pub fn render(app: App, session: Session, record: Record) -> BoxFuture<'static, Answer<Option<String>>> {
    Box::pin(async move {
        if !scope::sees_the_company(&session.actor) {
            return Ok(None);
        }
        panel(&app, &session, &record).await.map(Some)
    })
}

/// Draws the customers the first time, and compares.
pub async fn compute(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    scope::whole_company(&session)?;
    app.engine().get(&session.actor, ENTITY, id).await?;
    if !result::in_progress(app.engine(), id).await? {
        result::queue(app.engine(), id).await?;
    }
    let text = app.t(session.lang, "mining.queued", &[]);
    Ok(Flash::success(text).on(Redirect::to(&format!("/{ENTITY}/{id}")).into_response()))
}

async fn panel(app: &App, session: &Session, record: &Record) -> Answer<String> {
    let words = words(app, session).await?;
    let kept = result::load(app.engine(), record.id).await?;
    let shown = match &kept {
        None => context! { found => false },
        Some(kept) => {
            let found = &kept.body;
            let as_of = words.date(kept.as_of);
            let by_sales = record.text("outcome") == "sales";
            let effect = if by_sales { &found.sales } else { &found.bought };
            context! {
                found => true,
                verdict => verdict(&words, effect, found),
                tone => effect.verdict.name(),
                figures => figures(&words, found, by_sales, &as_of),
                power => power(&words, found),
                parts => parts(&words, found, &Names::load(app.engine()).await?),
                as_of,
            }
        }
    };
    let context = context! {
        uplift => uplift::section(&words, session, record).await?,
        compute_href => format!("/analysis/experiment/{}", record.id),
        working => result::in_progress(app.engine(), record.id).await?,
        ..shown
    };
    app.render(session, "insight/mining_experiment.html", context)
}

fn verdict(words: &Words<'_>, effect: &Effect, found: &Found) -> String {
    let until = words.date(found.until);
    let key = if found.ended { "ended" } else { "running" };
    let said = words.t(&format!("mining.verdict.{}", effect.verdict.name()), &[]);
    format!("{said} {}", words.t(&format!("mining.verdict.{key}"), &[("until", &until)]))
}

fn figures(words: &Words<'_>, found: &Found, by_sales: bool, as_of: &str) -> Vec<Figure> {
    let effect = if by_sales { &found.sales } else { &found.bought };
    let shown = |value: f64| if by_sales { words.units(value) } else { words.percent(value) };
    let level = words.whole_percent(1.0 - SIGNIFICANCE);
    let explain = |key: &str| Explain::new(words.t(key, &[]), as_of);
    let side = |key: &str, customers: u64, value: f64| {
        Figure::new(words.t(key, &[]), shown(value), explain("mining.side_help"))
            .note(Some(words.t("mining.of_customers", &[("count", &words.count(customers))])))
    };
    let interval = words.t(
        "mining.interval",
        &[("level", &level), ("lower", &shown(effect.lower)), ("upper", &shown(effect.upper))],
    );
    let help = if by_sales { "mining.difference_sales_help" } else { "mining.difference_help" };
    let uplift = effect.uplift().map(|uplift| words.percent(uplift)).unwrap_or_default();
    vec![
        side("mining.treated", found.treated, effect.treated),
        side("mining.control", found.control, effect.control),
        Figure::new(
            words.t("mining.difference", &[]),
            shown(effect.difference),
            explain(help).input("p", words.fixed(effect.p_value, 4)),
        )
        .note(Some(interval)),
        Figure::new(words.t("mining.uplift", &[]), uplift, explain("mining.uplift_help")),
    ]
}

/// What so many customers can show.
fn power(words: &Words<'_>, found: &Found) -> String {
    let before = words.percent(found.before);
    let rise = found.smallest_rise.map(|rise| words.percent(rise)).unwrap_or_default();
    let needed = found.needed_for_a_tenth.map(|needed| words.count(needed)).unwrap_or_default();
    let key = match (found.smallest_rise, found.needed_for_a_tenth) {
        (None, _) if found.before >= 1.0 => "mining.power.all_bought",
        (None, _) => "mining.power.too_few",
        (Some(_), Some(_)) => "mining.power.seen",
        (Some(_), None) if found.before > 0.0 => "mining.power.nearly_all_bought",
        (Some(_), None) => "mining.power.nobody_bought",
    };
    words.t(key, &[("before", &before), ("rise", &rise), ("needed", &needed)])
}

fn parts(words: &Words<'_>, found: &Found, names: &Names) -> Option<Json> {
    let parts = found.parts.as_ref()?;
    let p = words.fixed(parts.p_value, 3);
    let key = if parts.real { "mining.parts_differ" } else { "mining.parts_alike" };
    // Groups of the day it was drawn: one that is gone has no name any more.
    let named = |number: &str| {
        let known = number.parse().ok().filter(|number| names.of.contains_key(number));
        known.map_or_else(
            || words.t("mining.group_number", &[("number", number)]),
            |known| {
                words.t(
                    "mining.group_named",
                    &[("number", number), ("name", &called(words, names, known, &[]))],
                )
            },
        )
    };
    let row = |(part, effect): &(mining::effect::heterogeneity::Part, Effect)| {
        json!({
            "name": named(&part.name),
            "href": href::list("account", &format!("customer_group == {}", part.name)),
            "treated": words.percent(effect.treated), "control": words.percent(effect.control),
            "difference": words.percent(effect.difference),
            "interval": format!("{} – {}", words.percent(effect.lower), words.percent(effect.upper)),
        })
    };
    // Where the effect is the same for all, a table by part would only invite to read noise.
    let rows: Vec<Json> = if parts.real { parts.parts.iter().map(row).collect() } else { vec![] };
    Some(json!({ "text": words.t(key, &[("p", &p)]), "rows": rows }))
}
