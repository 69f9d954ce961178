//! `/analysis/groups`: which customers buy alike, what each group is like, who moved.

use super::{Words, group_moves, group_tastes, missing, scope, status, words};
use crate::{
    mining::{
        group_names::{self, Names},
        groups::{self, FEATURES, Found, Group, Wanted},
        refresh,
    },
    pages::{
        figure::{Definition, Explain, Figure, Input},
        href, setting, simpler,
    },
};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::Form;
use engine::{Action, Actor, Error, Level};
use meta::label;
use minijinja::context;
use mining::grouping::MOST_GROUPS;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use web::{Answer, App, Flash, Session};

/// Colours of the groups, by their place.
const COLOURS: [&str; MOST_GROUPS] = ["blue", "green", "orange", "purple", "red", "yellow", "teal", "grey"];

pub(super) fn row_colour(at: usize) -> &'static str {
    COLOURS[at % COLOURS.len()]
}

#[derive(Deserialize)]
pub struct Given {
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    number: String,
}

#[derive(Deserialize)]
pub struct Naming {
    number: u32,
    #[serde(default)]
    name: String,
}

#[derive(Serialize)]
struct Row {
    number: u32,
    name: String,
    /// The name people gave.
    given: Option<String>,
    /// What marks the group by now, where its name says something else.
    marked: Option<String>,
    colour: &'static str,
    href: String,
    customers: String,
    share: String,
    features: Vec<Cell>,
}

#[derive(Serialize)]
struct Cell {
    label: String,
    mean: String,
    lift: Option<String>,
}

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    scope::whole_company(&session)?;
    let words = words(&app, &session).await?;
    let wanted = Wanted::load(app.engine()).await?;
    let kept = groups::load(app.engine()).await?;
    let features: Vec<Json> = FEATURES
        .iter()
        .map(|(name, _, _)| {
            let chosen = wanted.features.iter().any(|wanted| wanted == name);
            json!({ "name": name, "label": feature(&words, name), "chosen": chosen })
        })
        .collect();
    let common = context! {
        mining => status::status(&words).await?,
        can_set => session.actor.is_administrator(),
        features,
        numbers => (2..=MOST_GROUPS).collect::<Vec<_>>(),
        wanted => wanted.number,
    };
    let shown = match kept.as_ref().map(|kept| (&kept.body, kept.as_of, kept.computed_at)) {
        None => context! { state => "nothing" },
        Some((Err(reason), ..)) => context! {
            state => "missing",
            missing => missing(&words, *reason),
            simpler => simpler::ranked(&words, &session, "net_sales").await?,
        },
        Some((Ok(found), as_of, computed_at)) => {
            let called = Names::load(app.engine()).await?;
            let names = names(&words, found, &called);
            context! {
                state => "found",
                as_of => words.date(as_of),
                computed_at => words.format.instant(computed_at),
                clear => found.choice.clear(),
                figures => headline(&words, found, &words.date(as_of)),
                rows => rows(&words, found, &names, &called),
                can_name => may_name(&session.actor),
                sample => sample(&words, found),
                feature_definitions => feature_definitions(&words, found),
                scatter => scatter(&words, found, &names),
                bars => bars(&words, found, &names),
                tastes => group_tastes::table(&words, &session, found, &names).await?,
                moves => group_moves::table(&words, found, &names),
                moved_since => words.date(found.moved_since),
                orders_since => found.orders_since.map(|day| words.date(day)),
            }
        }
    };
    let context = context! { ..shown, ..common };
    app.page(&session, "insight/mining_groups.html", context).map(IntoResponse::into_response)
}

