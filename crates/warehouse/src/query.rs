//! Answers a SELECT, within limits.

use crate::{
    Table,
    elsewhere::{self, Elsewhere, Planned, Rows},
    internal, memory,
    rights::{self, Named},
    session::{self, Open},
};
use datafusion::{
    arrow::{array::RecordBatch, datatypes::SchemaRef, error::ArrowError},
    error::DataFusionError,
    execution::{TaskContext, context::SQLOptions},
    logical_expr::ScalarUDF,
    physical_plan::{
        ExecutionPlan, StatisticsArgs, StatisticsContext,
        joins::{CrossJoinExec, NestedLoopJoinExec},
    },
    prelude::SessionContext,
    sql::parser::Statement,
};
use engine::{Actor, Engine, Error, Result};
use meta::{DateTime, Utc, label};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// How long a question may take, how many rows its answer may have, and of which records it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub time: Duration,
    pub rows: usize,
    /// For a file that leaves the house: only of records that the actor may export, too.
    pub exporting: bool,
}

impl Limits {
    /// For a person who waits.
    pub const PAGE: Limits = Limits { time: Duration::from_secs(30), rows: 10_000, exporting: false };
    /// For a job that computes: what it asks for is aggregated, but may be a row for each customer and day.
    /// Its files are kept a little longer.
    pub const JOB: Limits = Limits { time: Duration::from_secs(540), rows: 100_000_000, ..Limits::PAGE };
}

/// All statements of a question of the explorer together, which read the files of one version: these are kept longer than it takes to
/// ask it twice.
pub(crate) const QUESTION: Duration = Duration::from_secs(240);

#[derive(Clone, Debug)]
pub struct Answer {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    /// There were more rows than the limit.
    pub more: bool,
    /// The warehouse's state that was asked.
    pub refreshed_at: DateTime<Utc>,
    /// Everything in the change log up to this entry is in the answer.
    pub position: i64,
    /// Whose records it was made of.
    pub entities: Vec<String>,
}

impl Answer {
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// For whoever computes with all rows: an error if some were left out.
    pub fn whole(self) -> Result<Answer> {
        if !self.more {
            return Ok(self);
        }
        let rows = self.rows();
        Err(Error::Limit(label(
            format!("the answer has more than {rows} rows, and nothing is computed from a part of them"),
            format!("结果超过 {rows} 行，不会只用其中一部分计算"),
        )))
    }
}

/// The answer to one SELECT as the actor may see it.
pub async fn query(engine: &Engine, actor: &Actor, sql: &str, limits: Limits) -> Result<Answer> {
    query_at(session::newest(engine).await?, engine, actor, sql, limits).await
}

/// The answer of one version of the warehouse.
pub(crate) async fn query_at(
    open: Arc<Open>,
    engine: &Engine,
    actor: &Actor,
    sql: &str,
    limits: Limits,
) -> Result<Answer> {
    query_with(open, engine, actor, sql, limits, vec![]).await
}

/// With further functions that only this statement has.
pub(crate) async fn query_with(
    open: Arc<Open>,
    engine: &Engine,
    actor: &Actor,
    sql: &str,
    limits: Limits,
    functions: Vec<ScalarUDF>,
) -> Result<Answer> {
    let (statement, named) = Named::read(&open.context, sql)?;
    let elsewhere = elsewhere::of(engine);
    // Boxed: unoptimised builds keep every future of whoever asks on the stack.
    let asking = Box::pin(async {
        let context = rights::session_for(engine, actor, &open, &named, limits.exporting).await?;
        let context = session::with(context, functions);
        let open = open.clone();
        in_background(async move { answer(&open, &context, (statement, &named), limits, elsewhere).await })
            .await
    });
    in_time(limits.time, asking).await
}

/// Where questions are computed; not any more when nobody waits.
pub(crate) async fn in_background<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    let stopped = |error| internal(format!("a question ended before its answer: {error}"));
    AbortOnDrop(session::workers()?.spawn(work)).await.map_err(stopped)?
}

/// What takes longer is given up.
pub(crate) async fn in_time<T>(time: Duration, asking: impl Future<Output = Result<T>>) -> Result<T> {
    let seconds = time.as_secs();
    tokio::time::timeout(time, asking).await.unwrap_or_else(|_| {
        Err(Error::Limit(label(
            format!("the question took longer than {seconds} seconds: ask for less, or aggregate"),
            format!("查询超过 {seconds} 秒，请缩小范围或先汇总"),
        )))
    })
}

