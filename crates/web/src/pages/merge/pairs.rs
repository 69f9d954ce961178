//! The pairs of an entity that are probably the same, the likeliest first.

use crate::{
    Answer, Flash,
    pages::{Caller, Place, address::list_href, entity_view::EntityView, record::view},
};
use axum::{
    Form,
    response::{IntoResponse, Redirect},
};
use engine::Action;
use meta::{Entity, Id, Lang, Record};
use serde::{Deserialize, Serialize};

const SHOWN: usize = 100;

#[derive(Serialize)]
struct One {
    id: Id,
    title: String,
    href: String,
    /// Whatever tells it from others, on one line.
    about: String,
}

#[derive(Serialize)]
struct Pair {
    one: One,
    other: One,
    alike: String,
    compare_href: String,
}

pub async fn show(caller: Caller, Place(entity): Place<String>) -> Answer {
    let entity = caller.entity(&entity, Action::Merge)?;
    let found = caller.engine().duplicates(caller.actor(), &entity.name, SHOWN).await?;
    caller.app.saw_many(&caller.session, &entity.name, found.len() * 2, &[("of", "duplicates")]);
    let pairs: Vec<Pair> = found
        .iter()
        .map(|pair| {
            let one = one(&entity, &pair.one);
            let compare_href = super::href(&one.href, &[pair.other.id]);
            let alike = pair.alike.iter().map(|alike| alike.label().get(caller.reader.lang).to_owned());
            let comma = if caller.reader.lang == Lang::Zh { "、" } else { ", " };
            Pair {
                one,
                other: self::one(&entity, &pair.other),
                alike: alike.collect::<Vec<_>>().join(comma),
                compare_href,
            }
        })
        .collect();
    let context = minijinja::context! {
        entity => EntityView::new(&caller.reader, &entity),
        full => pairs.len() == SHOWN,
        pairs,
        href => format!("{}/duplicates", list_href(&entity)),
    };
    caller.page("duplicates.html", context)
}

fn one(entity: &Entity, record: &Record) -> One {
    let about = ["email", "mobile", "phone", "code", "city"].iter().filter(|name| **name != entity.title);
    let about: Vec<&str> =
        about.map(|name| record.text(name)).filter(|text| !text.is_empty()).take(3).collect();
    One {
        id: record.id,
        title: record.text(&entity.title).to_owned(),
        href: view::href(entity, record.id),
        about: about.join(" · "),
    }
}

pub async fn find(caller: Caller, Place(entity): Place<String>) -> Answer {
    let entity = caller.entity(&entity, Action::Merge)?;
    caller.engine().write(caller.actor(), |tx| Box::pin(async move { tx.find_duplicates().await })).await?;
    let text = caller.reader.say(
        "Duplicates are being looked for; open this page again in a moment.",
        "正在后台查找重复记录，请稍后刷新本页。",
    );
    let back = Redirect::to(&format!("{}/duplicates", list_href(&entity)));
    Ok(Flash::success(text).on(back.into_response()))
}

#[derive(Deserialize)]
pub struct Apart {
    one: Id,
    other: Id,
}

pub async fn dismiss(caller: Caller, Place(entity): Place<String>, Form(apart): Form<Apart>) -> Answer {
    let entity = caller.entity(&entity, Action::Merge)?;
    let name = entity.name.clone();
    caller
        .engine()
        .write(caller.actor(), move |tx| {
            Box::pin(async move { tx.dismiss_duplicate(&name, apart.one, apart.other).await })
        })
        .await?;
    let text = caller.reader.say("They are not shown as duplicates again.", "以后不再提示这两条记录重复。");
    let back = Redirect::to(&format!("{}/duplicates", list_href(&entity)));
    Ok(Flash::success(text).on(back.into_response()))
}
