//! Questions computed by other machines. What may be asked, by whom and for how long is decided here all the same; who has
//! machines says so with [`compute_with`].

use crate::{Place, query::wrong, session, storage};
use datafusion::{
    arrow::{array::RecordBatch, datatypes::SchemaRef},
    error::DataFusionError,
    execution::{SendableRecordBatchStream, SessionState, runtime_env::RuntimeEnv},
    logical_expr::{AggregateUDF, LogicalPlan, ScalarUDF},
    physical_plan::ExecutionPlan,
    prelude::SessionConfig,
};
use engine::{BoxFuture, Engine, Result, TryStreamExt};
use std::sync::{Arc, Mutex, PoisonError};

/// A question that may be asked.
pub struct Planned {
    pub state: SessionState,
    pub question: LogicalPlan,
    /// How it would be computed here.
    pub here: Arc<dyn ExecutionPlan>,
    pub rows_limit: usize,
}

pub struct Rows {
    pub schema: SchemaRef,
    pub batches: Vec<RecordBatch>,
    /// There were more rows than the limit.
    pub more: bool,
}

pub trait Elsewhere: Send + Sync {
    /// `None` if the question is to be computed here.
    fn rows(&self, planned: Planned) -> BoxFuture<'_, Result<Option<Rows>>>;
}

#[derive(Default)]
struct Computers(Mutex<Option<Arc<dyn Elsewhere>>>);

/// Questions of this company go there first.
pub fn compute_with(engine: &Engine, elsewhere: Arc<dyn Elsewhere>) {
    *engine.extension::<Computers>().0.lock().unwrap_or_else(PoisonError::into_inner) = Some(elsewhere);
}

tokio::task_local! { static BY: Option<Arc<dyn Elsewhere>> }

/// What is asked within `asking` is computed in this process.
pub async fn here<T>(asking: impl Future<Output = T>) -> T {
    BY.scope(None, asking).await
}

/// What is asked within `asking` goes there first.
pub(crate) async fn by<T>(elsewhere: Arc<dyn Elsewhere>, asking: impl Future<Output = T>) -> T {
    BY.scope(Some(elsewhere), asking).await
}

pub(crate) fn of(engine: &Engine) -> Option<Arc<dyn Elsewhere>> {
    BY.try_with(Clone::clone).unwrap_or_else(|_| {
        engine.extension::<Computers>().0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    })
}

/// All rows up to the limit.
pub async fn collect(
    mut stream: SendableRecordBatchStream,
    limit: usize,
) -> std::result::Result<Rows, DataFusionError> {
    let (mut rows, mut count) = (Rows { schema: stream.schema(), batches: vec![], more: false }, 0);
    while let Some(batch) = stream.try_next().await? {
        let left = limit - count;
        if batch.num_rows() > left {
            rows.more = true;
            rows.batches.push(batch.slice(0, left));
            break;
        }
        count += batch.num_rows();
        rows.batches.push(batch);
    }
    Ok(rows)
}

/// What a question's asker is told of an error.
pub fn explain(error: DataFusionError) -> engine::Error {
    wrong(error)
}

/// Memory for all questions together, as in process.
pub const MEMORY_BYTES: usize = session::MEMORY_BYTES;

/// The same files, limits and functions as in process, for a process that only computes.
pub fn runtime_at(place: &Place, memory_bytes: usize) -> Result<Arc<RuntimeEnv>> {
    session::runtime(&storage::within(place, "")?.root, memory_bytes)
}

pub fn configure(config: &mut SessionConfig) {
    session::configure(config);
}

pub fn functions() -> Vec<ScalarUDF> {
    crate::functions::all().into()
}

pub fn aggregates() -> Vec<AggregateUDF> {
    crate::count_keys::all().into()
}
