//! The list of dashboards, a dashboard, and one of its tiles.

use super::{
    ENTITY, PATH,
    tiles::{Filters, Tile, Width, tiles_of},
};
use crate::{
    explore::{self, Ground, Pairs},
    question,
    said::{Said, said},
    words::Words,
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use engine::{Error, Result};
use meta::{Id, Record};
use minijinja::context;
use serde::Serialize;
use std::collections::HashMap;
use warehouse::semantic;
use web::{Answer, App, Session};

pub async fn list(State(app): State<App>, session: Session) -> Answer<Response> {
    let words = Words::of(&app, &session).await?;
    let dashboards = question::listed(&words, &session, ENTITY, PATH).await?;
    let teams = question::teams(app.engine(), &session.actor).await?;
    app.page_with(200, &session, "analysis/dashboards.html", context! { dashboards, teams })
}

#[derive(Serialize)]
struct Placed {
    at: usize,
    /// As it stands in the form.
    value: String,
    name: String,
    width: &'static str,
    href: String,
    first: bool,
    last: bool,
    /// The reader may see its question.
    seen: bool,
    /// Others do not see it as they see the dashboard.
    private: bool,
}

fn asked(pairs: &Pairs, name: &str) -> bool {
    pairs.iter().any(|(known, value)| known == name && !value.is_empty())
}

pub async fn page(
    State(app): State<App>,
    session: Session,
    Path(id): Path<Id>,
    Query(pairs): Query<Pairs>,
) -> Answer<Response> {
    let words = Words::of(&app, &session).await?;
    let engine = app.engine();
    let dashboard = engine.get(&session.actor, ENTITY, id).await?;
    app.saw(&session, ENTITY, id);
    let own = question::is_own(&session.actor, &dashboard);
    let edits = own && asked(&pairs, "edit");
    let (filters, found) = Filters::read(&pairs);
    let problems: Vec<Said> =
        found.iter().flat_map(|(_, error)| said(&words, error).unwrap_or_default()).collect();
    let tiles = tiles_of(&dashboard)?;
    let known = questions(&app, &session, &tiles).await?;
    let model = semantic::askable(engine, &session.actor)?;
    let ground = Ground::new(&words, &session.actor, &model);
    let builder = ground.builder(filters.view(), problems).await?;
    let offered = if edits { question::visible(engine, &session.actor).await? } else { vec![] };
    let offered: Vec<(String, String)> =
        offered.iter().map(|record| (record.id.to_string(), record.text("name").to_owned())).collect();
    let context = context! {
        id => id.to_string(),
        name => dashboard.text("name"),
        description => dashboard.text("description"),
        shared => dashboard.get("shared").as_bool() == Some(true),
        team => dashboard.reference("team").map(|team| team.to_string()).unwrap_or_default(),
        teams => if own { question::teams(engine, &session.actor).await? } else { vec![] },
        own,
        edits,
        builder,
        query => filters.query(),
        tiles => placed(&dashboard, &tiles, &known),
        offered,
    };
    app.page_with(200, &session, "analysis/dashboard.html", context)
}

/// The questions the reader may see, by id.
async fn questions(app: &App, session: &Session, tiles: &[Tile]) -> Result<HashMap<Id, Record>> {
    let ids: Vec<Id> = tiles.iter().map(|tile| tile.question).collect();
    let found = app.engine().get_many(&session.actor, question::ENTITY, &ids).await?;
    Ok(found
        .into_iter()
        .filter(|record| record.deleted_at.is_none())
        .map(|record| (record.id, record))
        .collect())
}

fn placed(dashboard: &Record, tiles: &[Tile], known: &HashMap<Id, Record>) -> Vec<Placed> {
    let shared = |record: &Record| record.get("shared").as_bool() == Some(true);
    let narrower = |record: &Record| {
        !shared(record) && (shared(dashboard) || dashboard.reference("team") != record.reference("team"))
    };
    let one = |(at, tile): (usize, &Tile)| {
        let record = known.get(&tile.question);
        Placed {
            at,
            value: written(tile),
            name: record.map(|record| record.text("name").to_owned()).unwrap_or_default(),
            width: tile.width.name(),
            href: format!("{}/{}", question::PATH, tile.question),
            first: at == 0,
            last: at + 1 == tiles.len(),
            seen: record.is_some(),
            private: record.is_some_and(narrower),
        }
    };
    tiles.iter().enumerate().map(one).collect()
}

/// `0197…:half`
pub fn written(tile: &Tile) -> String {
    format!("{}:{}", tile.question, tile.width.name())
}

pub fn tile_of(text: &str) -> Option<Tile> {
    let (question, width) = text.split_once(':')?;
    Some(Tile { question: question.parse().ok()?, width: Width::parse(width)? })
}

pub async fn tile(
    State(app): State<App>,
    session: Session,
    Path((id, at)): Path<(Id, usize)>,
    Query(pairs): Query<Pairs>,
) -> Answer<Response> {
    let words = Words::of(&app, &session).await?;
    let dashboard = app.engine().get(&session.actor, ENTITY, id).await?;
    let missing = || Error::NotFound(format!("{ENTITY} {id} tile {at}"));
    let tile = tiles_of(&dashboard)?.into_iter().nth(at).ok_or_else(missing)?;
    let record = app.engine().get(&session.actor, question::ENTITY, tile.question).await?;
    let (filters, _) = Filters::read(&pairs);
    let view = filters.over(question::view_of(&record)?);
    let model = semantic::askable(app.engine(), &session.actor)?;
    let shown = explore::shown(&words, &session, &view, &model).await?;
    let href = view.href();
    // A refused tile is a tile that says why; the page around it is as it should be.
    app.page_with(
        200,
        &session,
        "analysis/tile.html",
        context! { shown, href, at, name => record.text("name") },
    )
}
