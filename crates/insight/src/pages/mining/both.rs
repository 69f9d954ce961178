//! `/analysis/product/{id}/with/{other}`: the customers behind a number of what goes with a product, those who bought both.

use super::{group_moves::COLUMNS, product_href, products, scope, words};
use crate::{
    mining::recommend,
    pages::behind::{self, Behind},
};
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use meta::Id;
use serde::Deserialize;
use web::{Answer, App, Session};

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    page: usize,
}

pub(super) fn address(product: Id, other: Id) -> String {
    format!("{}/with/{other}", product_href(product))
}

pub async fn customers(
    State(app): State<App>,
    session: Session,
    Path((product, other)): Path<(Id, Id)>,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    scope::whole_company(&session)?;
    let engine = app.engine();
    let kept = recommend::load(engine).await?;
    let known = kept.and_then(|kept| {
        let both = kept.body.both(product, other)?;
        Some((kept, both))
    });
    let Some((kept, both)) = known else {
        // It says what goes with the product by now.
        return Ok(Redirect::to(&product_href(product)).into_response());
    };
    let words = words(&app, &session).await?;
    let names = products(engine, &session, [product, other]).await?;
    let name = |product: Id| names.get(&product).cloned().unwrap_or_default();
    let (one, another, as_of) = (name(product), name(other), words.date(kept.as_of));
    let total = both as usize;
    let start = behind::start(asked.page, total);
    let behind = Behind {
        title: words.t("mining.both_list", &[("product", &one), ("other", &another), ("now", &as_of)]),
        help: words.t("mining.moved_list_help", &[]),
        foot: words.t("mining.as_of", &[("as_of", &as_of), ("at", &words.format.instant(kept.computed_at))]),
        back: (product_href(product), words.t("mining.who_title", &[("name", &one)])),
        columns: &COLUMNS,
        told: None,
        ids: recommend::customers_of_both(engine, [product, other], kept.as_of, start, behind::ROWS).await?,
        total,
        page: asked.page,
    };
    behind.show(&words, &session, |page| format!("{}?page={page}", address(product, other))).await
}
