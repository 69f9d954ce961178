//! `/analysis/baskets/tested`: the customers on whom methods of recommending were tried.

use super::{baskets, group_moves::COLUMNS, scope, words};
use crate::{mining::recommend, paged, pages::behind::Behind, settings::date_of};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use web::{Answer, App, Session};

pub(super) const PATH: &str = "/analysis/baskets/tested";

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    after: String,
}

pub async fn page(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let engine = app.engine();
    let (kept, told) = (recommend::tested(engine).await?, recommend::load(engine).await?);
    let test = told.as_ref().and_then(|told| told.body.backtest.as_ref().ok());
    let Some((kept, test)) = kept.zip(test).filter(|(kept, _)| !kept.body.is_empty()) else {
        // It says how methods were tried, or why they were not.
        return Ok(Redirect::to(baskets::PATH).into_response());
    };
    let words = words(&app, &session).await?;
    let after = paged::After::read(&asked.after)?;
    let from_there = kept.body.iter().skip(paged::first_place(after)).copied();
    let (as_of, at) = (words.date(kept.as_of), words.format.instant(kept.computed_at));
    let behind = Behind {
        title: words.t("mining.tested_list", &[("cut", &words.date(date_of(test.cut)))]),
        help: words.t("mining.tested_list_help", &[]),
        foot: words.t("mining.as_of", &[("as_of", &as_of), ("at", &at)]),
        back: (baskets::PATH.to_owned(), words.t("mining.baskets_title", &[])),
        columns: &COLUMNS,
        told: None,
        page: paged::of_kept(after, from_there)?,
        total: kept.body.len(),
    };
    behind.show(&words, &session, PATH).await
}
