//! `POST /analysis/question.json`: a question of measures and dimensions as JSON, its answer as JSON.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use warehouse::semantic::{self, Question};
use web::{Answer, App, Session};

pub async fn ask(
    State(app): State<App>,
    session: Session,
    Json(question): Json<Question>,
) -> Answer<Response> {
    let answer = semantic::ask(app.engine(), &session.actor, &question).await?;
    Ok(Json(answer).into_response())
}
