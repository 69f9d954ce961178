//! Why somebody can or cannot see a record.

use super::administrators_only;
use crate::{
    Answer,
    pages::{Caller, Place, Reader, entity_view::EntityView, record::view},
};
use axum::extract::Query as Asking;
use engine::{Action, Error, Explanation, Level, Query, Reason, Standing};
use meta::{Entity, Id, Lang, Record};
use serde::{Deserialize, Serialize};

/// People looked at one by one for the table of everybody.
const PEOPLE: usize = 40;

#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    user: Option<String>,
}

#[derive(Serialize)]
struct Verdict {
    label: String,
    allowed: bool,
    text: String,
}

#[derive(Serialize)]
struct Told {
    text: String,
    near: bool,
    through: Vec<Told>,
}

#[derive(Serialize)]
struct Somebody {
    name: String,
    href: String,
    team: String,
    sees: bool,
    changes: bool,
    deletes: bool,
    why: String,
}

pub async fn show(
    caller: Caller,
    Place((entity, id)): Place<(String, Id)>,
    Asking(asked): Asking<Asked>,
) -> Answer {
    administrators_only(&caller)?;
    let entity = caller.entity(&entity, Action::Read)?;
    let found = caller.engine().get_many(caller.actor(), &entity.name, &[id]).await?;
    let missing = || Error::NotFound(format!("{} {id}", entity.label.get(caller.reader.lang)));
    let record = found.into_iter().next().ok_or_else(missing)?;
    let user = asked.user.as_deref().filter(|user| !user.is_empty());
    let user: Option<Id> = match user {
        Some(text) => Some(text.parse().map_err(|_| Error::NotFound(format!("user {text}")))?),
        None => None,
    };
    let titles = caller.engine().titles(caller.actor(), &[(&entity.name, id)]).await?;
    let common = minijinja::context! {
        entity => EntityView::new(&caller.reader, &entity),
        record => minijinja::context! { title => titles.get(&id), href => view::href(&entity, id) },
        href => format!("{}/access", view::href(&entity, id)),
    };
    let context = match user {
        Some(user) => one(&caller, &entity, &record, user).await?,
        None => minijinja::context! { everybody => everybody(&caller, &entity, &record).await?,
        user => (), verdicts => [(); 0], reasons => [(); 0], fields => [(); 0], standing => () },
    };
    caller.page("rights_explain.html", minijinja::context! { ..common, ..context })
}

async fn one(caller: &Caller, entity: &Entity, record: &Record, user: Id) -> Answer<minijinja::Value> {
    let (engine, actor, reader) = (caller.engine(), caller.actor(), &caller.reader);
    let said = engine.explain(actor, user, &entity.name, record.id).await?;
    let name = engine.titles(actor, &[("user", user)]).await?.remove(&user).unwrap_or_default();
    let verdicts: Vec<Verdict> = said
        .verdicts
        .iter()
        .map(|verdict| Verdict {
            label: crate::pages::entity_view::capital(verdict.action.label().get(reader.lang)),
            allowed: verdict.allowed,
            text: level_text(reader, &said.standing, verdict.level, &verdict.roles),
        })
        .collect();
    let fields: Vec<_> = said
        .fields
        .iter()
        .map(|(_, label, withheld)| {
            minijinja::context! {
            label => label.get(reader.lang), level => withheld.label().get(reader.lang) }
        })
        .collect();
    Ok(minijinja::context! {
        user => minijinja::context! { id => user, name, href => format!("/user/{user}") },
        standing => standing_text(reader, &said.standing),
        reasons => said.reasons.iter().map(|reason| told(reader, reason)).collect::<Vec<_>>(),
        nothing => said.reasons.is_empty() && matches!(said.standing, Standing::Roles(_)),
        everybody => [(); 0],
        verdicts,
        fields,
    })
}

fn standing_text(reader: &Reader, standing: &Standing) -> String {
    match standing {
        Standing::Gone => {
            reader.say("No longer active: may do nothing.", "已停用，不能执行任何操作。").to_owned()
        }
        Standing::Administrator => reader
            .say("Administrator: may see and do everything.", "管理员，可查看并处理全部数据。")
            .to_owned(),
        Standing::WithoutRole => reader
            .say(
                "Has no role and therefore works on everything. Give a role to narrow that.",
                "没有任何角色，因此可以处理全部数据；分配角色后才会受限。",
            )
            .to_owned(),
        Standing::Roles(roles) if roles.is_empty() => reader
            .say("Had a role that was deleted: may do nothing.", "原有角色已删除，不能执行任何操作。")
            .to_owned(),
        Standing::Roles(roles) => match reader.lang {
            Lang::En => format!("Role: {}", roles.join(", ")),
            Lang::Zh => format!("角色：{}", roles.join("、")),
        },
    }
}

