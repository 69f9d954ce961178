//! Duplicates: the pairs that are probably one and the same, two or more records side by side, and making them one.

mod compare;
mod pairs;

use super::{Caller, Place, record::view};
use crate::{Answer, App, Flash};
use axum::{
    Router,
    response::{IntoResponse, Redirect},
    routing::{get, post},
};
use meta::{Id, Lang};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/{entity}/duplicates", get(pairs::show))
        .route("/{entity}/duplicates/find", post(pairs::find))
        .route("/{entity}/duplicates/dismiss", post(pairs::dismiss))
        .route("/{entity}/{id}/merge", get(compare::show).post(compare::merge))
        .route("/{entity}/{id}/merge/{merge}/undo", post(undo))
}

pub fn href(record: &str, with: &[Id]) -> String {
    let with: Vec<String> = with.iter().map(|id| format!("with={id}")).collect();
    format!("{record}/merge?{}", with.join("&"))
}

async fn undo(caller: Caller, Place((entity, _, merge)): Place<(String, Id, Id)>) -> Answer {
    let entity = caller.entity(&entity, engine::Action::Merge)?;
    let name = entity.name.clone();
    let (winner, stayed) = caller
        .engine()
        .write(caller.actor(), move |tx| Box::pin(async move { tx.unmerge(&name, merge).await }))
        .await?;
    let text = match (caller.reader.lang, stayed) {
        (Lang::En, 0) => "The records are apart again.".to_owned(),
        (Lang::En, stayed) => {
            format!("The records are apart again; {stayed} references were changed since and stay.")
        }
        (Lang::Zh, 0) => "已撤销合并。".to_owned(),
        (Lang::Zh, stayed) => format!("已撤销合并；{stayed} 处引用之后又有修改，保持不变。"),
    };
    Ok(Flash::success(text).on(Redirect::to(&view::href(&entity, winner)).into_response()))
}
