//! The same figures as the command line tells, over the API.

use super::scope::whole_company;
use crate::{
    mining::{self, experiment::ENTITY},
    report, store,
};
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::get,
};
use engine::Error;
use meta::{Id, Lang};
use serde_json::json;
use std::collections::HashMap;
use web::{
    Answer, App, Failure, Session,
    api::{Operation, OperationsFn},
};

const LIMIT_STANDARD: usize = 50;
const LIMIT_MAXIMUM: usize = 1_000;

pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/value/models", get(models))
        .route("/api/v1/value/backtest", get(backtest))
        .route("/api/v1/value/pareto", get(pareto))
        .route("/api/v1/value/customers", get(customers))
        .route("/api/v1/analysis/experiment/{id}/uplift", get(uplift))
        .route("/api/v1/analysis/product/{id}/customers/{account}", get(why))
}

pub const OPERATIONS: OperationsFn = |lang| {
    let get = |id: &str, en: &str, zh: &str| {
        let summary = match lang {
            Lang::En => en,
            Lang::Zh => zh,
        };
        let whole = match lang {
            Lang::En => {
                "For users who see the whole company; the fields are those of the command line with --json."
            }
            Lang::Zh => "仅限可查看全公司数据的用户；字段与命令行 --json 的输出相同。",
        };
        Operation::new("analysis", id, summary.to_owned()).describe(whole.to_owned())
    };
    let object = || Some(json!({ "type": "object" }));
    let answer = match lang {
        Lang::En => "The figures",
        Lang::Zh => "指标",
    };
    let answered = |operation: Operation, schema| {
        operation.answers(200, answer.to_owned(), schema).fails(&[(403, "forbidden"), (404, "not_found")])
    };
    let account = json!({
        "name": "account", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" },
        "description": match lang {
            Lang::En => "The customer's id",
            Lang::Zh => "客户的标识",
        },
    });
    let list = Some(json!({ "type": "array", "items": { "type": "object" } }));
    vec![
        (
            "/api/v1/value/models",
            "get",
            answered(get("value_models", "The fitted models", "已拟合的模型"), object()),
        ),
        (
            "/api/v1/value/backtest",
            "get",
            answered(get("value_backtest", "The back-test", "回测结果"), object()),
        ),
        (
            "/api/v1/value/pareto",
            "get",
            answered(get("value_pareto", "How sales concentrate", "销售集中度"), object()),
        ),
        (
            "/api/v1/value/customers",
            "get",
            answered(
                get("value_customers", "Customers worth most, with their figures", "价值最高的客户及其指标")
                    .parameters(&["limit"]),
                list,
            ),
        ),
        (
            "/api/v1/analysis/experiment/{id}/uplift",
            "get",
            answered(
                get("experiment_uplift", "Whom the action of an experiment changes", "实验行动对谁有效")
                    .parameters(&["id"]),
                object(),
            ),
        ),
        (
            "/api/v1/analysis/product/{id}/customers/{account}",
            "get",
            answered(
                get(
                    "why_likely",
                    "Why a customer has the probability of buying a product that he has",
                    "客户购买某产品的概率及其有利与不利的因素",
                )
                .parameters(&["id"])
                .own_parameter(account),
                object(),
            ),
        ),
    ]
};

async fn newest(app: &App) -> Answer<std::sync::Arc<store::StoredModel>> {
    let stored = store::newest_model(app.engine()).await?;
    Ok(stored.ok_or_else(|| Error::NotFound("fitted models / 已拟合的模型".into()))?)
}

async fn models(State(app): State<App>, session: Session) -> Answer<Response> {
    whole_company(&session)?;
    Ok(Json(report::models(&*newest(&app).await?)).into_response())
}

async fn backtest(State(app): State<App>, session: Session) -> Answer<Response> {
    whole_company(&session)?;
    Ok(Json(report::backtest(&*newest(&app).await?)).into_response())
}

async fn pareto(State(app): State<App>, session: Session) -> Answer<Response> {
    whole_company(&session)?;
    Ok(Json(report::pareto(&*newest(&app).await?)).into_response())
}

async fn customers(
    State(app): State<App>,
    session: Session,
    Query(given): Query<HashMap<String, String>>,
) -> Answer<Response> {
    whole_company(&session)?;
    let limit = match given.get("limit") {
        None => LIMIT_STANDARD,
        Some(text) => {
            text.parse().ok().filter(|limit| (1..=LIMIT_MAXIMUM).contains(limit)).ok_or_else(|| {
                Failure::bad_request(
                    format!("limit is a whole number from 1 to {LIMIT_MAXIMUM}."),
                    format!("limit 应为 1 到 {LIMIT_MAXIMUM} 的整数。"),
                )
            })?
        }
    };
    let mut customers = vec![];
    report::customers(app.engine(), &session.actor, Some(limit), |one| customers.push(one)).await?;
    app.saw_many(&session, "account", customers.len(), &[]);
    Ok(Json(customers).into_response())
}

async fn uplift(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    whole_company(&session)?;
    app.engine().get(&session.actor, ENTITY, id).await?;
    Ok(Json(mining::report::uplift(app.engine(), id).await?).into_response())
}

async fn why(
    State(app): State<App>,
    session: Session,
    Path((product, account)): Path<(Id, Id)>,
) -> Answer<Response> {
    whole_company(&session)?;
    app.engine().get(&session.actor, "product", product).await?;
    app.engine().get(&session.actor, "account", account).await?;
    let told = mining::report::why(app.engine(), product, account).await?;
    app.saw(&session, "account", account);
    Ok(Json(told).into_response())
}
