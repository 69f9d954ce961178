//! The bad rows, in the layout of the user's own file.

use axum::{
    body::Body,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use engine::Error;
use meta::Id;
use web::{Answer, App, Session};

pub async fn download(State(app): State<App>, session: Session, Path(run): Path<Id>) -> Answer<Response> {
    let record = app.engine().get(&session.actor, "import_run", run).await?;
    let path = std::path::PathBuf::from(record.text("error_path"));
    // The path is ours, but only ever from this folder.
    let ours = path.parent() == Some(&app.engine().data_dir().join("imports"));
    let missing = || Error::NotFound(app.t(session.lang, "import.error_file", &[]));
    if !ours {
        return Err(missing().into());
    }
    let bytes = tokio::fs::read(&path).await.map_err(|_| missing())?;
    let name = format!("errors.{}", path.extension().and_then(|ending| ending.to_str()).unwrap_or("csv"));
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, Body::from(bytes)).into_response())
}
