//! What one question holds of the memory that all share.

use crate::elsewhere::{Rows, collect};
use datafusion::{
    error::Result,
    execution::{
        TaskContext,
        memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation},
        runtime_env::RuntimeEnv,
    },
    physical_plan::{ExecutionPlan, execute_stream},
};
use std::{fmt, sync::Arc, time::Duration};

/// A task that computes without a pause is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The rows of a plan. Its tasks end a little after it fails, or after it has enough rows: the asker hears of that once they have given
/// back what they held, or his next question would be refused for the sake of the one before.
pub(crate) async fn rows(plan: Arc<dyn ExecutionPlan>, tasks: TaskContext, limit: usize) -> Result<Rows> {
    let share = Arc::new(Share(tasks.memory_pool().clone()));
    let runtime = RuntimeEnv { memory_pool: share.clone(), ..(*tasks.runtime_env()).clone() };
    let tasks = Arc::new(tasks.with_runtime(Arc::new(runtime)));
    let rows = async { collect(execute_stream(plan, tasks)?, limit).await }.await;
    if rows.as_ref().map_or(true, |rows| rows.more) {
        given_back(&share).await;
    }
    rows
}

/// The pool of all questions, as one of them has it: whatever it holds of it, or may still ask of it, refers to this.
#[derive(Debug)]
struct Share(Arc<dyn MemoryPool>);

async fn given_back(share: &Arc<Share>) {
    let waiting = async {
        while Arc::strong_count(share) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    // Who computes on without a pause holds it longer, and that is no error of the question.
    let _ = tokio::time::timeout(PATIENCE, waiting).await;
}

impl fmt::Display for Share {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(to)
    }
}

impl MemoryPool for Share {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.0.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.0.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.0.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, less: usize) {
        self.0.shrink(reservation, less);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.0.try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.0.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.0.memory_limit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::{
        arrow::datatypes::DataType,
        error::DataFusionError,
        execution::memory_pool::FairSpillPool,
        logical_expr::{ColumnarValue, ScalarFunctionImplementation, Volatility, create_udf},
        prelude::{SessionConfig, SessionContext},
    };
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// One half fails while the other computes.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_question_that_fails_holds_nothing_when_that_is_said() {
        let pool: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(64 << 20));
        let runtime = RuntimeEnv { memory_pool: pool.clone(), ..RuntimeEnv::default() };
        let config = SessionConfig::new().with_target_partitions(2).with_batch_size(100);
        let context = SessionContext::new_with_config_rt(config, Arc::new(runtime));
        let computed = Arc::new(AtomicUsize::new(0));
        let function = |name: &str, does: ScalarFunctionImplementation| {
            let number = DataType::Int64;
            context.register_udf(create_udf(name, vec![number.clone()], number, Volatility::Volatile, does));
        };
        let batches = computed.clone();
        let slow = move |values: &[ColumnarValue]| {
            if batches.fetch_add(1, Ordering::AcqRel) >= 3 {
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(values[0].clone())
        };
        let fails = move |_: &[ColumnarValue]| {
            while computed.load(Ordering::Acquire) < 4 {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(DataFusionError::Execution("it fails".into()))
        };
        function("slow", Arc::new(slow));
        function("fails", Arc::new(fails));
        let both = "SELECT fails(value) AS v FROM range(10) UNION ALL SELECT slow(value) AS v FROM range(100000) GROUP BY v";
        let plan = context.sql(both).await.unwrap().create_physical_plan().await.unwrap();
        let refused = rows(plan, TaskContext::from(&context.state()), 10).await;
        assert!(refused.is_err_and(|why| why.to_string().contains("it fails")));
        assert_eq!(pool.reserved(), 0);
    }
}
