//! Work of SQLite is done where it is called, and may take long. A worker of tokio that was woken by the network runs what it
//! was woken for while nobody looks at the network until it is done, even if all others are idle: requests that take a
//! millisecond then wait behind one that takes fifty. So the worker's duties go to another thread first. That takes some
//! microseconds; what is handed over already costs nothing more.

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::block_in_place,
};

/// The runtime, if it has threads that can take over.
fn others() -> Option<Handle> {
    let runtime = Handle::try_current().ok()?;
    (runtime.runtime_flavor() == RuntimeFlavor::MultiThread).then_some(runtime)
}

/// What is computed over everybody is work of the same kind: whoever is called by a worker does it so.
pub fn aside<T>(work: impl FnOnce() -> T) -> T {
    match others() {
        Some(_) => block_in_place(work),
        None => work(),
    }
}

/// The same for work that waits now and then.
pub(crate) async fn all_aside<F: Future>(work: F) -> F::Output {
    match others() {
        Some(runtime) => block_in_place(|| runtime.block_on(work)),
        None => work.await,
    }
}
