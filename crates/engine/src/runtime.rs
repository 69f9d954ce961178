//! The threads of the program.

use std::{io, time::Duration};
use tokio::runtime::{Builder, Runtime};

/// The memory a thread has freed is given back when it ends, and those that stand in for others come and go with the load.
const IDLE_THREADS_KEPT: Duration = Duration::from_secs(1);

/// What the program runs in.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().thread_keep_alive(IDLE_THREADS_KEPT).build()
}
