//! `/value/satisfaction`: C per dimension, the net promoter score, loyalty, their trend and groups, and whom to talk to.

use super::{
    ENTITY,
    report::{REPORT, Report},
    sees_answers,
    shown::{self, FEW},
};
use crate::{
    kept::{self, Kept},
    pages::{
        customer_table::customers,
        figure::{Explain, Figure, Input},
        href,
        words::Words,
    },
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use engine::Error;
use meta::{NaiveDate, label};
use minijinja::context;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use value::{proportion::Estimate, satisfaction::Nps};
use web::{Answer, App, Session};

const ROWS: usize = 10;
const DISAPPOINTED: &str = "satisfaction < 0.9";
const DISLOYAL: &str = "importance in ['vip', 'key'] && loyalty_index != null";
/// Fewer answers say little of all customers.
const ANSWERS_FEW: u64 = 30;

/// Which trend and groups are shown; all may be missing.
#[derive(Default, Deserialize)]
pub struct Wanted {
    #[serde(default)]
    pub by: String,
    #[serde(default)]
    pub group: String,
}

pub async fn page(
    State(app): State<App>,
    session: Session,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    if !sees_answers(&session.actor) {
        let what = label("the answers of all customers", "全部客户的调查回答").get(session.lang).to_owned();
        return Err(Error::Forbidden(what).into());
    }
    let engine = app.engine();
    let currency = engine.company_currency().await?;
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
    let kept: Option<Kept<Report>> = kept::find(engine, REPORT).await?;
    let Some(kept) = kept.filter(|kept| kept.body.answers > 0) else {
        let context = context! { empty => true };
        return app.page(&session, "insight/satisfaction.html", context).map(IntoResponse::into_response);
    };
    let report = &kept.body;
    let disappointed = ["satisfaction", "recommendation", "importance", "net_sales", "last_order_on"];
    let disloyal = ["loyalty_index", "loyalty_behavioural", "loyalty_emotional", "net_sales", "importance"];
    let context = context! {
        empty => false,
        as_of => words.date(kept.as_of),
        made_at => words.format.instant(kept.made_at),
        few => (report.answers < ANSWERS_FEW).then(|| words.count(report.answers)),
        sample => [
            Input { label: words.t("satisfaction.answers", &[]), value: words.count(report.answers) },
            Input { label: words.t("satisfaction.asked", &[]), value: words.count(report.customers) },
        ],
        source => context! {
            href => answers_of(kept.as_of),
            label => words.t("satisfaction.answers_behind", &[("count", &words.count(report.answers))]),
        },
        figures => figures(&words, &kept),
        dimensions => dimensions(&words, &kept),
        trend => shown::trend(&words, report, &wanted),
        groups => shown::groups(&words, &kept, &wanted),
        disappointed => customers(&words, &session, (DISAPPOINTED, "satisfaction"), &disappointed, ROWS).await?,
        disloyal => customers(&words, &session, (DISLOYAL, "loyalty_index"), &disloyal, ROWS).await?,
    };
    app.page(&session, "insight/satisfaction.html", context).map(IntoResponse::into_response)
}

/// In points, as it is usually told.
pub(super) fn points(words: &Words<'_>, share: f64) -> String {
    words.fixed(100.0 * share, 0)
}

fn nps_note(words: &Words<'_>, nps: &Nps) -> String {
    words.t(
        "satisfaction.interval",
        &[
            ("low", &points(words, nps.low)),
            ("high", &points(words, nps.high)),
            ("count", &words.count(nps.cases())),
        ],
    )
}

/// The answers behind what is of the last 52 weeks.
fn answers_of(as_of: NaiveDate) -> String {
    href::sorted(ENTITY, &shown::recent(as_of), "-asked_on")
}

fn figures(words: &Words<'_>, kept: &Kept<Report>) -> Vec<Figure> {
    let (report, as_of) = (&kept.body, words.date(kept.as_of));
    let answers = || {
        let label = words.t("satisfaction.answers_behind", &[("count", &words.count(report.answers))]);
        (answers_of(kept.as_of), label)
    };
    let explain = |key: &str| {
        let (href, label) = answers();
        Explain::new(words.meaning(key, &[]), as_of.clone()).source(href, label)
    };
    let nps = report.nps.as_ref();
    let enough = shown::promoters_enough(report.nps);
    let mut promoting = explain("satisfaction.nps_help").formula(&words.t("satisfaction.nps_formula", &[]));
    if let Some(nps) = nps {
        promoting = promoting
            .input(words.t("satisfaction.promoters", &[]), words.count(nps.promoters))
            .input(words.t("satisfaction.passives", &[]), words.count(nps.passives))
            .input(words.t("satisfaction.detractors", &[]), words.count(nps.detractors));
    }
    vec![
        Figure::new(
            words.t("satisfaction.c", &[]),
            report.satisfaction.map(|c| words.fixed(c.at, 2)).unwrap_or_default(),
            explain("satisfaction.c_help").formula("C = b / a"),
        )
        .note(report.satisfaction.map(|c| shown::told(words, &c, 2)))
        .tone(shown::enough(report.satisfaction).filter(|c| c.high < 1.0).map(|_| "bad")),
        Figure::new(
            words.t("satisfaction.nps", &[]),
            enough.map(|nps| points(words, nps.score)).unwrap_or_default(),
            promoting,
        )
        .note(enough.map(|nps| nps_note(words, &nps)).or_else(|| Some(shown::promoters(words, nps?))))
        .tone(enough.filter(|nps| nps.high < 0.0).map(|_| "bad")),
        Figure::new(
            words.t("satisfaction.index", &[]),
            report.loyalty.map(|found| words.fixed(found.at, 0)).unwrap_or_default(),
            Explain::new(words.meaning("satisfaction.index_help", &[]), as_of.clone())
                .formula(&words.t("satisfaction.index_formula", &[]))
                .source(
                    href::sorted("account", "loyalty_index != null", "loyalty_index"),
                    words.t("satisfaction.customers_behind", &[]),
                ),
        )
        .note(report.loyalty.map(|found| shown::told(words, &found, 1))),
        Figure::new(
            words.t("satisfaction.attitude", &[]),
            report.attitude.map(|found| words.fixed(found.at, 0)).unwrap_or_default(),
            explain("satisfaction.attitude_help").formula(&words.t("satisfaction.attitude_formula", &[])),
        )
        .note(report.attitude.map(|found| shown::told(words, &found, 1))),
        Figure::new(
            words.t("satisfaction.answers", &[]),
            words.count(report.answers),
            explain("satisfaction.answers_help"),
        )
        .note(Some(words.t("satisfaction.of_customers", &[("count", &words.count(report.customers))]))),
    ]
}

fn dimensions(words: &Words<'_>, kept: &Kept<Report>) -> Json {
    let report = &kept.body;
    let entity = words.registry().entity(ENTITY).ok();
    let choices = entity.and_then(|entity| entity.get("dimension")).map(|field| field.choices().to_vec());
    let choices = choices.unwrap_or_default();
    let known: Vec<(String, &'static str, String, &Estimate)> = report
        .dimensions
        .iter()
        .filter_map(|(dimension, found)| {
            let choice = choices.iter().find(|choice| choice.value == *dimension)?;
            let label = choice.label.get(words.lang).to_owned();
            Some((label, choice.colour, dimension.clone(), found.as_ref()?))
        })
        .collect();
    let of_enough = known.iter().filter(|(.., found)| found.cases >= FEW);
    let weakest = of_enough.min_by(|a, b| a.3.at.total_cmp(&b.3.at));
    let title = match weakest {
        Some((label, _, _, found)) if found.high < 1.0 => {
            words.t("satisfaction.weakest", &[("dimension", label), ("c", &words.fixed(found.at, 2))])
        }
        Some(_) => words.t("satisfaction.no_weakness", &[]),
        None => words.t("satisfaction.no_dimension", &[("few", &FEW.to_string())]),
    };
    let bars: Vec<Json> = known
        .iter()
        .map(|(label, colour, dimension, found)| {
            let filter = format!("dimension == '{dimension}' && {}", shown::recent(kept.as_of));
            json!({
                "label": label, "value": (found.at * 100.0).round() / 100.0, "text": shown::told(words, found, 2), "color": colour,
                "href": href::sorted(ENTITY, &filter, "perceived"),
            })
        })
        .collect();
    json!({ "title": title, "data": { "unit": "count", "bars": bars } })
}
