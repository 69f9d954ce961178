//! Putting a card of a board into another column is an ordinary change of the field: with the version the card was shown
//! at, with rules, history and undo.

use super::board::{Board, board_field, columns};
use crate::{
    Answer, Failure, Flash,
    pages::{Caller, Place, address::Asked, undo::Token},
    toast,
};
use axum::Form;
use engine::{Action, Error, LogKind, Page};
use meta::{Entity, FieldProblem, Id, Lang, Problem, Value, Values};
use serde::Deserialize;

#[derive(Deserialize)]
pub struct Put {
    column: String,
    /// The version the card was shown at.
    version: i64,
    /// The columns of the list's address, so that the card comes back with the same facts.
    #[serde(default)]
    columns: String,
}

/// POST `{entity}/{id}/column`: the record in another column; the answer is its card.
pub async fn put(caller: Caller, Place((entity, id)): Place<(String, Id)>, Form(put): Form<Put>) -> Answer {
    let entity = caller.entity(&entity, Action::Update)?;
    let field = board_field(&entity)?;
    let known = columns(&caller.reader, field).into_iter().find(|column| column.value == put.column);
    let column = known.ok_or_else(|| {
        let allowed = field.choices().iter().map(|choice| choice.value.clone()).collect();
        Failure::Engine(Error::invalid(
            &field.name,
            Problem::NotAChoice { given: put.column.clone(), allowed },
        ))
    })?;
    let value = if column.value.is_empty() { Value::Null } else { Value::from(column.value) };
    let (target, values) = (entity.name.clone(), Values::from([(field.name.clone(), value)]));
    let stretch = caller
        .engine()
        .write(caller.actor(), move |tx| {
            Box::pin(async move {
                let before = tx.last_change().await?;
                tx.update(&target, id, Some(put.version), values).await?;
                Ok((before, tx.last_change().await?))
            })
        })
        .await
        .map_err(|error| labelled(error, &entity, caller.reader.lang))?;
    let asked = Asked { columns: put.columns, ..Asked::default() };
    let board = Board::new(&caller, &entity, field, &asked);
    let record = caller.engine().get(caller.actor(), &entity.name, id).await?;
    let page = Page { records: vec![record], next: None, looked_at: 1 };
    let shown = board.shown(&page.records).await?;
    let cards = board.cards(&column, &page, &shown);
    let title = cards.cards.first().map(|card| card.title.as_str()).unwrap_or_default();
    let text = match caller.reader.lang {
        Lang::En => format!("{title} is now in “{}”.", column.label),
        Lang::Zh => format!("{title} 已移到“{}”。", column.label),
    };
    let flash = Flash::success(text).undo(Token::new(&entity, LogKind::Update, stretch).href());
    Ok(toast(caller.page("board_cards.html", cards)?, &flash, &[]))
}

/// A refusal names fields as the reader knows them.
fn labelled(error: Error, entity: &Entity, lang: Lang) -> Failure {
    let label = |found: FieldProblem| FieldProblem {
        field: entity.get(&found.field).map_or(found.field, |field| field.label.get(lang).to_owned()),
        ..found
    };
    Failure::Engine(match error {
        Error::Invalid(problems) => Error::Invalid(problems.into_iter().map(label).collect()),
        other => other,
    })
}
