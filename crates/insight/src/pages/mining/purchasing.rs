//! `/analysis/purchasing`: what to have in stock so that nothing runs out until the next delivery; as a table and as a file.

use super::{
    Words,
    forecast::{REST, method},
    plain, products, scope, status, words,
};
use crate::{
    mining::forecast::{self, Demand, HORIZON, Purchasing},
    pages::{
        figure::Input,
        href::{self, Days},
    },
    settings::Settings,
};
use axum::{
    extract::{Query as Asking, State},
    http::header,
    response::{IntoResponse, Response},
};
use engine::{Action, Error, Query};
use meta::Id;
use minijinja::context;
use mining::forecast::purchasing::Need;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use web::{Answer, App, Session};

/// Products shown on the page; the file has all.
const ROWS: usize = 100;
/// Read at once for the file.
const BATCH: usize = 200;
const SERVICES: [u32; 4] = [80, 90, 95, 99];

#[derive(Deserialize)]
pub struct Asked {
    /// Weeks until a delivery arrives.
    lead: Option<String>,
    /// Weeks between two orders.
    review: Option<String>,
    /// Percent.
    service: Option<String>,
}

#[derive(Clone, Copy)]
struct Terms {
    lead: usize,
    review: usize,
    service: u32,
}

impl Asked {
    fn terms(&self) -> Terms {
        let number = |text: &Option<String>, standard: usize| {
            text.as_deref().and_then(|text| text.trim().parse().ok()).unwrap_or(standard)
        };
        let lead = number(&self.lead, 2).clamp(0, HORIZON - 1);
        let review = number(&self.review, 1).clamp(1, HORIZON - lead);
        let service = number(&self.service, 95).clamp(50, 99) as u32;
        Terms { lead, review, service }
    }
}

impl Terms {
    fn need(self, demand: &Demand) -> Option<Need> {
        let cover = demand.covers.get(self.lead + self.review - 1)?;
        Some(cover.need(f64::from(self.service) / 100.0))
    }

    fn address(self) -> String {
        format!("lead={}&review={}&service={}", self.lead, self.review, self.service)
    }
}

pub async fn page(
    State(app): State<App>,
    session: Session,
    Asking(asked): Asking<Asked>,
) -> Answer<Response> {
    scope::whole_company(&session)?;
    let words = words(&app, &session).await?;
    let terms = asked.terms();
    let kept = forecast::purchasing(app.engine()).await?;
    let mining = status::status(&words).await?;
    let shown = match &kept {
        None => context! { state => "nothing" },
        Some(kept) => {
            let shown = &kept.body.products[..kept.body.products.len().min(ROWS)];
            let settings = Settings::load(app.engine()).await?;
            let (after, until) = forecast::last_weeks(kept.as_of);
            let days = Days { settings: &settings, after, until };
            let names = products(app.engine(), &session, shown.iter().map(|one| one.product)).await?;
            context! {
                state => "found",
                as_of => words.date(kept.as_of),
                computed_at => words.format.instant(kept.computed_at),
                rows => rows(&words, shown, &names, (terms, &days)),
                count => words.count(kept.body.products.len() as u64),
                shown => words.count(shown.len() as u64),
                left_out => words.count(kept.body.left_out as u64),
                need_weeks => words.count(kept.body.need_weeks as u64),
                sample => [Input {
                    label: words.t("mining.tried_from", &[]),
                    value: words.count(kept.body.origins as u64),
                }],
                source => context! { href => days.orders(""), label => words.t("mining.orders", &[]) },
            }
        }
    };
    let context = context! {
        mining,
        lead => terms.lead, review => terms.review, service => terms.service, services => SERVICES,
        leads => (0..HORIZON).collect::<Vec<_>>(), reviews => (1..=HORIZON - terms.lead).collect::<Vec<_>>(),
        export_href => session
            .actor
            .has("product", Action::Export)
            .then(|| format!("/analysis/purchasing.csv?{}", terms.address())),
        ..shown
    };
    app.page(&session, "insight/mining_purchasing.html", context).map(IntoResponse::into_response)
}

