//! What came of an import: counts, the bad rows, the way back.

use super::words;
use crate::{job, run::read_progress};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use meta::{Id, Record};
use minijinja::{Value, context};
use web::{Answer, App, Session};

pub fn page(app: &App, session: &Session, run: &Record) -> Answer {
    let progress = read_progress(run);
    let state = run.text("state");
    let reverting = progress.reverting.clone().filter(|_| state == "reverted");
    let reverted = reverting.map(|reverting| {
        let examples: Vec<Value> = reverting
            .examples
            .iter()
            .map(|(entity, id)| {
                let label =
                    app.engine().entity(entity).map(|entity| entity.label.get(session.lang).to_owned());
                context! { label => label.unwrap_or_default(), href => format!("/{entity}/{id}") }
            })
            .collect();
        context! {
            deleted => words::count(reverting.deleted),
            undone => words::count(reverting.undone),
            kept => words::count(reverting.kept),
            has_kept => reverting.kept > 0,
            examples,
        }
    });
    let context = context! {
        run => context! {
            href => format!("/import/{}", run.id),
            file => run.text("file_name"),
            kind => words::kind_label(run, session.lang),
            source => run.text("source"),
            state,
            message => run.text("message"),
            errors_href => (!run.text("error_path").is_empty()).then(|| format!("/import/{}/errors", run.id)),
            can_revert => ["finished", "cancelled", "failed"].contains(&state),
            unchanged => progress.counts.is_empty() && state == "finished",
        },
        progress => words::progress(&progress, session.lang),
        made => words::made(app, &progress, session.lang, Some(run).filter(|_| state != "reverted")),
        reverted,
    };
    app.page(session, "import/result.html", context)
}

pub async fn revert(State(app): State<App>, session: Session, Path(run): Path<Id>) -> Answer<Response> {
    let record = app.engine().get(&session.actor, "import_run", run).await?;
    if ["finished", "cancelled", "failed"].contains(&record.text("state")) {
        job::start_revert(app.engine(), &session.actor, run).await?;
    }
    Ok(Redirect::to(&format!("/import/{run}")).into_response())
}
