//! Panics: a worker ends with the first, and who asks workers distrusts an answer during which there was one.

use std::sync::{
    Once,
    atomic::{AtomicU64, Ordering},
};

static SEEN: AtomicU64 = AtomicU64::new(0);

/// From now on panics of this process are counted.
pub(crate) fn count() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            SEEN.fetch_add(1, Ordering::SeqCst);
            before(panic);
        }));
    });
}

pub(crate) fn seen() -> u64 {
    SEEN.load(Ordering::SeqCst)
}

/// From now on a panic, in whatever thread or task, ends this process at once.
pub(crate) fn abort_on_any() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        before(panic);
        std::process::abort();
    }));
}
