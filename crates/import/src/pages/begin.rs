//! A file is chosen; below it stands what was imported before.

use super::{UPLOAD_LIMIT, UPLOAD_LIMIT_MB, words};
use crate::{Kind, Options, create, guess::guess_kind, job::may_import, run::read_progress};
use axum::{
    extract::{
        Multipart, Path, State,
        multipart::{Field, MultipartError},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use engine::{Error, Query};
use meta::Id;
use minijinja::{Value, context};
use std::path::PathBuf;
use tokio::io::AsyncWriteExt;
use web::{Answer, App, Failure, Flash, Session};

const RUNS: usize = 50;

pub async fn page(State(app): State<App>, session: Session) -> Answer {
    shown(&app, &session, 200, None).await
}

async fn shown(app: &App, session: &Session, status: u16, problem: Option<String>) -> Answer {
    let query = Query::new("import_run").sort("-created_at").limit(RUNS);
    let runs = app.engine().list(&session.actor, &query).await?.records;
    let state = app.engine().entity("import_run")?.get("state").map(|field| field.choices().to_vec());
    let runs: Vec<Value> = runs
        .iter()
        .map(|run| {
            let progress = read_progress(run);
            let choice = state.iter().flatten().find(|choice| choice.value == run.text("state"));
            context! {
                href => format!("/import/{}", run.id),
                file => run.text("file_name"),
                kind => words::kind_label(run, session.lang),
                source => run.text("source"),
                state => choice.map_or(run.text("state"), |choice| choice.label.get(session.lang)),
                colour => choice.map(|choice| choice.colour),
                rows => words::count(progress.rows),
                errors => words::count(progress.errors),
                has_errors => progress.errors > 0,
                at => words::value(session, &run.created_at.into()),
            }
        })
        .collect();
    let limit = UPLOAD_LIMIT_MB / 1024;
    app.page_with(status, session, "import/begin.html", context! { runs, problem, limit_gb => limit })
}

pub async fn upload(
    State(app): State<App>,
    session: Session,
    headers: HeaderMap,
    mut form: Multipart,
) -> Answer {
    // A browser says beforehand how much will come: nobody waits for gigabytes that are refused.
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > UPLOAD_LIMIT) {
        return Err(too_large());
    }
    let broken = |error: MultipartError| match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Failure::bad_request("The upload broke off: please try again.", "上传中断，请重试。"),
    };
    let may = |kind: &Kind| may_import(app.engine(), &session.actor, *kind);
    if !Kind::ALL.iter().any(|kind| may(kind).is_ok()) {
        may(&Kind::Orders)?;
    }
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        if field.name() == Some("file") && field.file_name().is_some_and(|name| !name.is_empty()) {
            file = Some(store(&app, field).await?.map_err(broken)?);
        }
    }
    let Some((path, name)) = file else {
        let text = app.t(session.lang, "import.choose_file", &[]);
        return shown(&app, &session, 422, Some(text)).await;
    };
    let look = path.clone();
    let guessed = tokio::task::spawn_blocking(move || guess_kind(&look))
        .await
        .map_err(|error| Error::Internal(error.to_string()))?;
    let kind = match guessed {
        Ok(kind) => kind,
        Err(problem) => {
            let _ = tokio::fs::remove_file(&path).await;
            return shown(&app, &session, 422, Some(problem.message(session.lang))).await;
        }
    };
    let options = Options { chinese: session.lang == meta::Lang::Zh, ..Options::default() };
    let run =
        create(app.engine(), &session.actor, kind, &path, &name, &options).await.map_err(words::failure)?;
    Ok(Redirect::to(&format!("/import/{run}")).into_response())
}

fn too_large() -> Failure {
    Failure::refused(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        format!(
            "The file is larger than {UPLOAD_LIMIT_MB} MB: pack it (.gz, .zip) or import it with zhike import."
        ),
        format!("文件超过 {UPLOAD_LIMIT_MB} MB，请压缩（.gz、.zip）后上传，或用 zhike import 命令导入。"),
    )
}

type Stored = Result<(PathBuf, String), MultipartError>;

/// Copies the upload to the data folder piece by piece.
async fn store(app: &App, mut field: Field<'_>) -> Answer<Stored> {
    let folder = app.engine().data_dir().join("uploads");
    let unwritable = |error: std::io::Error| {
        Failure::Engine(Error::Unavailable(format!(
            "the folder {} cannot be written: {error}",
            folder.display()
        )))
    };
    tokio::fs::create_dir_all(&folder).await.map_err(unwritable)?;
    let name: String = field.file_name().unwrap_or_default().chars().take(200).collect();
    let path = folder.join(app.engine().clock().new_id().to_string());
    let mut file = tokio::fs::File::create(&path).await.map_err(unwritable)?;
    loop {
        match field.chunk().await {
            Ok(Some(chunk)) => file.write_all(&chunk).await.map_err(unwritable)?,
            Ok(None) => break,
            Err(error) => {
                let _ = tokio::fs::remove_file(&path).await;
                return Ok(Err(error));
            }
        }
    }
    file.flush().await.map_err(unwritable)?;
    Ok(Ok((path, name)))
}

/// Gives up a file that was not imported.
pub async fn discard(State(app): State<App>, session: Session, Path(run): Path<Id>) -> Answer<Response> {
    let record = app.engine().get(&session.actor, "import_run", run).await?;
    if record.text("state") == "mapping" {
        app.engine()
            .write(&session.actor, move |tx| {
                Box::pin(async move { tx.delete("import_run", run, None).await })
            })
            .await?;
        let _ = tokio::fs::remove_file(record.text("file_path")).await;
    }
    let text = app.t(session.lang, "import.discarded", &[]);
    Ok(Flash::success(text).on(Redirect::to("/import").into_response()))
}
