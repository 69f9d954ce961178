//! Texts and numbers of the import pages.

use crate::{FileProblem, Kind, Progress, UPDATED};
use axum::http::StatusCode;
use meta::{Lang, Record, Value};
use minijinja::{Value as Shown, context};
use web::{Failure, Session};

pub fn failure(problem: FileProblem) -> Failure {
    match problem {
        FileProblem::Engine(error) => Failure::Engine(error),
        FileProblem::Refused(text) => {
            Failure::Refused { status: StatusCode::UNPROCESSABLE_ENTITY, name: "import", text }
        }
    }
}

pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

pub fn value(session: &Session, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Instant(at) => session.zone.local(*at).format("%Y-%m-%d %H:%M").to_string(),
        Value::Bool(flag) => (if *flag { "✓" } else { "–" }).to_owned(),
        other => other.to_json().as_str().map_or_else(|| other.to_json().to_string(), str::to_owned),
    }
}

pub fn duration(seconds: f64, lang: Lang) -> String {
    let seconds = seconds.max(0.0).ceil() as u64;
    let (minutes, rest) = (seconds / 60, seconds % 60);
    match (lang, minutes) {
        (Lang::Zh, 0) => format!("{rest} 秒"),
        (Lang::Zh, _) => format!("{minutes} 分 {rest} 秒"),
        (Lang::En, 0) => format!("{rest} s"),
        (Lang::En, _) => format!("{minutes} min {rest} s"),
    }
}

pub fn kind_label(run: &Record, lang: Lang) -> String {
    Kind::parse(run.text("kind")).map_or_else(String::new, |kind| kind.label().get(lang).to_owned())
}

/// What was made: label, number, and where to see it once `run` has made it.
pub fn made(app: &web::App, progress: &Progress, lang: Lang, run: Option<&Record>) -> Vec<Shown> {
    let filter = run.and_then(filter).map(|filter| web::encode(&filter));
    let mut shown = vec![];
    for entity in app.engine().registry().entities() {
        let number = progress.made(&entity.name);
        if number > 0 {
            let lists = filter.as_ref().filter(|_| entity.parent.is_none());
            let href = lists.map(|filter| format!("/{}?filter={filter}", entity.name));
            let label = if lang == Lang::En { &entity.plural } else { &entity.label };
            shown.push(context! { label => label.get(lang), number => count(number), href });
        }
    }
    let updated = progress.made(UPDATED);
    if updated > 0 {
        shown.push(
            context! { label => app.t(lang, "import.updated", &[]), number => count(updated), href => () },
        );
    }
    shown
}

/// Records made while the run was going on.
fn filter(run: &Record) -> Option<String> {
    let from = run.get("started_at").as_instant()?;
    let to = run.get("finished_at").as_instant()?;
    let text = |at: meta::DateTime<meta::Utc>| at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    Some(format!("created_at >= \"{}\" && created_at <= \"{}\"", text(from), text(to)))
}

/// Counts, speed and time left of a run.
pub fn progress(progress: &Progress, lang: Lang) -> Shown {
    context! {
        percent => (progress.share() * 100.0).round() as u64,
        rows => count(progress.rows),
        imported => count(progress.imported),
        errors => count(progress.errors),
        has_errors => progress.errors > 0,
        rate => count(progress.rows_per_second().round() as u64),
        left => progress.seconds_left().map(|seconds| duration(seconds, lang)),
        seconds => duration(progress.seconds, lang),
    }
}
