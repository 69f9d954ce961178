//! `/value/seven-p/…`: one page for each of the seven, with the same filters and tabs.

use super::{
    cuts::{REPORT, Report},
    filter::{Filter, PERIODS, Wanted},
    pages::{self, Shown},
    read::Cut,
};
use crate::{
    facts::day_before,
    kept::{self, Kept},
    pages::{href, scope, words::Words},
    settings::Settings,
    store,
};
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::Error;
use minijinja::context;
use serde::Serialize;
use web::{Answer, App, Session};

/// In the order of the tabs.
pub const PARTS: [&str; 7] =
    ["profiling", "persistency", "profitability", "performance", "prospecting", "product", "promotion"];

#[derive(Serialize)]
struct Offered {
    value: String,
    label: String,
    chosen: bool,
}

pub async fn first() -> Redirect {
    Redirect::to("/value/seven-p/profiling")
}

pub async fn page(
    State(app): State<App>,
    session: Session,
    Path(part): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    scope::whole_company(&session)?;
    let Some(part) = PARTS.into_iter().find(|known| *known == part) else {
        return Err(Error::NotFound(format!("/value/seven-p/{part}")).into());
    };
    let engine = app.engine();
    let currency = engine.company_currency().await?;
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
    let kept: Option<Kept<Report>> = kept::find(engine, REPORT).await?;
    let stored = store::newest_model(engine).await?;
    let settings = Settings::load(engine).await?;
    let stored = stored.filter(|stored| stored.overview.orders > 0);
    let has_orders = stored.is_some();
    let (Some(kept), Some(stored)) = (kept, stored) else {
        let context = context! { empty => true, has_orders };
        return app.page(&session, "insight/seven_p.html", context).map(IntoResponse::into_response);
    };
    let filter = Filter::of(&wanted, kept.as_of);
    let cut = Cut { engine, run: kept.body.places_run, filter: &filter };
    let board = pages::Board {
        words: &words,
        session: &session,
        filter: &filter,
        cut: &cut,
        stored: &stored,
        as_of: words.date(kept.as_of),
        days: href::Days { settings: &settings, after: day_before(filter.from), until: filter.last },
    };
    let mut shown: Shown = match part {
        "profiling" => board.profiling().await?,
        "persistency" => board.persistency().await?,
        "profitability" => board.profitability().await?,
        "performance" => board.performance().await?,
        "prospecting" => board.prospecting().await?,
        "product" => board.product().await?,
        _ => board.promotion().await?,
    };
    shown.inputs = board.inputs(&shown);
    let tabs: Vec<_> = PARTS
        .into_iter()
        .map(|one| {
            context! {
                label => words.t(&format!("seven.{one}"), &[]),
                href => format!("/value/seven-p/{one}{}", filter.query()),
                active => one == part,
            }
        })
        .collect();
    let context = context! {
        empty => false,
        part,
        name => words.t(&format!("seven.{part}"), &[]),
        question => words.t(&format!("seven.{part}_question"), &[]),
        as_of => words.date(kept.as_of),
        made_at => words.format.instant(kept.made_at),
        tabs,
        periods => periods(&words, &filter),
        compared => board.compared(),
        relations => relations(&words, &filter),
        regions => regions(&words, &filter, &kept.body),
        shown,
    };
    app.page(&session, "insight/seven_p.html", context).map(IntoResponse::into_response)
}

fn periods(words: &Words<'_>, filter: &Filter) -> Vec<Offered> {
    let option = |months: u32| Offered {
        value: months.to_string(),
        label: words.t("seven.months", &[("count", &words.count(u64::from(months)))]),
        chosen: months == filter.months,
    };
    PERIODS.into_iter().map(option).collect()
}

fn relations(words: &Words<'_>, filter: &Filter) -> Vec<Offered> {
    let choices = words.field("relation").map(|field| field.choices().to_vec()).unwrap_or_default();
    let option = |choice: meta::Choice| Offered {
        label: choice.label.get(words.lang).to_owned(),
        chosen: choice.value == filter.relation,
        value: choice.value,
    };
    let all = Offered {
        value: String::new(),
        label: words.t("seven.all_relations", &[]),
        chosen: filter.relation.is_empty(),
    };
    [all].into_iter().chain(choices.into_iter().map(option)).collect()
}

fn regions(words: &Words<'_>, filter: &Filter, report: &Report) -> Vec<Offered> {
    let option = |region: &String| Offered {
        value: region.clone(),
        label: region.clone(),
        chosen: *region == filter.region,
    };
    let all = Offered {
        value: String::new(),
        label: words.t("seven.all_regions", &[]),
        chosen: filter.region.is_empty(),
    };
    [all].into_iter().chain(report.regions.iter().map(option)).collect()
}
