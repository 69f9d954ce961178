//! `/analysis/explore/cell`: what one figure is made of. Further down by another dimension, or through to the records.

use super::{
    answer,
    builder::Ground,
    change::{down, first_cut},
    explained::figures,
    page::{Pairs, read},
    view::{self, View},
};
use crate::{
    places,
    said::{Said, said},
    words::Words,
};
use axum::{
    extract::{Query, State},
    response::Response,
};
use engine::{Error, Result};
use minijinja::context;
use serde::Serialize;
use warehouse::semantic::{self, AnswerTable, Cut, DimensionKind, FACTS, Level, Model, Question, Within};
use web::{Answer, App, Session, figure::Figure};

/// Offered at once; the others are in a list to choose from.
const STEPS: usize = 6;

#[derive(Serialize)]
struct Member {
    dimension: String,
    label: String,
}

#[derive(Serialize)]
struct Step {
    label: String,
    href: String,
}

/// The records of one fact.
#[derive(Serialize)]
struct Behind {
    /// The list, filtered; nothing where its filter cannot say what the question says.
    list: Option<Step>,
    rows: Step,
}

#[derive(Serialize)]
struct Cell {
    members: Vec<Member>,
    figures: Vec<Figure>,
    problems: Vec<Said>,
    steps: Vec<Step>,
    groups: Vec<(String, Vec<(String, String)>)>,
    pairs: Vec<(&'static str, String)>,
    behind: Vec<Behind>,
    back_href: String,
}

/// The members a figure stands at, from the address.
fn at(words: &Words<'_>, pairs: &Pairs, problems: &mut Vec<Said>) -> Vec<Within> {
    let mut found = vec![];
    let at =
        pairs.iter().filter(|(name, _)| name == "a").filter_map(|(_, text)| view::within(text, &mut found));
    let at = at.collect();
    problems.extend(found.iter().flat_map(|(_, error)| said(words, error).unwrap_or_default()));
    at
}

/// The question of one figure alone.
fn question(view: &View, at: &[Within]) -> Question {
    let mut question = view.question.clone();
    question.within.extend(at.iter().filter(|step| !view.question.within.contains(step)).cloned());
    Question { cuts: vec![], top: None, share: false, running: false, sort: None, ..question }
}

pub async fn page(State(app): State<App>, session: Session, Query(pairs): Query<Pairs>) -> Answer<Response> {
    let words = Words::of(&app, &session).await?;
    let model = semantic::askable(app.engine(), &session.actor)?;
    let (view, mut problems) = read(&words, &pairs);
    let at = at(&words, &pairs, &mut problems);
    let ground = Ground::new(&words, &session.actor, &model);
    let cell = match cell(&ground, &session, &view, &at).await {
        Ok(cell) => Cell { problems, ..cell },
        Err(error) => {
            problems.extend(said(&words, &error).ok_or(error)?);
            empty(&view, problems)
        }
    };
    let status = if cell.problems.is_empty() { 200 } else { 422 };
    let template = if session.htmx { "analysis/cell.html" } else { "analysis/cell_page.html" };
    app.page_with(status, &session, template, context! { cell })
}

fn empty(view: &View, problems: Vec<Said>) -> Cell {
    Cell {
        members: vec![],
        figures: vec![],
        problems,
        steps: vec![],
        groups: vec![],
        pairs: vec![],
        behind: vec![],
        back_href: view.href(),
    }
}

async fn cell(ground: &Ground<'_>, session: &Session, view: &View, at: &[Within]) -> Result<Cell> {
    let (words, engine) = (ground.words, ground.words.app.engine());
    let whole = question(view, at);
    let documents = documents(ground.model, &whole.measures);
    let mut asked = whole.clone();
    asked.measures.extend(documents.iter().map(|(_, measure)| (*measure).to_owned()));
    asked.measures.dedup();
    let mut seen = std::collections::BTreeSet::new();
    asked.measures.retain(|name| seen.insert(name.clone()));
    let answer = semantic::ask(engine, &session.actor, &asked).await?;
    answer::note(words.app, session, &asked, &answer);
    let labels = ground.members(at).await?;
    let name = |step: &Within| {
        ground
            .dimension(&step.dimension)
            .map_or_else(|| step.dimension.clone(), |known| words.say(&known.label))
    };
    let shown = whole.measures.len();
    Ok(Cell {
        members: at.iter().zip(labels).map(|(step, label)| Member { dimension: name(step), label }).collect(),
        figures: figures(words, &answer, None).into_iter().take(shown).collect(),
        problems: vec![],
        steps: steps(ground, view, at, &whole),
        groups: groups(ground, &whole),
        pairs: down(view, at, Cut::new("", None), false)
            .pairs()
            .into_iter()
            .filter(|(name, value)| *name != "r" || !value.is_empty())
            .collect(),
        behind: behind(ground, session, view, at, &whole, &answer, &documents).await?,
        back_href: view.href(),
    })
}

/// The facts of these measures, each with the measure that counts its documents.
fn documents(model: &Model, measures: &[String]) -> Vec<(&'static str, &'static str)> {
    let facts: Vec<&str> = measures.iter().flat_map(|name| model.facts_of(name)).collect();
    let counted = FACTS.iter().filter(|fact| facts.contains(&fact.table));
    let asked = counted.filter_map(|fact| Some((fact.table, fact.documents?)));
    asked.filter(|(_, measure)| model.measure(measure).is_ok()).collect()
}

/// The next finer level of what the figure stands at, then what else the figures have in common, records and choices first.
fn steps(ground: &Ground<'_>, view: &View, at: &[Within], whole: &Question) -> Vec<Step> {
    let mut steps = vec![];
    for step in at.iter().rev() {
        let finer = step.level.and_then(Level::finer);
        let known = ground.dimension(&step.dimension);
        if let (Some(level), Some(known)) = (finer, known) {
            let label = ground.words.say(&level.label());
            let href = down(view, at, Cut::new(&known.name, Some(level)), false).href();
            steps.push(Step { label: format!("{} · {label}", ground.words.say(&known.label)), href });
        }
    }
    let mut common = ground.model.common(&whole.measures);
    for step in at.iter().rev() {
        let finer = places::finer(&step.dimension);
        if let Some(known) = common.iter().find(|known| Some(&known.name) == finer.as_ref()) {
            let href = down(view, at, first_cut(known), false).href();
            steps.push(Step { label: ground.words.say(&known.label), href });
        }
    }
    common.retain(|known| {
        !whole.within.iter().any(|step| step.dimension == known.name)
            && matches!(
                known.kind,
                DimensionKind::Record { .. }
                    | DimensionKind::Choice(_)
                    | DimensionKind::Bands(_)
                    | DimensionKind::Date
            )
    });
    common.sort_by_key(|known| known.name.matches('.').count());
    for known in common.into_iter().take(STEPS.saturating_sub(steps.len())) {
        let href = down(view, at, first_cut(known), false).href();
        steps.push(Step { label: ground.words.say(&known.label), href });
    }
    steps
}

/// Everything the figure can be cut by: (group, (value, label)).
fn groups(ground: &Ground<'_>, whole: &Question) -> Vec<(String, Vec<(String, String)>)> {
    let mut groups: Vec<(String, Vec<(String, String)>)> = vec![];
    for known in ground.model.common(&whole.measures) {
        let group = known.name.rsplit_once('.').map_or("", |(group, _)| group);
        let group = ground
            .dimension(group)
            .map_or_else(|| ground.words.t("explore.own", &[]), |of| ground.words.say(&of.label));
        let item = (view::written(&first_cut(known)), ground.words.say(&known.label));
        match groups.iter_mut().find(|(label, _)| *label == group) {
            Some((_, items)) => items.push(item),
            None => groups.push((group, vec![item])),
        }
    }
    groups
}

async fn behind(
    ground: &Ground<'_>,
    session: &Session,
    view: &View,
    at: &[Within],
    whole: &Question,
    answer: &AnswerTable,
    documents: &[(&str, &str)],
) -> Result<Vec<Behind>> {
    let (words, engine) = (ground.words, ground.words.app.engine());
    let mut found = vec![];
    for through in semantic::through(engine, &session.actor, whole).await? {
        let counting = documents.iter().find(|(fact, _)| *fact == through.fact).map(|(_, measure)| *measure);
        let place = answer.measures.iter().position(|measure| Some(measure.name.as_str()) == counting);
        let count = place.and_then(|at| answer.total.get(at)).and_then(|cell| cell.value);
        let entity = engine.entity(&through.entity)?;
        let count = words.figure(count, "count");
        let list = through.filter.map(|filter| Step {
            label: words
                .t("explore.list_of", &[("count", &count), ("records", words.say(&entity.plural).as_str())]),
            href: format!("/{}?filter={}", through.entity, web::encode(&filter)),
        });
        let counted = answer.counted.iter().find(|counted| counted.fact == through.fact);
        let rows = counted.and_then(|counted| counted.rows).unwrap_or(0);
        let rows = words.t(
            &format!("explore.rows_of_{}", through.fact),
            &[("rows", &words.count(usize::try_from(rows).unwrap_or(0)))],
        );
        let href = format!(
            "{}&fact={}",
            super::sheet::cell_href(&view.query(), at).replacen("/cell?", "/rows?", 1),
            through.fact
        );
        found.push(Behind { list, rows: Step { label: rows, href } });
    }
    Ok(found)
}

/// The question of the figure the address stands at, for its rows.
pub fn of_address(pairs: &Pairs) -> Result<(View, Vec<Within>, Question), Error> {
    let (view, found) = View::read(pairs);
    if let Some((_, error)) = found.into_iter().next() {
        return Err(error);
    }
    let mut found = vec![];
    let at: Vec<Within> = pairs
        .iter()
        .filter(|(name, _)| name == "a")
        .filter_map(|(_, text)| view::within(text, &mut found))
        .collect();
    if let Some((_, error)) = found.into_iter().next() {
        return Err(error);
    }
    let whole = question(&view, &at);
    Ok((view, at, whole))
}
