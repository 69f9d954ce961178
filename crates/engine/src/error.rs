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
    /// 403: what was asked for would take along records of this kind, which the actor may not export.
    #[error("no right to export: {}", .0.en)]
    NoExport(Label),
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
    /// 503: what is asked for is not there yet; says what comes first.
    #[error("not ready: {}", .0.en)]
    NotReady(Label),
    /// 503: the disk of the database is full; nothing was saved.
    #[error("disk full: {0}")]
    DiskFull(String),
    /// 503: another program holds SQLite's file; nothing was saved; try again.
    #[error("locked: {0}")]
    Locked(String),
    /// 503: the database went away while it saved: nobody knows whether it did.
    #[error("unsure whether it was saved: {0}")]
    Unsure(String),
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

    /// The marker of a page that its list did not give out, or no longer knows.
    pub fn stale_page() -> Self {
        Error::rule(
            "after",
            "this page marker is not valid for this list: start from the first page",
            "翻页标记与列表不符，请从第一页开始",
        )
    }

    pub fn status(&self) -> u16 {
        match self {
            Error::NotFound(_) => 404,
            Error::Forbidden(_) | Error::NoExport(_) => 403,
            Error::Invalid(_) => 422,
            Error::Conflict { .. } => 409,
            Error::Limit(_) => 413,
            Error::Unavailable(_)
            | Error::NotReady(_)
            | Error::DiskFull(_)
            | Error::Locked(_)
            | Error::Unsure(_) => 503,
            Error::Internal(_) => 500,
        }
    }

    /// Whether the same may work when it is tried again later: something was out of order or not there yet, and nothing was saved.
    pub fn is_outage(&self) -> bool {
        matches!(self, Error::Unavailable(_) | Error::NotReady(_) | Error::DiskFull(_) | Error::Locked(_))
    }

    /// Whether work that can be run again after a crash is to be run again: it met an outage, or the database went away while it saved.
    pub fn is_interruption(&self) -> bool {
        self.is_outage() || matches!(self, Error::Unsure(_))
    }

    /// The same outage, told to another caller.
    pub(crate) fn outage_again(&self) -> Error {
        match self {
            Error::DiskFull(text) => Error::DiskFull(text.clone()),
            Error::Locked(text) => Error::Locked(text.clone()),
            other => Error::Unavailable(other.to_string()),
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
            Error::NoExport(kind) => label(
                format!(
                    "“{0}” would be taken along one by one, and you may not export them. Ask an administrator for the right to export “{0}”.",
                    kind.en
                ),
                format!(
                    "该内容会逐条带出“{0}”的记录，而您没有导出权限，请联系管理员开通“{0}”的导出权限。",
                    kind.zh
                ),
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
            Error::NotReady(why) => why.clone(),
            Error::Unavailable(_) => label(
                "The database does not answer right now. Nothing was saved; please try again in a moment.",
                "数据库暂时没有响应，未保存任何内容，请稍后再试。",
            ),
            Error::DiskFull(_) => label(
                "The disk of the database is full. Nothing was saved; free some space (`zhike doctor` tells how much is left), then try again.",
                "数据库所在的磁盘已满，未保存任何内容；请清理磁盘空间（zhike doctor 可查看剩余空间），然后重试。",
            ),
            Error::Locked(_) => label(
                "Another program holds the database. Nothing was saved; try again in a moment, or end that program.",
                "数据库正被其他程序占用，未保存任何内容；请稍后再试，或结束该程序。",
            ),
            Error::Unsure(_) => label(
                "The database went away while saving, and whether it saved is not known. Look before you repeat it; a program repeats it with the same Idempotency-Key.",
                "保存时与数据库的连接中断，无法确定是否已保存。请先查看再重做；程序可用相同的 Idempotency-Key 重试。",
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
            sqlx::Error::Database(db) if db.is_unique_violation() => taken_on_postgres(db.as_ref()),
            sqlx::Error::Database(db) => {
                let (code, text) = (db.code().unwrap_or_default(), db.to_string());
                outage_of_postgres(&code, text).unwrap_or(Error::Internal(error.to_string()))
            }
            // A connection that breaks in the middle of an answer gives a protocol error.
            sqlx::Error::PoolTimedOut
            | sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolClosed => Error::Unavailable(error.to_string()),
            _ => Error::Internal(error.to_string()),
        }
    }
}

/// What keeps a database from working, and is no fault of ours.
fn outage_of_postgres(code: &str, text: String) -> Option<Error> {
    match code.get(..2)? {
        "53" if code == "53100" => Some(Error::DiskFull(text)),
        // Of a connection that is made while its disk is full: PostgreSQL gives it no code of its own.
        "XX" if text.contains("could not write init file") => Some(Error::DiskFull(text)),
        // Connection, resources, shut down or starting, the machine; a transaction to be repeated.
        "08" | "53" | "57" | "58" | "40" => Some(Error::Unavailable(text)),
        // A standby, or a server set to read only.
        _ if code == "25006" => Some(Error::Unavailable(text)),
        _ => None,
    }
}

/// Unique indexes are named `u_<table>__<field>` so that a violation can name the field.
fn taken_on_postgres(db: &dyn sqlx::error::DatabaseError) -> Error {
    let field = db.constraint().and_then(|index| index.rsplit_once("__")).map(|(_, field)| field);
    let given = db
        .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
        .and_then(|pg| pg.detail())
        .and_then(|detail| detail.split(")=(").nth(1))
        .and_then(|rest| rest.split(')').next())
        .unwrap_or_default()
        .to_owned();
    Error::invalid(field.unwrap_or("id"), Problem::Taken { given })
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi;
        let text = error.to_string();
        let Some(code) = error.sqlite_error().map(|error| error.extended_code) else {
            return Error::Internal(text);
        };
        // The lowest byte is the kind, the rest its details.
        match code & 0xff {
            _ if [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY].contains(&code) => {
                // "UNIQUE constraint failed: table.field"
                let field = text.rsplit('.').next().unwrap_or("id");
                Error::invalid(field, Problem::Taken { given: String::new() })
            }
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => Error::Locked(text),
            ffi::SQLITE_FULL => Error::DiskFull(text),
            ffi::SQLITE_NOMEM
            | ffi::SQLITE_READONLY
            | ffi::SQLITE_IOERR
            | ffi::SQLITE_CANTOPEN
            | ffi::SQLITE_PROTOCOL => Error::Unavailable(text),
            _ => Error::Internal(text),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Internal(format!("json: {error}"))
    }
}
