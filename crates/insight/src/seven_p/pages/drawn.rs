//! `/value/seven-p/promotion/drawn?region=…&measured=…`: the experiments in which a region is compared with others, each with the way to its
//! customers who were there on the day they were drawn: whoever has moved since is among them, and whoever has come is not.

use super::{
    effects::{outcome, shown},
    experiments::tried,
};
use crate::{
    mining::experiment::{ENTITY, result::Within},
    pages::{Side, figure::Input, scope, words::Words},
    settings::Settings,
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::Error;
use minijinja::context;
use mining::effect::within::Against;
use serde::Deserialize;
use serde_json::json;
use web::{Answer, App, Session};

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    region: String,
    /// What experiments are measured by.
    #[serde(default)]
    measured: String,
}

pub(super) fn href(region: &str, measured: &str) -> String {
    format!("/value/seven-p/promotion/drawn?region={}&measured={measured}", web::encode(region))
}

pub async fn page(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Answer<Response> {
    scope::whole_company(&session)?;
    if asked.region.is_empty() || asked.measured.is_empty() {
        return Ok(Redirect::to("/value/seven-p/promotion").into_response());
    }
    let engine = app.engine();
    let currency = engine.company_currency().await?;
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
    let Asked { region, measured } = &asked;
    let within = Within::Region(region.clone());
    let (mut rows, mut drawn) = (vec![], [0; 2]);
    for one in tried(engine, &session.actor).await? {
        let regions = one.ended().map(|found| found.regions.as_slice()).unwrap_or_default();
        let told = regions.iter().find(|part| part.name == *region && outcome(&part.arms) == measured);
        // With no other region in it, it says nothing of this one against others.
        let Some((part, against)) = told.zip(Against::of(regions, region)) else { continue };
        let (effect, [reached, left_alone]) = (part.arms.effect(), part.arms.customers());
        let more = against.interval();
        drawn = [drawn[0] + reached, drawn[1] + left_alone];
        let shown = |value: f64| shown(&words, measured, value);
        let side = |side: Side, value: f64, customers: u64| {
            let customers = words.count(customers);
            json!({
                "value": shown(value), "href": side.href(one.experiment.id, Some(&within)),
                "customers": words.t("mining.of_customers", &[("count", &customers)]),
            })
        };
        rows.push(json!({
            "name": one.experiment.text("name"),
            "href": format!("/{ENTITY}/{}", one.experiment.id),
            "treated": side(Side::Reached, effect.treated, reached),
            "control": side(Side::LeftAlone, effect.control, left_alone),
            "difference": shown(effect.difference),
            "interval": format!("{} – {}", shown(effect.lower), shown(effect.upper)),
            "others": shown(against.others),
            "more": shown(against.difference()),
            "more_interval": format!("{} – {}", shown(more.0), shown(more.1)),
        }));
    }
    if rows.is_empty() {
        return Err(Error::NotFound(href(region, measured)).into());
    }
    let as_of = Settings::load(engine).await?.as_of_day(engine.clock());
    let inputs: Vec<Input> = [Side::Reached, Side::LeftAlone]
        .into_iter()
        .zip(drawn)
        .map(|(side, drawn)| Input { label: side.title(&words), value: words.count(drawn) })
        .collect();
    let context = context! {
        title => words.t("seven.drawn_title", &[("region", region)]),
        help => words.t(&format!("seven.drawn_{measured}"), &[("region", region)]),
        as_of => words.date(as_of),
        inputs,
        rows,
    };
    app.page(&session, "insight/seven_p_drawn.html", context).map(IntoResponse::into_response)
}
