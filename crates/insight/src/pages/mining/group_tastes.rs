//! The table of what each group likes on the page of groups, and `/analysis/groups/tastes`: the customers of a group who bought of a
//! category it likes.

use super::{
    Words,
    group_moves::{COLUMNS, PATH},
    groups::{names, row_colour},
    scope, words,
};
use crate::{
    mining::{
        group_names::Names,
        group_tastes::{self, Liked},
        groups::{self, Found},
    },
    paged::After,
    pages::behind::Behind,
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::Engine;
use meta::Id;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use web::{Answer, App, Session};

#[derive(Deserialize)]
pub struct Of {
    group: Option<u32>,
    category: Option<Id>,
    #[serde(default)]
    after: String,
}

/// The address of who is behind a number, without its page.
fn address(group: u32, category: Id) -> String {
    format!("{PATH}/tastes?group={group}&category={category}")
}

/// Names of categories as the reader may see them.
async fn categories(
    engine: &Engine,
    session: &Session,
    ids: impl Iterator<Item = Id>,
) -> Answer<HashMap<Id, String>> {
    let wanted: Vec<(&str, Id)> = ids.map(|id| ("product_category", id)).collect();
    Ok(engine.titles(&session.actor, &wanted).await?)
}

fn category(words: &Words<'_>, names: &HashMap<Id, String>, id: Id) -> String {
    names.get(&id).cloned().unwrap_or_else(|| words.t("mining.taste_unnamed", &[]))
}

pub async fn customers(State(app): State<App>, session: Session, Query(of): Query<Of>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let engine = app.engine();
    let kept = groups::load(engine).await?;
    let liked = kept.as_ref().and_then(|kept| {
        let found = kept.body.as_ref().ok()?;
        let group = found.groups.iter().find(|group| Some(group.number) == of.group)?;
        let liked = group.likes.iter().find(|liked| Some(liked.category) == of.category)?;
        Some((kept, found, group.number, liked))
    });
    let Some((kept, found, number, liked)) = liked else {
        // It says what the group likes by now.
        return Ok(Redirect::to(PATH).into_response());
    };
    let words = words(&app, &session).await?;
    let named = names(&words, found, &Names::load(engine).await?);
    let group = named.iter().find(|(named, _)| *named == number).map(|(_, name)| name.as_str());
    let names = categories(engine, &session, [liked.category].into_iter()).await?;
    let as_of = words.date(kept.as_of);
    let title = words.t(
        "mining.taste_list",
        &[
            ("group", group.unwrap_or_default()),
            ("category", &category(&words, &names, liked.category)),
            ("now", &as_of),
        ],
    );
    let behind = Behind {
        title,
        help: words.t("mining.moved_list_help", &[]),
        foot: words.t("mining.as_of", &[("as_of", &as_of), ("at", &words.format.instant(kept.computed_at))]),
        back: (PATH.to_owned(), words.t("mining.groups_title", &[])),
        columns: &COLUMNS,
        told: None,
        page: group_tastes::buyers(engine, (number, liked.category), After::read(&of.after)?).await?,
        total: liked.taste.buyers,
    };
    behind.show(&words, &session, &address(number, liked.category)).await
}

/// A row for each category a group likes, or one that says that none stands out; `null` where an earlier version did not look.
pub(super) async fn table(
    words: &Words<'_>,
    session: &Session,
    found: &Found,
    named: &[(u32, String)],
) -> Answer<Json> {
    let Some(compared) = found.categories else { return Ok(Json::Null) };
    let liked = found.groups.iter().flat_map(|group| &group.likes).map(|liked| liked.category);
    let names = categories(words.app.engine(), session, liked).await?;
    let times = |number: f64| words.fixed(number, 2);
    let cells = |number: u32, liked: &Liked| {
        let taste = &liked.taste;
        json!({
            "category": category(words, &names, liked.category),
            "href": address(number, liked.category),
            "buyers": words.count(taste.buyers as u64),
            "share": words.percent(taste.share),
            "of_all": words.percent(taste.share_of_all),
            "lift": words.t("mining.times", &[("times", &times(taste.lift))]),
            "interval": format!("{} – {}", times(taste.low), times(taste.high)),
        })
    };
    let groups = found.groups.iter().zip(named).enumerate().map(|(at, (group, (number, name)))| {
        let customers = words.count(group.profile.customers as u64);
        json!({
            "name": name,
            "colour": row_colour(at),
            "likes": group.likes.iter().map(|liked| cells(*number, liked)).collect::<Vec<_>>(),
            "nothing": words.t("mining.taste_nothing", &[("count", &customers)]),
        })
    });
    Ok(json!({
        "groups": groups.collect::<Vec<_>>(),
        "compared": compared,
        "inputs": [
            { "label": words.t("mining.grouped", &[]), "value": words.count(found.customers as u64) },
            { "label": words.t("mining.taste_compared", &[]), "value": words.count(compared as u64) },
        ],
    }))
}
