//! The reports one has scheduled, and the form of one.

use super::{
    ENTITY, PATH,
    entity::{PROBLEMS, rhythm_of, users_in},
    send,
};
use crate::{
    dashboard,
    explore::Pairs,
    kept, question,
    said::{Said, said},
    words::Words,
};
use axum::{
    Form,
    extract::{Path, Query, State},
    response::Response,
};
use engine::{Actor, Error, Query as Asked, Result};
use meta::{Id, Problem, Record, Value, Values, label};
use minijinja::context;
use serde::Serialize;
use serde_json::json;
use web::{Answer, App, Session};

const LIMIT: usize = 200;
const DAYS_OF_MONTH: u32 = 28;

#[derive(Serialize)]
struct Listed {
    id: Id,
    name: String,
    what: String,
    what_href: String,
    when: String,
    next: String,
    last: String,
    problem: String,
    recipients: String,
    active: bool,
    own: bool,
}

pub async fn list(State(app): State<App>, session: Session) -> Answer<Response> {
    let words = Words::of(&app, &session).await?;
    let engine = app.engine();
    let records = engine.list(&session.actor, &Asked::new(ENTITY).sort("name").limit(LIMIT)).await?.records;
    let mut wanted: Vec<(&str, Id)> = vec![];
    for record in &records {
        wanted.extend(target(record));
        wanted.extend(
            users_in(record.get("recipients")).unwrap_or_default().into_iter().map(|user| ("user", user)),
        );
    }
    let titles =
        if wanted.is_empty() { Default::default() } else { engine.titles(&session.actor, &wanted).await? };
    let one = |record: &Record| {
        let names = users_in(record.get("recipients")).unwrap_or_default();
        let names: Vec<String> = names.iter().filter_map(|user| titles.get(user).cloned()).collect();
        let instant = |field: &str| {
            record.get(field).as_instant().map(|at| words.format.instant(at)).unwrap_or_default()
        };
        Listed {
            id: record.id,
            name: record.text("name").to_owned(),
            what: target(record).and_then(|(_, id)| titles.get(&id).cloned()).unwrap_or_default(),
            what_href: target(record)
                .map(|(entity, id)| format!("/analysis/{entity}s/{id}"))
                .unwrap_or_default(),
            when: when(&words, record),
            next: instant("next_at"),
            last: instant("last_sent_at"),
            problem: problem(&words, record),
            recipients: names.join(", "),
            active: record.get("active").as_bool() == Some(true),
            own: question::is_own(&session.actor, record),
        }
    };
    let reports: Vec<Listed> = records.iter().map(one).collect();
    app.page_with(200, &session, "analysis/schedules.html", context! { reports, mails => app.mails() })
}

/// Why the last letter did not reach everybody.
fn problem(words: &Words<'_>, record: &Record) -> String {
    let found = PROBLEMS.iter().find(|(code, ..)| *code == record.text("problem"));
    found.map(|(_, en, zh, _)| words.say(&label(*en, *zh))).unwrap_or_default()
}

/// What is mailed.
fn target(record: &Record) -> Option<(&'static str, Id)> {
    let question = record.reference("question").map(|id| (question::ENTITY, id));
    question.or_else(|| record.reference("dashboard").map(|id| (dashboard::ENTITY, id)))
}

fn when(words: &Words<'_>, record: &Record) -> String {
    let (_, hour) = rhythm_of(record);
    let day = record.get("day").as_int().unwrap_or(1);
    let hour = format!("{hour:02}:00");
    match record.text("rhythm") {
        "daily" => words.t("schedule.when_daily", &[("hour", &hour)]),
        "monthly" => words.t("schedule.when_monthly", &[("day", &day.to_string()), ("hour", &hour)]),
        _ => {
            let day = words.t(&format!("schedule.weekday_{}", day.clamp(1, 7)), &[]);
            words.t("schedule.when_weekly", &[("day", &day), ("hour", &hour)])
        }
    }
}