/// Keeps what groups are made of, and makes them anew.
pub async fn save(State(app): State<App>, session: Session, Form(given): Form<Given>) -> Answer<Response> {
    scope::whole_company(&session)?;
    setting::for_administrators(&session, ("the features of groups", "分群依据"))?;
    let unknown = given.features.iter().find(|given| !FEATURES.iter().any(|(name, _, _)| name == given));
    if given.features.is_empty() || unknown.is_some() {
        return Err(Error::rule(
            "features",
            "choose at least one of the features offered",
            "请至少选择一项列出的分群依据",
        )
        .into());
    }
    let number = match given.number.trim() {
        "" => None,
        text => match text.parse::<usize>() {
            Ok(number) if (2..=MOST_GROUPS).contains(&number) => Some(number),
            _ => {
                return Err(Error::rule(
                    "number",
                    format!("choose 2 to {MOST_GROUPS} groups, or leave it to the data"),
                    format!("请选择 2 至 {MOST_GROUPS} 个分群，或由数据决定"),
                )
                .into());
            }
        },
    };
    let wanted = serde_json::to_value(Wanted { features: given.features, number }).map_err(Error::from)?;
    app.engine()
        .write(&session.actor, move |tx| {
            Box::pin(async move {
                tx.change_setting(groups::SETTING, &wanted).await?;
                refresh::queue(tx).await
            })
        })
        .await?;
    let text = app.t(session.lang, "mining.queued", &[]);
    Ok(Flash::success(text).on(Redirect::to("/analysis/groups").into_response()))
}

fn feature(words: &Words<'_>, name: &str) -> String {
    words.t(&format!("mining.feature.{name}"), &[])
}

/// Number and name of each group.
pub(crate) fn names(words: &Words<'_>, found: &Found, called_by: &Names) -> Vec<(u32, String)> {
    let named = |group: &Group| {
        let name = called_by.called(group.number, &group.profile.marks);
        (group.number, group_names::numbered(group.number, &name).get(words.lang).to_owned())
    };
    found.groups.iter().map(named).collect()
}

/// A group of an earlier day: one that is gone has no name any more.
pub(super) fn name_then(words: &Words<'_>, names: &Names, number: i64) -> String {
    match u32::try_from(number).ok().filter(|number| names.of.contains_key(number)) {
        Some(known) => group_names::numbered(known, &names.called(known, &[])).get(words.lang).to_owned(),
        None => words.t("mining.group_number", &[("number", &number.to_string())]),
    }
}

/// Names are everybody's: who sees all figures and may change every customer gives them.
fn may_name(actor: &Actor) -> bool {
    scope::sees_the_company(actor)
        && actor.limits().is_none_or(|rights| rights.level("account", Action::Update) == Level::All)
}

pub async fn rename(State(app): State<App>, session: Session, Form(given): Form<Naming>) -> Answer<Response> {
    scope::whole_company(&session)?;
    if !may_name(&session.actor) {
        let what = label(
            "naming groups, for those who may change all customers",
            "为分群命名，仅限可修改全部客户的用户",
        );
        return Err(Error::Forbidden(what.get(session.lang).to_owned()).into());
    }
    let actor = session.actor.clone();
    app.engine()
        .write(&actor, move |tx| {
            Box::pin(async move { group_names::rename(tx, given.number, &given.name).await })
        })
        .await?;
    let text = app.t(session.lang, "mining.named", &[]);
    Ok(Flash::success(text).on(Redirect::to("/analysis/groups").into_response()))
}

pub(super) fn list_of(group: u32) -> String {
    href::sorted("account", &format!("{} == {group}", groups::FIELD), "-net_sales")
}

fn headline(words: &Words<'_>, found: &Found, as_of: &str) -> Vec<Figure> {
    let explain = |key: &str| Explain::new(words.meaning(key, &[]), as_of);
    let mut choice = explain("mining.silhouette_help")
        .formula("(b − a) / max(a, b)")
        .source("#groups".to_owned(), words.t("mining.groups_found", &[]));
    for (number, height) in &found.choice.silhouettes {
        let groups = words.t("mining.so_many_groups", &[("count", &words.count(*number as u64))]);
        choice = choice.input(groups, words.fixed(*height, 3));
    }
    let compared = words.count(found.choice.compared as u64);
    vec![
        Figure::new(
            words.t("mining.grouped", &[]),
            words.count(found.customers as u64),
            explain("mining.grouped_help").source(
                href::sorted("account", &format!("{} > 0", groups::FIELD), "-net_sales"),
                words.t("mining.these_customers", &[]),
            ),
        ),
        Figure::new(
            words.t("mining.groups_found", &[]),
            words.count(found.groups.len() as u64),
            explain("mining.groups_help").source("#groups".to_owned(), words.t("mining.groups_found", &[])),
        ),
        Figure::new(words.t("mining.silhouette", &[]), words.fixed(found.choice.silhouette(), 2), choice)
            .note(Some(words.t("mining.compared", &[("count", &compared)]))),
    ]
}

