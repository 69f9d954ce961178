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
        error::DataFusionError,
        execution::memory_pool::FairSpillPool,
        prelude::{SessionConfig, SessionContext},
    };
    use std::sync::atomic::AtomicBool;

    #[tokio::test]
    async fn what_a_task_still_holds_is_waited_for() {
        let pool: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(100));
        let share: Arc<dyn MemoryPool> = Arc::new(Share::of(pool.clone()));
        let other = MemoryConsumer::new("another question").register(&pool);
        other.try_grow(30).unwrap();
        let held = MemoryConsumer::new("a task").register(&share);
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
        let share = share as Arc<dyn std::any::Any + Send + Sync>;
        share.downcast::<Share>().unwrap().given_back().await;
        assert!(ended.load(Ordering::Acquire));
        task.join().unwrap();
        assert_eq!(pool.reserved(), 30);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_question_refused_for_memory_holds_none_when_that_is_said() {
        let pool: Arc<dyn MemoryPool> = Arc::new(FairSpillPool::new(4 << 20));
        let runtime = RuntimeEnv { memory_pool: pool.clone(), ..RuntimeEnv::default() };
        let config = SessionConfig::new().with_target_partitions(4);
        let context = SessionContext::new_with_config_rt(config, Arc::new(runtime));
        for _ in 0..20 {
            let large = "SELECT value % 7 AS a, array_agg(value) FROM range(3000000) GROUP BY a";
            let plan = context.sql(large).await.unwrap().create_physical_plan().await.unwrap();
            let refused = rows(plan, TaskContext::from(&context.state()), 10).await;
            let Err(why) = refused else { panic!("it was answered") };
            assert!(matches!(why.find_root(), DataFusionError::ResourcesExhausted(_)), "{why}");
            assert_eq!(pool.reserved(), 0);
        }
    }
}
