//! The customers behind a number of what goes with a product: `/analysis/product/{id}/with/{other}`, those who bought both, and
//! `/analysis/product/{id}/bought`, those who bought it.

use super::{group_moves::COLUMNS, product_href, products, scope, words};
use crate::{
    mining::recommend::{self, Buyer, Buyers},
    paged::{After, Page, READ},
    pages::behind::Behind,
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
    after: String,
}

#[derive(Deserialize)]
pub struct AskedOne {
    #[serde(default)]
    after: String,
    /// Also those of too many products to say what goes with what.
    #[serde(default)]
    everybody: bool,
}

pub(super) fn address(product: Id, other: Id) -> String {
    format!("{}/with/{other}", product_href(product))
}

pub(super) fn address_of_one(product: Id, everybody: bool) -> String {
    let path = format!("{}/bought", product_href(product));
    if everybody { format!("{path}?everybody=true") } else { path }
}

pub async fn customers(
    State(app): State<App>,
    session: Session,
    Path((product, other)): Path<(Id, Id)>,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    let wanted = [product, other];
    show(&app, &session, (&wanted, false), &asked.after, &address(product, other)).await
}

pub async fn buyers(
    State(app): State<App>,
    session: Session,
    Path(product): Path<Id>,
    Query(asked): Query<AskedOne>,
) -> Answer<Response> {
    let AskedOne { after, everybody } = asked;
    show(&app, &session, (&[product], everybody), &after, &address_of_one(product, everybody)).await
}

async fn show(
    app: &App,
    session: &Session,
    (wanted, everybody): (&[Id], bool),
    after: &str,
    address: &str,
) -> Answer<Response> {
    scope::whole_company(session)?;
    let after: Option<After<Buyer>> = After::read(after)?;
    let engine = app.engine();
    let product = wanted.first().copied().unwrap_or_default();
    // It says what goes with the product by now.
    let nothing = || Ok(Redirect::to(&product_href(product)).into_response());
    let Some(kept) = recommend::load(engine).await? else { return nothing() };
    let buyers = Buyers { products: wanted, until: kept.as_of, everybody };
    let known = match wanted {
        [product, other] => kept.body.both(*product, *other),
        [product] if !everybody => kept.body.customers_of(*product),
        _ => None,
    };
    let total = match known {
        Some(known) => known as usize,
        None => buyers.count(engine).await?,
    };
    if total == 0 {
        return nothing();
    }
    let page = Page::new(after, buyers.following(engine, after.map(|after| after.key), READ).await?);
    let ids: Vec<Id> = page.rows.iter().map(|buyer| buyer.account).collect();
    let words = words(app, session).await?;
    let names = products(engine, session, wanted.iter().copied()).await?;
    let name = |at: usize| wanted.get(at).and_then(|id| names.get(id)).cloned().unwrap_or_default();
    let (one, another, as_of) = (name(0), name(1), words.date(kept.as_of));
    let title = match wanted.len() {
        1 => words.t("mining.bought_list", &[("product", &one), ("now", &as_of)]),
        _ => words.t("mining.both_list", &[("product", &one), ("other", &another), ("now", &as_of)]),
    };
    let behind = Behind {
        title,
        help: words.t("mining.moved_list_help", &[]),
        foot: words.t("mining.as_of", &[("as_of", &as_of), ("at", &words.format.instant(kept.computed_at))]),
        back: (product_href(product), words.t("mining.who_title", &[("name", &one)])),
        columns: &COLUMNS,
        told: None,
        page: page.with(ids),
        total,
    };
    behind.show(&words, session, address).await
}
