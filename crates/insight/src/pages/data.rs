//! The same figures as the command line tells, for programs that are signed in.

use super::scope::whole_company;
use crate::{report, store};
use axum::{
    Json,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use engine::Error;
use serde::Deserialize;
use web::{Answer, App, Session};

#[derive(Deserialize)]
pub struct Limit {
    limit: Option<usize>,
}

const LIMIT_STANDARD: usize = 100;
const LIMIT_MAXIMUM: usize = 1_000;

async fn newest(app: &App) -> Answer<std::sync::Arc<store::StoredModel>> {
    let stored = store::newest_model(app.engine()).await?;
    Ok(stored.ok_or_else(|| Error::NotFound("fitted models / 已拟合的模型".into()))?)
}

pub async fn models(State(app): State<App>, session: Session) -> Answer<Response> {
    whole_company(&session)?;
    Ok(Json(report::models(&*newest(&app).await?)).into_response())
}

pub async fn backtest(State(app): State<App>, session: Session) -> Answer<Response> {
    whole_company(&session)?;
    Ok(Json(report::backtest(&*newest(&app).await?)).into_response())
}

pub async fn pareto(State(app): State<App>, session: Session) -> Answer<Response> {
    whole_company(&session)?;
    Ok(Json(report::pareto(&*newest(&app).await?)).into_response())
}

pub async fn customers(
    State(app): State<App>,
    session: Session,
    Query(wanted): Query<Limit>,
) -> Answer<Response> {
    whole_company(&session)?;
    let limit = wanted.limit.unwrap_or(LIMIT_STANDARD).min(LIMIT_MAXIMUM);
    let mut customers = vec![];
    report::customers(app.engine(), &session.actor, Some(limit), |one| customers.push(one)).await?;
    app.saw_many(&session, "account", customers.len(), &[]);
    Ok(Json(customers).into_response())
}