/// What the form shows and sends.
#[derive(Default, Serialize)]
struct Filled {
    id: String,
    name: String,
    question: String,
    dashboard: String,
    what: String,
    rhythm: String,
    weekday: String,
    day: String,
    hour: String,
    recipients: Vec<String>,
    active: bool,
}

fn given<'p>(pairs: &'p Pairs, wanted: &str) -> &'p str {
    pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.trim()).unwrap_or_default()
}

pub async fn new(State(app): State<App>, session: Session, Query(pairs): Query<Pairs>) -> Answer<Response> {
    let filled = Filled {
        question: given(&pairs, "question").to_owned(),
        dashboard: given(&pairs, "dashboard").to_owned(),
        rhythm: "weekly".into(),
        weekday: "1".into(),
        day: "1".into(),
        hour: "8".into(),
        recipients: vec![session.user.id.to_string()],
        active: true,
        ..Filled::default()
    };
    form(&app, &session, 200, filled, vec![]).await
}

async fn form(
    app: &App,
    session: &Session,
    status: u16,
    filled: Filled,
    problems: Vec<Said>,
) -> Answer<Response> {
    let engine = app.engine();
    let place = if filled.question.is_empty() {
        (dashboard::ENTITY, "dashboard", &filled.dashboard)
    } else {
        (question::ENTITY, "question", &filled.question)
    };
    let (entity, field, text) = place;
    let id: Id =
        text.parse().map_err(|_| Error::invalid(field, Problem::NotAReference { given: text.clone() }))?;
    let what = engine.get(&session.actor, entity, id).await?.text("name").to_owned();
    let name = if filled.name.is_empty() && problems.is_empty() { what.clone() } else { filled.name.clone() };
    let filled = Filled { what, name, ..filled };
    let users = Asked::new("user").filter("active == true").sort("name").limit(LIMIT);
    let users = engine.list(&session.actor, &users).await?.records;
    let users: Vec<(String, String, bool)> = users
        .iter()
        .map(|user| {
            let id = user.id.to_string();
            let chosen = filled.recipients.contains(&id);
            (id, user.text("name").to_owned(), chosen)
        })
        .collect();
    let hours: Vec<(String, String)> =
        (0..24).map(|hour| (hour.to_string(), format!("{hour:02}:00"))).collect();
    let days: Vec<String> = (1..=DAYS_OF_MONTH).map(|day| day.to_string()).collect();
    let context = context! { filled, users, hours, days, problems, mails => app.mails() };
    app.page_with(status, session, "analysis/schedule_form.html", context)
}

pub async fn edit(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    let record = own(&app, &session.actor, id).await?;
    let text = |field: &str| record.get(field).as_int().map(|number| number.to_string()).unwrap_or_default();
    let reference = |field: &str| record.reference(field).map(|id| id.to_string()).unwrap_or_default();
    let recipients = users_in(record.get("recipients")).unwrap_or_default();
    let filled = Filled {
        id: id.to_string(),
        name: record.text("name").to_owned(),
        question: reference("question"),
        dashboard: reference("dashboard"),
        what: String::new(),
        rhythm: record.text("rhythm").to_owned(),
        weekday: text("day"),
        day: text("day"),
        hour: text("hour"),
        recipients: recipients.iter().map(Id::to_string).collect(),
        active: record.get("active").as_bool() == Some(true),
    };
    form(&app, &session, 200, filled, vec![]).await
}

async fn own(app: &App, actor: &Actor, id: Id) -> Result<Record> {
    let record = app.engine().get(actor, ENTITY, id).await?;
    if question::is_own(actor, &record) { Ok(record) } else { Err(Error::NotFound(format!("{ENTITY} {id}"))) }
}

