//! `/value/life-cycle/customers`: who is behind a number of the matrix or a driver, the largest first; of those who are to be looked
//! after now, the ones in decline first.

use super::{PATH, Wanted, begin, drivers, in_force};
use crate::{
    moves::{Asked, Asking, Member, Moved, drivers::Line, is_active, traits::Known},
    paged::{After, Page, READ},
    pages::{behind::Behind, words::Words},
    past::life::STAGES,
    settings::date_of,
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::{Engine, Error, Result};
use meta::Id;
use serde::Deserialize;
use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    fmt,
    str::FromStr,
};
use value::life_cycle::Stage;
use warehouse::arrow::{
    array::AsArray,
    datatypes::{Int32Type, Int64Type},
};
use web::{Answer, App, Session};

const COLUMNS: [&str; 5] = ["stage", "last_order_on", "net_sales", "p_alive", "clv_52w"];

#[derive(Default, Deserialize)]
pub struct Of {
    was: Option<usize>,
    is: Option<usize>,
    #[serde(default)]
    driver: String,
    #[serde(default)]
    has: u8,
    /// Active at the end of the history instead of at the beginning of the period.
    #[serde(default)]
    now: u8,
    #[serde(default)]
    after: String,
}

/// What the list is ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    in_decline: Reverse<bool>,
    /// Ten-thousandths.
    sales: Reverse<i64>,
    key: u32,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}_{}", u8::from(self.in_decline.0), self.sales.0, self.key)
    }
}

impl FromStr for Standing {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let read = || {
            let mut parts = text.split('_');
            let in_decline = parts.next()?.parse::<u8>().ok()? == 1;
            let (sales, key) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
            let standing = Standing { in_decline: Reverse(in_decline), sales: Reverse(sales), key };
            parts.next().is_none().then_some(standing)
        };
        read().ok_or_else(Error::stale_page)
    }
}

pub async fn page(
    State(app): State<App>,
    session: Session,
    Query(wanted): Query<Wanted>,
    Query(of): Query<Of>,
) -> Answer<Response> {
    let engine = app.engine();
    let (words, settings) = begin(&app, &session).await?;
    let stored = in_force(&app).await?;
    let asking = Asking { engine, actor: &session.actor, settings: &settings, stored: &stored };
    let asked = Asked { by: None, ..wanted.asked() };
    let Some(moved) = asking.moved(&asked).await? else {
        // It says why nobody has moved.
        return Ok(Redirect::to(&format!("{PATH}?{}", wanted.query())).into_response());
    };
    let (title, keys) = if of.driver.is_empty() {
        if [of.was, of.is].into_iter().flatten().any(|stage| stage >= STAGES.len()) {
            return Err(Error::NotFound("the stage".to_owned()).into());
        }
        let keys: Vec<u32> = moved.between(of.was, of.is).map(|member| member.key).collect();
        (moved_title(&words, &of, &moved), keys)
    } else {
        let found = asking.drivers(&asked, &moved).await?;
        let line = found.lines.iter().find(|line| line.what.address() == of.driver);
        let line = line.ok_or_else(|| Error::NotFound(of.driver.clone()))?;
        let (on, keys) = concerned(&asking, &asked, &moved, line, &of).await?;
        (driver_title(&words, &of, line, on), keys)
    };
    let total = keys.len();
    // Who is in decline comes first where it is about now.
    let decline = if of.now == 1 { in_decline(&asking, &asked).await? } else { HashSet::new() };
    let sales = net_sales(engine).await?;
    let sales_of = |key: u32| sales.get(key as usize).copied().unwrap_or(i64::MIN);
    let standing = |key: u32| {
        let in_decline = decline.contains(&key);
        Standing { in_decline: Reverse(in_decline), sales: Reverse(sales_of(key)), key }
    };
    let mut standings: Vec<Standing> = keys.into_iter().map(standing).collect();
    standings.sort_unstable();
    let after: Option<After<Standing>> = After::read(&of.after)?;
    let passed = after.map_or(0, |after| standings.partition_point(|one| *one <= after.key));
    let page = Page::new(after, standings[passed..].iter().take(READ).copied().collect());
    let keys: Vec<u32> = page.rows.iter().map(|one| one.key).collect();
    let ids = ids_of(engine, &keys).await?;
    let behind = Behind {
        title,
        help: words.t("value.life.customers_help", &[]),
        foot: words.t("value.life.files", &[("at", &words.format.instant(moved.refreshed_at))]),
        back: (format!("{PATH}?{}", wanted.query()), words.t("value.life", &[])),
        columns: &COLUMNS,
        told: None,
        page: page.with(ids),
        total,
    };
    behind.show(&words, &session, &address(&wanted, &of)).await
}