/// A question nobody waits for any more is not computed on.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = std::result::Result<T, tokio::task::JoinError>;
    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0).poll(context)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn answer(
    open: &Open,
    context: &SessionContext,
    (statement, named): (Statement, &Named),
    limits: Limits,
    elsewhere: Option<Arc<dyn Elsewhere>>,
) -> Result<Answer> {
    let planned = plan(context, statement, limits.rows).await?;
    let (here, tasks) = (planned.here.clone(), TaskContext::from(&planned.state));
    let computed = match elsewhere {
        Some(elsewhere) => elsewhere.rows(planned).await?,
        None => {
            drop(planned);
            None
        }
    };
    let Rows { schema, batches, more } = match computed {
        Some(rows) => rows,
        None => {
            let rows = memory::rows(here, tasks, limits.rows).await;
            rows.map_err(|error| wrong_here(error, open.memory_bytes))?
        }
    };
    let (refreshed_at, position) = (open.manifest.refreshed_at, open.manifest.position);
    let entity = |table: &Table| table.line.as_ref().map_or(&table.head, |(line, _)| line).clone();
    let known = open.tables.iter().filter(|table| named.reads(&table.name)).map(entity);
    let entities = known.collect::<BTreeSet<String>>().into_iter().collect();
    Ok(Answer { schema, batches, more, refreshed_at, position, entities })
}

/// The question as it may be asked.
async fn plan(context: &SessionContext, statement: Statement, rows_limit: usize) -> Result<Planned> {
    let only_reading =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let state = context.state();
    let question = state.statement_to_plan(statement).await.map_err(wrong)?;
    only_reading.verify_plan(&question).map_err(wrong)?;
    let here = state.create_physical_plan(&question).await.map_err(wrong)?;
    guard(&here)?;
    Ok(Planned { state, question, here, rows_limit })
}

/// Pairs of rows that a join without an equality may have to look at. Such joins do not stop when nobody waits any more.
const PAIRS_LIMIT: usize = 1_000_000_000;

fn guard(plan: &Arc<dyn ExecutionPlan>) -> Result<()> {
    if (plan.is::<NestedLoopJoinExec>() || plan.is::<CrossJoinExec>()) && most_rows(plan) > PAIRS_LIMIT {
        return Err(Error::rule(
            "sql",
            "joins large tables without an equality: add a condition like a.key = b.account_key",
            "大表之间的连接缺少等值条件，请加上类似 a.key = b.account_key 的条件",
        ));
    }
    plan.children().into_iter().try_for_each(guard)
}

/// No more rows than that come out of it, as far as can be told without looking.
fn most_rows(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let children = plan.children();
    if children.is_empty() {
        let known = StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::new());
        let known = known.ok().and_then(|known| known.num_rows.get_value().copied());
        return known.unwrap_or(usize::MAX);
    }
    children.into_iter().map(most_rows).fold(1, usize::saturating_mul)
}

/// Of what is computed in this process, whose memory is known.
pub(crate) fn wrong_here(error: DataFusionError, memory_bytes: usize) -> Error {
    if !matches!(error.find_root(), DataFusionError::ResourcesExhausted(_)) {
        return wrong(error);
    }
    let mib = memory_bytes >> 20;
    // Whoever may raise the limit wants to know for what.
    tracing::info!("no memory for a question: {}", error.strip_backtrace());
    Error::Limit(label(
        format!(
            "the question needs more memory than the {mib} MiB that all questions together may take: aggregate, ask for fewer columns or a shorter period; an administrator can raise the limit (setting warehouse_memory)"
        ),
        format!(
            "查询所需内存超出全部查询合计的上限 {mib} MiB：请先汇总、减少列或缩短期间；管理员可通过设置项 warehouse_memory 提高上限"
        ),
    ))
}

/// What is wrong with the question is the asker's to put right, the rest is ours.
pub(crate) fn wrong(error: DataFusionError) -> Error {
    match error.find_root() {
        // A file that cannot be read.
        DataFusionError::ArrowError(cause, _)
            if matches!(
                **cause,
                ArrowError::ParquetError(_) | ArrowError::ExternalError(_) | ArrowError::IoError(..)
            ) =>
        {
            internal(error.strip_backtrace())
        }
        DataFusionError::SQL(..)
        | DataFusionError::Plan(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::Execution(_)
        | DataFusionError::ArrowError(..) => {
            let what = error.strip_backtrace();
            Error::rule("sql", what.clone(), format!("SQL 有误：{what}"))
        }
        DataFusionError::ResourcesExhausted(_) => Error::Limit(label(
            "the question needs more memory than a worker has: aggregate, or ask for less",
            "查询所需内存超出计算节点的上限，请先汇总或缩小范围",
        )),
        _ => internal(error.strip_backtrace()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::Schema;

    #[test]
    fn an_answer_that_was_cut_off_is_no_whole_one() {
        let whole = Answer {
            schema: Arc::new(Schema::empty()),
            batches: vec![],
            more: false,
            refreshed_at: DateTime::default(),
            position: 0,
            entities: vec![],
        };
        assert!(whole.clone().whole().is_ok());
        let cut_off = Answer { more: true, ..whole };
        assert!(matches!(cut_off.whole(), Err(Error::Limit(_))));
    }
}