fn level_text(reader: &Reader, standing: &Standing, level: Level, roles: &[String]) -> String {
    if !matches!(standing, Standing::Roles(_)) {
        return String::new();
    }
    let level = level.label();
    match (reader.lang, roles) {
        (Lang::En, []) => level.en,
        (Lang::Zh, []) => level.zh,
        (Lang::En, roles) => format!("{} – by role {}", level.en, roles.join(", ")),
        (Lang::Zh, roles) => format!("{}（来自角色{}）", level.zh, roles.join("、")),
    }
}

/// One way in which the record could be his, as a sentence.
fn told(reader: &Reader, reason: &Reason) -> Told {
    let text = match (&reason.field, reader.lang) {
        (None, _) => shared(reader, reason),
        (Some(field), lang) => {
            let team = reason.team.as_ref().map(|team| match lang {
                Lang::En => format!(" ({team})"),
                Lang::Zh => format!("（{team}）"),
            });
            let (name, team) = (&reason.name, team.unwrap_or_default());
            match lang {
                Lang::En => format!("{}: {name}{team} – {}", field.en, near_text(reader, reason)),
                Lang::Zh => format!("{}：{name}{team}，{}", field.zh, near_text(reader, reason)),
            }
        }
    };
    Told {
        text,
        near: reason.level != Level::All || reason.share.is_some(),
        through: reason.through.iter().map(|reason| told(reader, reason)).collect(),
    }
}

fn near_text<'r>(reader: &'r Reader, reason: &Reason) -> &'r str {
    match reason.level {
        Level::Own => reader.say("his own", "属于本人"),
        Level::Team => reader.say("of his team", "属于本团队"),
        Level::TeamAndBelow => reader.say("of a team below his", "属于下级团队"),
        _ if reason.share.is_some() => reader.say("shared with him", "已共享给他"),
        _ => reader.say("of another team", "属于其他团队"),
    }
}

fn shared(reader: &Reader, reason: &Reason) -> String {
    let (writes, ends) = reason.share.unwrap_or((false, None));
    let what = if writes { reader.say("to change", "可修改") } else { reader.say("to see", "可查看") };
    let until = ends.map(|at| reader.exact(at));
    match (reader.lang, until) {
        (Lang::En, None) => format!("Shared with {} {what}", reason.name),
        (Lang::En, Some(until)) => format!("Shared with {} {what}, until {until}", reason.name),
        (Lang::Zh, None) => format!("已共享给{}（{what}）", reason.name),
        (Lang::Zh, Some(until)) => format!("已共享给{}（{what}），{until} 到期", reason.name),
    }
}

/// Everybody who works here, and what each may do with the record.
async fn everybody(caller: &Caller, entity: &Entity, record: &Record) -> Answer<Vec<Somebody>> {
    let (engine, actor, reader) = (caller.engine(), caller.actor(), &caller.reader);
    let query = Query::new("user").filter("active == true").sort("name").limit(PEOPLE);
    let users = engine.list(actor, &query).await?.records;
    let teams: Vec<(&str, Id)> =
        users.iter().filter_map(|user| user.reference("team")).map(|team| ("team", team)).collect();
    let teams = engine.titles(actor, &teams).await?;
    let mut all = vec![];
    for user in users {
        let said = engine.explain(actor, user.id, &entity.name, record.id).await?;
        let may = |action| said.verdicts.iter().any(|verdict| verdict.action == action && verdict.allowed);
        all.push(Somebody {
            name: user.text("name").to_owned(),
            href: format!("{}/access?user={}", view::href(entity, record.id), user.id),
            team: user.reference("team").and_then(|team| teams.get(&team).cloned()).unwrap_or_default(),
            sees: may(Action::Read),
            changes: may(Action::Update),
            deletes: may(Action::Delete),
            why: short(reader, &said),
        });
    }
    Ok(all)
}

fn short(reader: &Reader, said: &Explanation) -> String {
    match &said.standing {
        Standing::Administrator => reader.say("Administrator", "管理员").to_owned(),
        Standing::WithoutRole => reader.say("No role", "无角色").to_owned(),
        Standing::Gone => reader.say("Not active", "已停用").to_owned(),
        Standing::Roles(roles) => roles.join(reader.say(", ", "、")),
    }
}
