//! What must hold for a decision.

use meta::{Draft, label};

pub fn check(draft: &mut Draft<'_>) {
    if let (Some(decided), Some(expires)) =
        (draft.get("decided_at").as_instant(), draft.get("expires_at").as_instant())
        && expires < decided
    {
        draft.reject("expires_at", label("must not be before the decision", "不能早于决定时间"));
    }
}
