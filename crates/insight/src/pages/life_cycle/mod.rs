//! `/value/life-cycle`: how customers move between stages over any period, whoever is chosen, what goes with the break-up, and what a
//! stage is worth with the best rule when to stop marketing.

mod customers;
mod drivers;
mod matrix;
mod worth;

pub(super) use customers::page as customers;
pub(super) use drivers::fragment as drivers;

use super::{explain::missing, scope, simpler, words::Words};
use crate::{
    moves::{Asked, Asking},
    past::{self, life::STAGES},
    scoring::stage_name,
    settings::Settings,
    store::{self, StoredModel},
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use engine::Error;
use meta::{Kind, NaiveDate};
use minijinja::context;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use warehouse::semantic;
use web::{Answer, App, Session};

const PATH: &str = "/value/life-cycle";

/// What the address says; all may be missing.
#[derive(Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    /// Whose moves: a condition on the customer.
    #[serde(default)]
    filter: String,
    /// A field that groups are made by.
    #[serde(default)]
    by: String,
    /// Whose worth.
    #[serde(default)]
    group: String,
    /// Cost of marketing to a customer for a quarter, currency units.
    #[serde(default)]
    cost: String,
}

#[derive(Serialize)]
struct Named {
    value: String,
    label: String,
    selected: bool,
}

impl Wanted {
    /// What was asked for; days that are none are left to the program.
    fn asked(&self) -> Asked {
        Asked {
            from: self.from.trim().parse().ok(),
            to: self.to.trim().parse().ok(),
            filter: self.filter.trim().to_owned(),
            by: Some(self.by.trim()).filter(|by| !by.is_empty()).map(str::to_owned),
        }
    }

    /// The first text that should be a day and is none.
    fn bad_day(&self) -> Option<&str> {
        let texts = [self.from.trim(), self.to.trim()].into_iter();
        texts.filter(|text| !text.is_empty()).find(|text| text.parse::<NaiveDate>().is_err())
    }

    /// Period and filter in an address.
    fn query(&self) -> String {
        let pairs = [("from", &self.from), ("to", &self.to), ("filter", &self.filter)];
        let given = pairs.iter().filter(|(_, value)| !value.trim().is_empty());
        given
            .map(|(name, value)| format!("{name}={}", web::encode(value.trim())))
            .collect::<Vec<_>>()
            .join("&")
    }
}

pub async fn page(
    State(app): State<App>,
    session: Session,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let (words, settings) = begin(&app, &session).await?;
    let known = past::newest(app.engine()).await?;
    let stored = store::newest_model(app.engine()).await?;
    let shown = match (known.as_deref(), &stored) {
        (Some(past), Some(stored)) => match past.life.fitted() {
            Some(life) => {
                let worth = worth::Worth { words: &words, life, past, stored, settings: &settings };
                let asking =
                    Asking { engine: app.engine(), actor: &session.actor, settings: &settings, stored };
                let moves = moves(&words, &asking, &wanted).await?;
                context! { ..moves, ..worth.context(&wanted) }
            }
            None => {
                let reason = past.life.missing().map(|reason| missing(&words, reason)).unwrap_or_default();
                let simpler = simpler::staged(&words, stored);
                context! { missing => words.t("value.past.impossible", &[("reason", &reason)]), simpler }
            }
        },
        (_, stored) => context! {
            missing => words.t("value.past.none_yet", &[]),
            simpler => stored.as_ref().map(|stored| simpler::staged(&words, stored)),
        },
    };
    let form = context! {
        under_way => past::is_under_way(app.engine()).await?,
        asked_from => wanted.from, asked_to => wanted.to, filter => wanted.filter, by => wanted.by,
        filter_labels => labels(&app, &session, &wanted.filter).await?,
        fields => fields(&words, &session, &wanted.by),
    };
    app.page(&session, "insight/life_cycle.html", context! { ..shown, ..form })
        .map(IntoResponse::into_response)
}

/// The matrix, or why it cannot be shown; what was asked wrongly is said at its place.
async fn moves(words: &Words<'_>, asking: &Asking<'_>, wanted: &Wanted) -> Answer<minijinja::Value> {
    let said = |wrong: &str, text: String| {
        let none = ();
        context! {
            moves_missing => text, moves_wrong => wrong,
            from => none, to => none, first_on => none, last_on => none, first_day => none, last_day => none, taken => none,
        }
    };
    if let Some(text) = wanted.bad_day() {
        return Ok(said("day", words.t("value.life.bad_day", &[("text", text)])));
    }
    match asking.moved(&wanted.asked()).await {
        Ok(Some(moved)) => matrix::Shown { words, asking, moved: &moved, wanted }.context().await,
        Ok(None) => Ok(said("", words.t("value.life.one_day", &[]))),
        Err(Error::NotReady(_)) => Ok(said("", words.t("value.life.no_warehouse", &[]))),
        Err(error @ (Error::Invalid(_) | Error::Limit(_))) => Ok(said("filter", error.message(words.lang))),
        Err(error) => Err(error.into()),
    }
}

/// What every page here begins with: that its reader may see it, the words and the settings.
async fn begin<'a>(app: &'a App, session: &Session) -> Answer<(Words<'a>, Settings)> {
    scope::whole_company(session)?;
    let currency = app.engine().company_currency().await?;
    let words = Words { app, lang: session.lang, format: session.format(), currency };
    Ok((words, Settings::load(app.engine()).await?))
}

/// Fields of the customer that groups can be made by.
fn fields(words: &Words<'_>, session: &Session, chosen: &str) -> Vec<Named> {
    let Ok(account) = words.registry().entity("account") else { return vec![] };
    let registry = words.registry();
    let offered = session.actor.view(account).fields.values();
    let offered =
        offered.filter(|field| semantic::groups_by(registry, field) && !field.name.ends_with("_override"));
    let named = |field: &meta::Field| Named {
        value: field.name.clone(),
        label: match field.apart {
            Some(_) => words.t("value.life.by_now", &[("field", field.label.get(words.lang))]),
            None => field.label.get(words.lang).to_owned(),
        },
        selected: field.name == chosen,
    };
    offered.map(named).collect()
}

/// Titles of the records the filter names.
async fn labels(app: &App, session: &Session, filter: &str) -> Answer<BTreeMap<String, String>> {
    let ids: Vec<meta::Id> = filter.split(['"', '\'']).filter_map(|part| part.parse().ok()).collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let account = app.engine().registry().entity("account")?;
    let targets = session.actor.view(account).fields.values().filter_map(|field| match &field.kind {
        Kind::Reference { entity } if filter.contains(&field.name) => Some(entity.as_str()),
        _ => None,
    });
    let wanted: Vec<(&str, meta::Id)> =
        targets.flat_map(|target| ids.iter().map(move |id| (target, *id))).collect();
    let titles = app.engine().titles(&session.actor, &wanted).await?;
    Ok(titles.into_iter().map(|(id, title)| (id.to_string(), title)).collect())
}

/// The model in force; what the other addresses show needs it.
async fn in_force(app: &App) -> Answer<Arc<StoredModel>> {
    let none = || Error::NotFound("figures: they are not computed yet".to_owned());
    Ok(store::newest_model(app.engine()).await?.ok_or_else(none)?)
}

fn stage(words: &Words<'_>, at: usize) -> (String, &'static str) {
    words.choice("stage", stage_name(STAGES[at]))
}

/// `12.5%–31%`.
fn range(words: &Words<'_>, low: f64, high: f64) -> String {
    format!("{}–{}", words.percent(low), words.percent(high))
}
