//! Where a user is signed in, and how he ends that.

use super::done;
use crate::{Answer, App, Session, device::device, sessions};
use axum::extract::{Path, State};
use engine::{Error, Result};
use minijinja::{Value, context};

pub(super) async fn shown(app: &App, session: &Session) -> Result<Vec<Value>> {
    let (format, now) = (session.format(), app.engine().clock().now());
    let kept = sessions::list(app, session.user.id).await?;
    let shown = kept.into_iter().map(|kept| {
        context! {
            device => kept.agent.as_deref().map(device),
            address => kept.address.as_deref(),
            created => format.relative(kept.created_at, now),
            seen => format.relative(kept.seen_at, now),
            current => kept.csrf == session.csrf,
            end_href => format!("/profile/sessions/{}/end", kept.handle()),
        }
    });
    Ok(shown.collect())
}

pub(super) async fn end(State(app): State<App>, session: Session, Path(handle): Path<String>) -> Answer {
    let kept = sessions::list(&app, session.user.id).await?;
    let ending = kept.into_iter().find(|kept| kept.handle() == handle);
    let ending = ending.ok_or_else(|| Error::NotFound("session".into()))?;
    sessions::end_of_user(&app, session.user.id, ending.csrf).await?;
    done(&app, &session, "profile.session_ended")
}

pub(super) async fn end_others(State(app): State<App>, session: Session) -> Answer {
    sessions::end_others(&app, session.user.id, Some(&session.csrf)).await?;
    done(&app, &session, "profile.sessions_ended")
}
