//! The threads the program runs on.

use std::{io, time::Duration};
use tokio::runtime::{Builder, Runtime};

/// The memory a thread has freed is given back when it ends, and those that stand in for others come and go with the load.
const IDLE_THREADS_KEPT: Duration = Duration::from_secs(1);
/// The allocator gives back what was freed a second ago and more when a thread ends, which on an idle server none does by itself.
const THREAD_ENDS_EVERY: Duration = Duration::from_secs(5);

/// What the program runs in.
pub fn runtime() -> io::Result<Runtime> {
    let runtime = Builder::new_multi_thread().enable_all().thread_keep_alive(IDLE_THREADS_KEPT).build()?;
    runtime.spawn(async {
        loop {
            tokio::time::sleep(THREAD_ENDS_EVERY).await;
            // Idle at once, it ends after [`IDLE_THREADS_KEPT`].
            drop(tokio::task::spawn_blocking(|| ()));
        }
    });
    Ok(runtime)
}
