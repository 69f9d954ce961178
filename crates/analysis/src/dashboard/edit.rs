//! Making, renaming, sharing and deleting dashboards, and putting their tiles in order.

use super::{
    ENTITY, PATH,
    page::tile_of,
    tiles::{Tile, Width},
};
use crate::{explore::Pairs, kept, question};
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::{Error, Result};
use meta::{Id, Problem, Value, Values};
use serde_json::json;
use web::{Answer, App, Session};

pub async fn create(State(app): State<App>, session: Session, Form(pairs): Form<Pairs>) -> Answer<Response> {
    let mut values = question::common(&pairs)?;
    values.insert("tiles", Value::Json(json!([])));
    let id = kept::create(&app, &session, ENTITY, values).await?;
    Ok(Redirect::to(&edited(id)).into_response())
}

/// The dashboard while it is edited.
fn edited(id: Id) -> String {
    format!("{PATH}/{id}?edit=1")
}

pub async fn change(
    State(app): State<App>,
    session: Session,
    Path(id): Path<Id>,
    Form(pairs): Form<Pairs>,
) -> Answer<Response> {
    kept::update(&app, &session, ENTITY, id, question::common(&pairs)?).await?;
    Ok(kept::told(&app, &session, "dashboard.changed", &edited(id)))
}

/// The tiles in the order of the form's fields, after the step its button says in `do`: `up 1`, `down 1`, `drop 1`, `add`.
pub async fn tiles(
    State(app): State<App>,
    session: Session,
    Path(id): Path<Id>,
    Form(pairs): Form<Pairs>,
) -> Answer<Response> {
    let tiles = Values::from([("tiles".to_owned(), Value::Json(json!(stepped(&pairs)?)))]);
    kept::update(&app, &session, ENTITY, id, tiles).await?;
    Ok(Redirect::to(&edited(id)).into_response())
}

fn stepped(pairs: &Pairs) -> Result<Vec<Tile>> {
    let wrong =
        |field: &str, given: &str| Error::invalid(field, Problem::NotAReference { given: given.to_owned() });
    let of = |wanted: &'static str| {
        pairs.iter().filter(move |(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    let mut tiles = vec![];
    for (at, text) in of("tile").enumerate() {
        let mut tile = tile_of(text).ok_or_else(|| wrong("tile", text))?;
        // The choice of a width stands beside its tile.
        if let Some(width) = of("width").nth(at) {
            tile.width = Width::parse(width).ok_or_else(|| {
                let allowed = Width::ALL.map(|width| width.name().to_owned()).to_vec();
                Error::invalid("width", Problem::NotAChoice { given: width.to_owned(), allowed })
            })?;
        }
        tiles.push(tile);
    }
    let step = of("do").next().unwrap_or_default();
    let (step, at) = step.split_once(' ').unwrap_or((step, ""));
    let at: usize = at.parse().unwrap_or(usize::MAX);
    match step {
        "" => {}
        "add" => {
            let text = of("question").next().unwrap_or_default();
            let question = text.parse().map_err(|_| wrong("question", text))?;
            tiles.push(Tile { question, width: Width::default() });
        }
        "drop" if at < tiles.len() => drop(tiles.remove(at)),
        "up" if at > 0 && at < tiles.len() => tiles.swap(at - 1, at),
        "down" if at.saturating_add(1) < tiles.len() => tiles.swap(at, at + 1),
        other => {
            let allowed = ["add", "drop", "up", "down"].map(str::to_owned).to_vec();
            return Err(Error::invalid("do", Problem::NotAChoice { given: other.to_owned(), allowed }));
        }
    }
    Ok(tiles)
}

pub async fn delete(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    kept::delete(&app, &session, ENTITY, id, "dashboard.deleted", PATH).await
}