/// How many the figures rest on.
fn sample(words: &Words<'_>, found: &Found) -> Vec<Input> {
    vec![Input { label: words.t("mining.grouped", &[]), value: words.count(found.customers as u64) }]
}

fn defined(words: &Words<'_>, name: &str) -> Definition {
    Definition::new(feature(words, name), words.meaning(&format!("mining.feature.{name}.is"), &[]))
}

fn feature_definitions(words: &Words<'_>, found: &Found) -> Vec<Definition> {
    let first = found.groups.first().map(|group| group.profile.features.as_slice()).unwrap_or_default();
    first.iter().map(|one| defined(words, &one.name)).collect()
}

fn value(words: &Words<'_>, feature: &str, value: f64) -> String {
    match feature {
        "sales" | "order_amount" => words.units(value),
        _ => words.fixed(value, 1),
    }
}

fn rows(words: &Words<'_>, found: &Found, names: &[(u32, String)], called_by: &Names) -> Vec<Row> {
    let marked = |group: &Group| {
        let marks = &group.profile.marks;
        let name_says_it =
            called_by.of.get(&group.number).is_none_or(|one| one.given.is_none() && one.marks == *marks);
        (!name_says_it)
            .then(|| words.t("mining.marked_by", &[("marks", group_names::marked(marks).get(words.lang))]))
    };
    let row = |(at, (group, (number, name))): (usize, (&Group, &(u32, String)))| Row {
        number: *number,
        name: name.clone(),
        given: called_by.given(*number).map(str::to_owned),
        marked: marked(group),
        colour: row_colour(at),
        href: list_of(*number),
        customers: words.count(group.profile.customers as u64),
        share: words.percent(group.profile.share),
        features: group
            .profile
            .features
            .iter()
            .map(|one| Cell {
                label: feature(words, &one.name),
                mean: value(words, &one.name, one.mean),
                lift: one.lift.map(|lift| words.t("mining.times", &[("times", &words.fixed(lift, 2))])),
            })
            .collect(),
    };
    found.groups.iter().zip(names).enumerate().map(row).collect()
}

fn scatter(words: &Words<'_>, found: &Found, names: &[(u32, String)]) -> Json {
    let points: Vec<Json> = found
        .drawn
        .iter()
        .filter_map(|(group, x, y)| {
            let at = names.iter().position(|(number, _)| number == group)?;
            // On a logarithmic scale there is no zero.
            let (x, y) = (f64::max(*x, 1.0), f64::max(*y, 1.0));
            Some(json!({ "x": x, "y": y, "label": names[at].1, "color": row_colour(at), "href": list_of(*group) }))
        })
        .collect();
    json!({
        "title": words.t("mining.scatter_title", &[]),
        "axes": [defined(words, &found.axes.0), defined(words, &found.axes.1)],
        "data": {
            "points": points, "log": true,
            "x_label": feature(words, &found.axes.0), "y_label": feature(words, &found.axes.1),
        },
    })
}

fn bars(words: &Words<'_>, found: &Found, names: &[(u32, String)]) -> Json {
    let bars: Vec<Json> = found
        .groups
        .iter()
        .zip(names)
        .enumerate()
        .map(|(at, (group, (number, name)))| {
            json!({
                "label": name, "value": group.profile.customers, "text": words.percent(group.profile.share),
                "color": row_colour(at), "href": list_of(*number),
            })
        })
        .collect();
    let largest = names.first().map(|(_, name)| name.as_str()).unwrap_or_default();
    let share = found.groups.first().map_or(0.0, |group| group.profile.share);
    let title = words.t("mining.bars_title", &[("name", largest), ("share", &words.whole_percent(share))]);
    json!({ "title": title, "data": { "unit": "count", "bars": bars } })
}