/// The values of the form, and the form as it was filled in.
fn read(pairs: &Pairs) -> Result<(Values, Filled)> {
    let all = |wanted: &str| -> Vec<String> {
        pairs
            .iter()
            .filter(|(name, value)| name == wanted && !value.is_empty())
            .map(|(_, value)| value.clone())
            .collect()
    };
    let filled = Filled {
        id: String::new(),
        name: given(pairs, "name").to_owned(),
        question: given(pairs, "question").to_owned(),
        dashboard: given(pairs, "dashboard").to_owned(),
        what: String::new(),
        rhythm: given(pairs, "rhythm").to_owned(),
        weekday: given(pairs, "weekday").to_owned(),
        day: given(pairs, "day").to_owned(),
        hour: given(pairs, "hour").to_owned(),
        recipients: all("recipient"),
        active: !given(pairs, "active").is_empty(),
    };
    let reference = |field: &str, text: &str| match text {
        "" => Ok(Value::Null),
        text => text
            .parse()
            .map(Value::Id)
            .map_err(|_| Error::invalid(field, Problem::NotAReference { given: text.to_owned() })),
    };
    let number = |field: &str, text: &str| match text {
        "" => Ok(Value::Null),
        text => text
            .parse()
            .map(Value::Int)
            .map_err(|_| Error::invalid(field, Problem::NotAnInteger { given: text.to_owned() })),
    };
    let day = match filled.rhythm.as_str() {
        "monthly" => number("day", &filled.day)?,
        "weekly" => number("day", &filled.weekday)?,
        _ => Value::Null,
    };
    let values = Values::from([
        ("name".to_owned(), filled.name.as_str().into()),
        ("question".to_owned(), reference("question", &filled.question)?),
        ("dashboard".to_owned(), reference("dashboard", &filled.dashboard)?),
        ("rhythm".to_owned(), filled.rhythm.as_str().into()),
        ("day".to_owned(), day),
        ("hour".to_owned(), number("hour", &filled.hour)?),
        ("recipients".to_owned(), Value::Json(json!(filled.recipients))),
        ("active".to_owned(), filled.active.into()),
    ]);
    if filled.recipients.is_empty() {
        return Err(Error::invalid("recipients", Problem::Required));
    }
    Ok((values, filled))
}

pub async fn save(State(app): State<App>, session: Session, Form(pairs): Form<Pairs>) -> Answer<Response> {
    keep(&app, &session, None, &pairs).await
}

pub async fn change(
    State(app): State<App>,
    session: Session,
    Path(id): Path<Id>,
    Form(pairs): Form<Pairs>,
) -> Answer<Response> {
    keep(&app, &session, Some(id), &pairs).await
}

async fn keep(app: &App, session: &Session, id: Option<Id>, pairs: &Pairs) -> Answer<Response> {
    let (values, filled) = read(pairs)?;
    let engine = app.engine();
    let written = match id {
        Some(id) => kept::update(app, session, ENTITY, id, values).await.map(|()| id),
        None => kept::create(app, session, ENTITY, values).await,
    };
    match written {
        Ok(id) => {
            send::plan(engine, &engine.get(&Actor::system(), ENTITY, id).await?).await?;
            Ok(kept::told(app, session, "schedule.saved", PATH))
        }
        Err(error @ Error::Invalid(_)) => {
            let words = Words::of(app, session).await?;
            let problems = said(&words, &error).unwrap_or_default();
            let id = id.map(|id| id.to_string()).unwrap_or_default();
            form(app, session, 422, Filled { id, ..filled }, problems).await
        }
        Err(error) => Err(error.into()),
    }
}

/// It goes out with the program's next look, once; an inactive one stays inactive.
pub async fn now(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    own(&app, &session.actor, id).await?;
    let now = app.engine().clock().now();
    let values = Values::from([("next_at".to_owned(), Value::Instant(now))]);
    let system = Actor::system();
    let write = app
        .engine()
        .write(&system, move |tx| Box::pin(async move { tx.update(ENTITY, id, None, values).await }));
    write.await?;
    Ok(kept::told(&app, &session, "schedule.on_its_way", PATH))
}

pub async fn delete(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    kept::delete(&app, &session, ENTITY, id, "schedule.deleted", PATH).await
}