fn rows(
    words: &Words<'_>,
    demands: &[Demand],
    names: &HashMap<Id, String>,
    (terms, days): (Terms, &Days<'_>),
) -> Vec<Json> {
    let row = |one: &Demand| {
        let need = terms.need(one)?;
        let lines = days.order_lines(&href::and("product", &one.product.to_string()));
        Some(json!({
            "name": names.get(&one.product)?, "href": super::product_href(one.product), "lines_href": lines,
            "recent": words.fixed(one.recent, 0), "orders": words.count(one.orders as u64),
            "weeks": words.count(one.weeks as u64), "demand": words.fixed(need.demand, 1),
            "safety": words.fixed(need.safety, 1), "level": words.fixed(need.level().ceil(), 0),
            "wape": one.wape.map(|wape| words.percent(wape)), "method": method(words, one.method),
            "price": words.units(one.price), "sales": words.units(one.sales()),
            "sales_href": format!("/analysis/forecast?by=category&key={}", web::encode(one.category.as_deref().unwrap_or(REST))),
        }))
    };
    demands.iter().filter_map(row).collect()
}

/// All of it as CSV, with a mark at its beginning by which spreadsheets know that it is UTF-8.
pub async fn export(
    State(app): State<App>,
    session: Session,
    Asking(asked): Asking<Asked>,
) -> Answer<Response> {
    scope::whole_company(&session)?;
    let words = words(&app, &session).await?;
    let kept = forecast::purchasing(app.engine()).await?;
    let kept = kept.ok_or_else(|| Error::NotFound("purchasing list / 采购建议".into()))?;
    let names = taken_along(&app, &session, &kept.body).await?;
    let text = file(&words, &kept.body, &names, asked.terms())
        .map_err(|error| Error::Internal(format!("the file could not be written: {error}")))?;
    app.took_along(&session, "product", names.len(), &[("format", "csv")]);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"purchasing.csv\""),
    ];
    Ok((headers, text).into_response())
}

/// Names of the products that the reader may take along.
async fn taken_along(app: &App, session: &Session, list: &Purchasing) -> Answer<HashMap<Id, String>> {
    let products: Vec<Id> = list.products.iter().map(|one| one.product).collect();
    let mut names = HashMap::new();
    for some in products.chunks(BATCH) {
        let query = Query::new("product").among(some).limit(some.len()).fields(&["name"]).exporting();
        let records = app.engine().list(&session.actor, &query).await?.records;
        names.extend(records.into_iter().map(|product| (product.id, product.text("name").to_owned())));
    }
    Ok(names)
}

fn file(
    words: &Words<'_>,
    purchasing: &Purchasing,
    names: &HashMap<Id, String>,
    terms: Terms,
) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(vec![]);
    let head = [
        "product",
        "last_weeks_units",
        "demand",
        "safety",
        "level",
        "wape",
        "method",
        "price",
        "sales",
        "orders",
        "weeks",
    ];
    writer.write_record(head.map(|key| words.t(&format!("mining.column.{key}"), &[])))?;
    for one in &purchasing.products {
        let (Some(name), Some(need)) = (names.get(&one.product), terms.need(one)) else { continue };
        writer.write_record([
            plain(name),
            format!("{:.2}", one.recent),
            format!("{:.2}", need.demand),
            format!("{:.2}", need.safety),
            format!("{:.0}", need.level().ceil()),
            one.wape.map(|wape| format!("{wape:.3}")).unwrap_or_default(),
            method(words, one.method),
            format!("{:.4}", one.price),
            format!("{:.2}", one.sales()),
            one.orders.to_string(),
            one.weeks.to_string(),
        ])?;
    }
    Ok(format!("\u{feff}{}", String::from_utf8(writer.into_inner()?)?))
}
