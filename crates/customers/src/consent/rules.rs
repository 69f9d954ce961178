//! What must hold for a decision.

use engine::{BoxFuture, Result, Tx};
use meta::{Draft, Id, label};

pub fn check(draft: &mut Draft<'_>) {
    if draft.get("account").is_null() && draft.get("contact").is_null() {
        draft.reject("account", label("choose whose decision it is", "请选择是谁的决定"));
    }
    if let (Some(decided), Some(expires)) =
        (draft.get("decided_at").as_instant(), draft.get("expires_at").as_instant())
        && expires <= decided
    {
        draft.reject("expires_at", label("must be later than the decision", "应晚于决定时间"));
    }
}

/// So that it is seen by whoever sees the customer.
pub fn account_of_contact<'t>(tx: &'t mut Tx, ids: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(crate::activity::rules::follow_contact(tx, "consent", ids))
}
