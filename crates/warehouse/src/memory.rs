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
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// A task that computes without a pause is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The rows of a plan. Its tasks end a little after it fails: the asker hears of a failure once they have given back what they
/// held, or his next question would be refused for the sake of the one before.
pub(crate) async fn rows(plan: Arc<dyn ExecutionPlan>, tasks: TaskContext, limit: usize) -> Result<Rows> {
    let share = Arc::new(Share::of(tasks.memory_pool().clone()));
    let runtime = RuntimeEnv { memory_pool: share.clone(), ..(*tasks.runtime_env()).clone() };
    let tasks = Arc::new(tasks.with_runtime(Arc::new(runtime)));
    let rows = async { collect(execute_stream(plan, tasks)?, limit).await }.await;
    if rows.is_err() {
        share.given_back().await;
    }
    rows
}

/// The pool of all questions, and how much of it this one holds.
#[derive(Debug)]
struct Share {
    pool: Arc<dyn MemoryPool>,
    held: AtomicUsize,
}

impl Share {
    fn of(pool: Arc<dyn MemoryPool>) -> Share {
        Share { pool, held: AtomicUsize::new(0) }
    }

    async fn given_back(&self) {
        let waiting = async {
            while self.held.load(Ordering::Acquire) > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        // Who computes on without a pause holds it longer, and that is no error of the question.
        let _ = tokio::time::timeout(PATIENCE, waiting).await;
    }
}

impl fmt::Display for Share {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pool.fmt(to)
    }
}

impl MemoryPool for Share {
    fn name(&self) -> &str {
        self.pool.name()
    }

    fn register(&self, consumer: &MemoryConsumer) {
        self.pool.register(consumer);
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        self.pool.unregister(consumer);
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.pool.grow(reservation, additional);
        self.held.fetch_add(additional, Ordering::AcqRel);
    }

    fn shrink(&self, reservation: &MemoryReservation, less: usize) {
        self.pool.shrink(reservation, less);
        self.held.fetch_sub(less, Ordering::AcqRel);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        self.pool.try_grow(reservation, additional)?;
        self.held.fetch_add(additional, Ordering::AcqRel);
        Ok(())
    }

    fn reserved(&self) -> usize {
        self.pool.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.pool.memory_limit()
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
    use std::sync::atomic::AtomicBool;

    #[tokio::test]
    async fn what_a_task_still_holds_is_waited_for() {
        let pool: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(100));
        let share = Arc::new(Share::of(pool.clone()));
        let of_share: Arc<dyn MemoryPool> = share.clone();
        let other = MemoryConsumer::new("another question").register(&pool);
        other.try_grow(30).unwrap();
        let held = MemoryConsumer::new("a task").register(&of_share);
        held.try_grow(60).unwrap();
        held.try_grow(20).unwrap_err();
        held.shrink(10);
        let ended = Arc::new(AtomicBool::new(false));
        let task = {
            let ended = ended.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(30));
                ended.store(true, Ordering::Release);
                drop(held);
            })
        };
        share.given_back().await;
        assert!(ended.load(Ordering::Acquire));
        task.join().unwrap();
        assert_eq!(pool.reserved(), 30);
    }

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
