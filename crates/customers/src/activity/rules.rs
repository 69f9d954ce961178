//! What an activity gets when it is left out.

use engine::{
    BoxFuture, Result, Tx, name,
    sea_query::{Expr, ExprTrait, JoinType, Query},
};
use meta::{Draft, Id, Values, label};

/// What happened is done; what is due or a task is open.
pub fn complete(draft: &mut Draft<'_>) {
    if draft.get("done").is_null() {
        let open = draft.get("kind").as_text() == Some("task") || !draft.get("due_at").is_null();
        draft.set("done", !open);
    }
    if draft.get("duration_minutes").as_int().is_some_and(|minutes| minutes < 0) {
        draft.reject("duration_minutes", label("cannot be negative", "不能为负数"));
    }
}

/// An activity with a contact belongs to the contact's customer, or it would be missing from the timeline.
pub fn account_of_contact<'t>(tx: &'t mut Tx, ids: &'t [Id]) -> BoxFuture<'t, Result<()>> {
    Box::pin(async move {
        let mut updates = vec![];
        for ids in ids.chunks(1_000) {
            let select = Query::select()
                .column((name("activity"), name("id")))
                .column((name("contact"), name("account")))
                .from(name("activity"))
                .join(
                    JoinType::InnerJoin,
                    name("contact"),
                    Expr::col((name("contact"), name("id"))).equals((name("activity"), name("contact"))),
                )
                .and_where(Expr::col((name("activity"), name("id"))).is_in(ids.iter().copied()))
                .and_where(Expr::col((name("activity"), name("account"))).is_null())
                .and_where(Expr::col((name("activity"), name("deleted_at"))).is_null())
                .to_owned();
            for row in tx.fetch(&select).await? {
                updates.push((row.id(0)?, Values::from([("account".to_owned(), row.opt_id(1)?.into())])));
            }
        }
        if !updates.is_empty() {
            tx.update_many("activity", updates).await?;
        }
        Ok(())
    })
}
