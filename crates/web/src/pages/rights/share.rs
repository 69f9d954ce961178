//! With whom a record is shared, beyond what roles say.

use crate::{
    Answer, Flash,
    pages::{Caller, Place, entity_view::EntityView, input::sentence, record::view},
};
use axum::{
    Form,
    response::{IntoResponse, Redirect},
};
use engine::{Action, Error, SharedWith};
use meta::{Entity, Id, NaiveDate, Problem, label};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize, Default)]
pub struct Given {
    #[serde(default)]
    user: String,
    #[serde(default)]
    team: String,
    #[serde(default)]
    level: String,
    /// The last day; empty: for good.
    #[serde(default)]
    until: String,
}

#[derive(Serialize)]
struct Shown {
    name: String,
    icon: &'static str,
    may: String,
    until: Option<String>,
    end_href: String,
}

async fn find(caller: &Caller, entity: &str, id: Id) -> Answer<(Arc<Entity>, String)> {
    let entity = caller.entity(entity, Action::Read)?;
    caller.engine().get(caller.actor(), &entity.name, id).await?;
    let title = caller.engine().titles(caller.actor(), &[(&entity.name, id)]).await?.remove(&id);
    Ok((entity, title.unwrap_or_default()))
}

pub async fn show(caller: Caller, Place((entity, id)): Place<(String, Id)>) -> Answer {
    page(&caller, 200, &entity, id, None).await
}

async fn page(caller: &Caller, status: u16, entity: &str, id: Id, error: Option<String>) -> Answer {
    let (engine, actor, reader) = (caller.engine(), caller.actor(), &caller.reader);
    let (entity, title) = find(caller, entity, id).await?;
    if !engine.may_share(actor, &entity.name, id).await? {
        let what = reader.say(
            "share this record: your roles must let you change it",
            "共享此记录：您的角色须可修改该记录",
        );
        return Err(Error::Forbidden(what.to_owned()).into());
    }
    let shares = engine.shares(actor, &entity.name, id).await?;
    let whom = |with: &SharedWith| match with {
        SharedWith::User(user) => ("user", *user),
        SharedWith::Team(team) => ("team", *team),
    };
    let named: Vec<(&str, Id)> = shares.iter().map(|share| whom(&share.with)).collect();
    let names = engine.titles(actor, &named).await?;
    let own = view::href(&entity, id);
    let shown: Vec<Shown> = shares
        .iter()
        .map(|share| {
            let (kind, with) = whom(&share.with);
            Shown {
                name: names.get(&with).cloned().unwrap_or_default(),
                icon: if kind == "user" { "user" } else { "users-group" },
                may: reader
                    .say(
                        if share.writes { "Change" } else { "See" },
                        if share.writes { "修改" } else { "查看" },
                    )
                    .to_owned(),
                until: share.expires_at.map(|at| reader.exact(at)),
                end_href: format!("{own}/share/{}/end", share.id),
            }
        })
        .collect();
    let context = minijinja::context! {
        entity => EntityView::new(reader, &entity),
        record => minijinja::context! { title, href => own },
        href => format!("{own}/share"),
        shares => shown,
        today => reader.today().to_string(),
        error,
    };
    caller.page_with(status, "rights_share.html", context)
}

fn with(given: &Given) -> Result<SharedWith, Error> {
    let unread = |field| Error::invalid(field, Problem::NotAReference { given: String::new() });
    match (given.user.trim(), given.team.trim()) {
        ("", "") => Err(Error::rule("user", "choose a user or a team", "请选择用户或团队")),
        (user, "") => user.parse().map(SharedWith::User).map_err(|_| unread("user")),
        ("", team) => team.parse().map(SharedWith::Team).map_err(|_| unread("team")),
        _ => Err(Error::invalid(
            "user",
            Problem::Rule(label("choose a user or a team, not both", "用户和团队只能选择其一")),
        )),
    }
}

async fn write(caller: &Caller, entity: &Entity, id: Id, given: &Given) -> Result<(), Error> {
    let with = with(given)?;
    let until = match given.until.trim() {
        "" => None,
        day => {
            let day: NaiveDate = day
                .parse()
                .map_err(|_| Error::invalid("until", Problem::NotADate { given: day.to_owned() }))?;
            // To the end of that day where the reader is.
            let end = day.succ_opt().and_then(|next| next.and_hms_opt(0, 0, 0));
            end.map(|end| caller.reader.utc(end))
        }
    };
    let (name, writes) = (entity.name.clone(), given.level == "write");
    let shared = caller.engine().write(caller.actor(), move |tx| {
        Box::pin(async move { tx.share(&name, id, with, writes, until).await.map(drop) })
    });
    shared.await
}

pub async fn save(
    caller: Caller,
    Place((entity, id)): Place<(String, Id)>,
    Form(given): Form<Given>,
) -> Answer {
    let (entity, _) = find(&caller, &entity, id).await?;
    match write(&caller, &entity, id, &given).await {
        Ok(()) => {
            let back = Redirect::to(&format!("{}/share", view::href(&entity, id))).into_response();
            Ok(Flash::success(caller.reader.say("Shared.", "已共享。")).on(back))
        }
        Err(Error::Invalid(problems)) => {
            let said = problems.first().map(|found| sentence(&caller.reader, &found.problem));
            page(&caller, 422, &entity.name, id, said).await
        }
        Err(error) => Err(error.into()),
    }
}

pub async fn end(caller: Caller, Place((entity, id, share)): Place<(String, Id, Id)>) -> Answer {
    let (entity, _) = find(&caller, &entity, id).await?;
    let name = entity.name.clone();
    caller
        .engine()
        .write(caller.actor(), move |tx| Box::pin(async move { tx.unshare(&name, id, share).await }))
        .await?;
    let back = Redirect::to(&format!("{}/share", view::href(&entity, id))).into_response();
    Ok(Flash::success(caller.reader.say("No longer shared.", "已取消共享。")).on(back))
}
