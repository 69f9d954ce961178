//! The one error type of the engine; the web layer turns it into problem+json or a page.

use meta::{FieldProblem, Label, Lang, Problem, label};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// 404: no such record or entity, or the actor may not know of it.
    #[error("not found: {0}")]
    NotFound(String),
    /// 403: the actor may not do this.
    #[error("forbidden: {0}")]
    Forbidden(String),
    /// 422: values that cannot be saved, each with its remedy.
    #[error("invalid: {0:?}")]
    Invalid(Vec<FieldProblem>),
    /// 409: the record was changed by somebody else since it was read; `current` is its version now.
    #[error("conflict: the record is at version {current}")]
    Conflict { current: i64 },
    /// 413 or 429: a named limit was reached.
    #[error("limit: {}", .0.en)]
    Limit(Label),
    /// 503: the database does not answer; nothing was saved; try again.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// 500: a fault of ours; details go to the log only.
    #[error("internal: {0}")]
    Internal(String),
}

impl Error {
    pub fn invalid(field: &str, problem: Problem) -> Self {
        Error::Invalid(vec![FieldProblem::new(field, problem)])
    }

    /// A broken rule on one field, in both languages.
    pub fn rule(field: &str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Error::invalid(field, Problem::Rule(label(en, zh)))
    }

    pub fn status(&self) -> u16 {
        match self {
            Error::NotFound(_) => 404,
            Error::Forbidden(_) => 403,
            Error::Invalid(_) => 422,
            Error::Conflict { .. } => 409,
            Error::Limit(_) => 429,
            Error::Unavailable(_) => 503,
            Error::Internal(_) => 500,
        }
    }

    /// One sentence for the reader; never carries internals.
    pub fn message(&self, lang: Lang) -> String {
        let text = match self {
            Error::NotFound(what) => label(
                format!("Not found: {what}. It may have been deleted."),
                format!("找不到：{what}，可能已被删除。"),
            ),
            Error::Forbidden(what) => label(
                format!("You may not do this: {what}. Ask an administrator."),
                format!("您无权执行此操作：{what}，请联系管理员。"),
            ),
            Error::Invalid(problems) => {
                let list = |lang| {
                    let texts: Vec<String> = problems
                        .iter()
                        .map(|p| format!("{}: {}", p.field, p.problem.message(lang)))
                        .collect();
                    texts.join("; ")
                };
                label(list(Lang::En), list(Lang::Zh))
            }
            Error::Conflict { .. } => label(
                "Somebody else has changed this record in the meantime. Reload it and apply your change again.",
                "这条记录刚被他人修改过，请重新载入后再改。",
            ),
            Error::Limit(limit) => limit.clone(),
            Error::Unavailable(_) => label(
                "The database does not answer right now. Nothing was saved; please try again in a moment.",
                "数据库暂时没有响应，未保存任何内容，请稍后再试。",
            ),
            Error::Internal(_) => label(
                "Something went wrong on our side. Nothing was saved; the fault has been logged.",
                "系统内部出错，未保存任何内容，故障已记录。",
            ),
        };
        text.get(lang).to_owned()
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(db) if db.is_unique_violation() => taken(db.as_ref()),
            sqlx::Error::PoolTimedOut
            | sqlx::Error::Io(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Error::Unavailable(error.to_string()),
            sqlx::Error::Database(db) if is_busy(db.as_ref()) => Error::Unavailable(error.to_string()),
            _ => Error::Internal(error.to_string()),
        }
    }
}

/// SQLite: 5 busy, 6 locked, 13 disk full. PostgreSQL: class 57 (shut down), 53 (resources), 40 (serialization).
fn is_busy(db: &dyn sqlx::error::DatabaseError) -> bool {
    let code = db.code().unwrap_or_default();
    matches!(code.as_ref(), "5" | "6" | "13" | "261" | "517")
        || (code.len() == 5 && ["57", "53", "40"].iter().any(|class| code.starts_with(class)))
}

/// Unique indexes are named `u_<table>_<field>` so that a violation can name the field.
fn taken(db: &dyn sqlx::error::DatabaseError) -> Error {
    let message = db.message();
    let field = match db.constraint() {
        Some(index) => index.rsplit_once("__").map(|(_, field)| field.to_owned()),
        None => message.rsplit('.').next().map(str::to_owned),
    };
    let given = db
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .and_then(|pg| pg.detail())
        .and_then(|detail| detail.split(")=(").nth(1))
        .and_then(|rest| rest.split(')').next())
        .unwrap_or_default()
        .to_owned();
    Error::invalid(field.as_deref().unwrap_or("id"), Problem::Taken { given })
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Internal(format!("json: {error}"))
    }
}