/// Of the first page.
fn address(wanted: &Wanted, of: &Of) -> String {
    let mut parts = vec![wanted.query()];
    let stage = |name: &str, stage: Option<usize>| stage.map(|stage| format!("{name}={stage}"));
    parts.extend([stage("was", of.was), stage("is", of.is)].into_iter().flatten());
    if !of.driver.is_empty() {
        parts.push(format!("driver={}&has={}&now={}", web::encode(&of.driver), of.has, of.now));
    }
    format!("{PATH}/customers?{}", parts.join("&"))
}

fn moved_title(words: &Words<'_>, of: &Of, moved: &Moved) -> String {
    let name = |stage: Option<usize>| {
        stage.map_or_else(|| words.t("value.life.any_stage", &[]), |stage| super::stage(words, stage).0)
    };
    let date = |day| words.date(date_of(day));
    let (was, is) = (name(of.was), name(of.is));
    words.t(
        "value.life.customers_moved",
        &[("was", &was), ("is", &is), ("from", &date(moved.from)), ("to", &date(moved.to))],
    )
}

fn driver_title(words: &Words<'_>, of: &Of, line: &Line, on: i32) -> String {
    let mut name = drivers::name(words, &line.what);
    if let Some(threshold) = drivers::threshold(words, line) {
        name = format!("{name} {threshold}");
    }
    let key = if of.has == 1 { "value.life.customers_with" } else { "value.life.customers_without" };
    words.t(key, &[("driver", &name), ("on", &words.date(date_of(on)))])
}

/// The day it is about, and who was active on it and has the trait, or has it not.
async fn concerned(
    asking: &Asking<'_>,
    asked: &Asked,
    moved: &Moved,
    line: &Line,
    of: &Of,
) -> Result<(i32, Vec<u32>)> {
    let now = of.now == 1;
    let at_the_end = if now { asking.moved(&Asked { to: None, ..asked.clone() }).await? } else { None };
    let (members, day) = match &at_the_end {
        Some(later) => (&later.members, later.to),
        None => (&moved.members, moved.from),
    };
    let histories = asking.purchases().await?;
    let known = Known::read(asking, day).await?;
    let stage = |member: &Member| usize::from(if now { member.is } else { member.was });
    let concerned = members.iter().filter(|member| {
        is_active(stage(member)) && line.has(known.value(&histories, member.key, &line.what)) == (of.has == 1)
    });
    Ok((day, concerned.map(|member| member.key).collect()))
}

/// Who is in decline at the end of the history.
async fn in_decline(asking: &Asking<'_>, asked: &Asked) -> Result<HashSet<u32>> {
    let later = asking.moved(&Asked { to: None, ..asked.clone() }).await?;
    let members = later.iter().flat_map(|later| &later.members);
    let decline = members.filter(|member| STAGES[usize::from(member.is)] == Stage::Decline);
    Ok(decline.map(|member| member.key).collect())
}

/// By the account's key, ten-thousandths.
async fn net_sales(engine: &Engine) -> Result<Vec<i64>> {
    let sql = format!(
        "SELECT key, TRY_CAST(net_sales * {} AS BIGINT) FROM account_figures WHERE net_sales IS NOT NULL",
        value::money::SCALE
    );
    let mut sales = vec![];
    for batch in &crate::moves::ask(engine, &sql).await?.batches {
        let (key, amount) =
            (batch.column(0).as_primitive::<Int32Type>(), batch.column(1).as_primitive::<Int64Type>());
        for row in 0..batch.num_rows() {
            let Ok(key) = usize::try_from(key.value(row)) else { continue };
            if sales.len() <= key {
                sales.resize(key + 1, i64::MIN);
            }
            sales[key] = amount.value(row);
        }
    }
    Ok(sales)
}

/// In the order of the keys.
async fn ids_of(engine: &Engine, keys: &[u32]) -> Result<Vec<Id>> {
    if keys.is_empty() {
        return Ok(vec![]);
    }
    let list: Vec<String> = keys.iter().map(u32::to_string).collect();
    let sql = format!("SELECT key, id FROM account WHERE key IN ({})", list.join(", "));
    let mut ids: HashMap<u32, Id> = HashMap::new();
    for row in crate::moves::ask(engine, &sql).await?.values() {
        let row = row?;
        if let [meta::Value::Int(key), id] = row.as_slice()
            && let (Ok(key), Some(id)) = (u32::try_from(*key), id.as_id())
        {
            ids.insert(key, id);
        }
    }
    Ok(keys.iter().filter_map(|key| ids.get(key).copied()).collect())
}
