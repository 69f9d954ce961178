//! The threads the program runs on. What somebody waits for goes first: what is computed in the background has threads that get a
//! processor when no page wants it, and what is mined of everything gets what they leave.

use std::{io, sync::OnceLock, time::Duration};
use thread_priority::{ThreadPriority, set_current_thread_priority};
use tokio::{
    runtime::{Builder, EnterGuard, Handle, Runtime},
    task::JoinSet,
};

/// The memory a thread has freed is given back when it ends, and those that stand in for others come and go with the load.
const IDLE_THREADS_KEPT: Duration = Duration::from_secs(1);
/// Of those that nobody waits for: what goes through everything has dozens of them read and free large pieces.
const LOWER_THREADS_KEPT: Duration = Duration::from_millis(100);
/// The allocator gives back what was freed a second ago and more when a thread ends, which on an idle server none does by itself.
const THREAD_ENDS_EVERY: Duration = Duration::from_secs(5);

/// Which work gets a processor that several want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Somebody waits for it.
    Foreground,
    /// Jobs, and what follows changes.
    Background,
    /// What takes all there is for long, and what nothing else rests on.
    Spare,
}

/// Those of the program. Tests have none: there everything runs where it is called.
static ALL: OnceLock<[(Priority, Handle); 3]> = OnceLock::new();

/// What the program runs in.
pub struct Runtimes {
    foreground: Runtime,
    /// Dropped after it: what works on there may end.
    _lower: [Runtime; 2],
}

pub fn runtimes() -> io::Result<Runtimes> {
    let lower = [made(Priority::Background)?, made(Priority::Spare)?];
    let foreground = made(Priority::Foreground)?;
    let [background, spare] = [lower[0].handle().clone(), lower[1].handle().clone()];
    let _ = ALL.set([
        (Priority::Foreground, foreground.handle().clone()),
        (Priority::Background, background),
        (Priority::Spare, spare),
    ]);
    foreground.spawn(async {
        loop {
            tokio::time::sleep(THREAD_ENDS_EVERY).await;
            // Idle at once, it ends after [`IDLE_THREADS_KEPT`].
            drop(tokio::task::spawn_blocking(|| ()));
        }
    });
    Ok(Runtimes { foreground, _lower: lower })
}

fn made(priority: Priority) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    builder.enable_all().thread_keep_alive(match priority {
        Priority::Foreground => IDLE_THREADS_KEPT,
        Priority::Background | Priority::Spare => LOWER_THREADS_KEPT,
    });
    builder.on_thread_start(move || priority.take()).build()
}

impl Runtimes {
    pub fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.foreground.block_on(work)
    }
}

impl Priority {
    /// Of the task that asks.
    pub fn current() -> Priority {
        let Ok(current) = Handle::try_current() else { return Priority::Foreground };
        let known = ALL.get().into_iter().flatten().find(|(_, handle)| handle.id() == current.id());
        known.map_or(Priority::Foreground, |(priority, _)| *priority)
    }

    fn handle(self) -> Option<&'static Handle> {
        let known = ALL.get().into_iter().flatten().find(|(priority, _)| *priority == self);
        known.map(|(_, handle)| handle)
    }

    /// Gives the calling thread, and all it starts, its share, which cannot be taken back. Where the system refuses, it works as before.
    fn take(self) {
        // Of a hundred; on Linux a nice value of 9 and of 19: beside pages a tenth of a processor, and a sixtieth.
        let share: u8 = match self {
            Priority::Foreground => return,
            Priority::Background => 25,
            Priority::Spare => 0,
        };
        if let Ok(share) = share.try_into() {
            let _ = set_current_thread_priority(ThreadPriority::Crossplatform(share));
        }
    }

    /// Where what has this priority is spawned.
    pub(crate) fn runtime(self) -> Handle {
        self.handle().cloned().unwrap_or_else(Handle::current)
    }

    /// Until it is dropped, what the calling thread opens is watched there and what it spawns runs there.
    pub(crate) fn enter(self) -> Option<EnterGuard<'static>> {
        self.handle().map(Handle::enter)
    }

    /// Runs it with this priority; ended when nobody waits for it any more. Fails if it panics.
    pub async fn run<T: Send + 'static>(
        self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> anyhow::Result<T> {
        let mut task = JoinSet::new();
        task.spawn_on(work, &self.runtime());
        match task.join_next().await {
            Some(Ok(done)) => Ok(done),
            Some(Err(panic)) => Err(anyhow::anyhow!("the job panicked: {panic}")),
            None => Err(anyhow::anyhow!("the job was not run")),
        }
    }
}
