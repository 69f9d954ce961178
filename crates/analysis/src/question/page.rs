//! Saving, opening, renaming and deleting questions, and the list of those one may see.

use super::ENTITY;
use crate::{
    explore::{Pairs, View},
    kept,
    words::Words,
};
use axum::{
    Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::{Actor, Engine, Error, Query, Result};
use meta::{Id, Record, Value, Values};
use minijinja::context;
use serde::Serialize;
use web::{Answer, App, Session};

/// Questions listed; who has more finds them by the lists of their entity.
const LIMIT: usize = 200;
pub const PATH: &str = "/analysis/questions";

/// The view a saved question opens.
pub fn view_of(record: &Record) -> Result<View> {
    let mut view = match record.get("definition") {
        Value::Json(definition) => View::of_kept(definition)?,
        _ => View::default(),
    };
    view.saved = Some(record.id);
    Ok(view)
}

/// Those the actor may see, by name.
pub async fn visible(engine: &Engine, actor: &Actor) -> Result<Vec<Record>> {
    Ok(engine.list(actor, &Query::new(ENTITY).sort("name").limit(LIMIT)).await?.records)
}

/// Whether the actor may change it.
pub fn is_own(actor: &Actor, record: &Record) -> bool {
    let shared = record.get("shared").as_bool() == Some(true);
    (actor.user.is_some() && record.reference("owner") == actor.user) || shared && actor.is_administrator()
}

#[derive(Serialize)]
pub struct Listed {
    id: Id,
    name: String,
    description: String,
    href: String,
    chart: String,
    owner: String,
    shared: bool,
    team: String,
    team_id: String,
    own: bool,
    updated: String,
}

pub async fn list(State(app): State<App>, session: Session) -> Answer<Response> {
    let words = Words::of(&app, &session).await?;
    let questions = listed(&words, &session, ENTITY, "/analysis/questions").await?;
    let teams = teams(app.engine(), &session.actor).await?;
    app.page_with(200, &session, "analysis/questions.html", context! { questions, teams })
}

/// Records of a personal entity with a page of their own, by name.
pub async fn listed(words: &Words<'_>, session: &Session, entity: &str, path: &str) -> Result<Vec<Listed>> {
    let engine = words.app.engine();
    let records = engine.list(&session.actor, &Query::new(entity).sort("name").limit(LIMIT)).await?.records;
    let owners = records.iter().filter_map(|record| Some(("user", record.reference("owner")?)));
    let teams = records.iter().filter_map(|record| Some(("team", record.reference("team")?)));
    let wanted: Vec<(&str, Id)> = owners.chain(teams).collect();
    let titles =
        if wanted.is_empty() { Default::default() } else { engine.titles(&session.actor, &wanted).await? };
    let title = |id: Option<Id>| id.and_then(|id| titles.get(&id).cloned()).unwrap_or_default();
    let now = engine.clock().now();
    let one = |record: &Record| {
        let chart = record.text("chart");
        Listed {
            id: record.id,
            name: record.text("name").to_owned(),
            description: record.text("description").to_owned(),
            href: format!("{path}/{}", record.id),
            chart: if ["", "auto"].contains(&chart) {
                String::new()
            } else {
                words.t(&format!("explore.chart_{chart}"), &[])
            },
            owner: title(record.reference("owner")),
            shared: record.get("shared").as_bool() == Some(true),
            team: title(record.reference("team")),
            team_id: record.reference("team").map(|id| id.to_string()).unwrap_or_default(),
            own: is_own(&session.actor, record),
            updated: words.format.relative(record.updated_at, now),
        }
    };
    Ok(records.iter().map(one).collect())
}

/// The teams something can be shared with: (id, name).
pub async fn teams(engine: &Engine, actor: &Actor) -> Result<Vec<(String, String)>> {
    let teams = engine.list(actor, &Query::new("team").sort("name").limit(LIMIT)).await?.records;
    Ok(teams.into_iter().map(|team| (team.id.to_string(), team.text("name").to_owned())).collect())
}

pub async fn open(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    let record = app.engine().get(&session.actor, ENTITY, id).await?;
    Ok(Redirect::to(&view_of(&record)?.href()).into_response())
}

fn given<'p>(pairs: &'p Pairs, wanted: &str) -> &'p str {
    pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.trim()).unwrap_or_default()
}

/// What a form says of name, note and with whom it is shared.
pub fn common(pairs: &Pairs) -> Result<Values> {
    let mut values = Values::new();
    values.insert("name", given(pairs, "name").into());
    values.insert("description", given(pairs, "description").into());
    values.insert("shared", (given(pairs, "with") == "everybody").into());
    let team =
        match given(pairs, "with") {
            "" | "me" | "everybody" => Value::Null,
            team => Value::Id(team.parse().map_err(|_| {
                Error::invalid("with", meta::Problem::NotAReference { given: team.to_owned() })
            })?),
        };
    values.insert("team", team);
    Ok(values)
}

/// A new question, or with `saved` and `again` the one it was opened from, as it is now.
pub async fn save(State(app): State<App>, session: Session, Form(pairs): Form<Pairs>) -> Answer<Response> {
    let (view, found) = View::read(&pairs);
    if let Some((_, error)) = found.into_iter().next() {
        return Err(error.into());
    }
    let mut definition = Values::new();
    definition.insert("definition", Value::Json(view.kept()));
    definition.insert("chart", view.chart.name().into());
    let again = view.saved.filter(|_| !given(&pairs, "again").is_empty());
    let id = match again {
        Some(id) => {
            kept::update(&app, &session, ENTITY, id, definition).await?;
            id
        }
        None => {
            let mut values = common(&pairs)?;
            values.extend(definition);
            kept::create(&app, &session, ENTITY, values).await?
        }
    };
    let href = View { saved: Some(id), ..view }.href();
    Ok(kept::told(&app, &session, "question.saved", &href))
}

pub async fn change(
    State(app): State<App>,
    session: Session,
    Path(id): Path<Id>,
    Form(pairs): Form<Pairs>,
) -> Answer<Response> {
    kept::update(&app, &session, ENTITY, id, common(&pairs)?).await?;
    Ok(kept::told(&app, &session, "question.changed", PATH))
}

pub async fn delete(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    kept::delete(&app, &session, ENTITY, id, "question.deleted", PATH).await
}
