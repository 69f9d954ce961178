//! `/analysis/product/{id}/customers`: everybody who may buy a product, the likeliest first, page by page and as a file; and what speaks
//! for a customer, in words.

use super::{Words, plain, product_href, scope, why, words};
use crate::{
    mining::{
        experiment,
        propensity::{
            self, Found, KeptFound,
            likely::{Asked, Likely, Place},
        },
    },
    paged,
    pages::{
        customer_table::among,
        figure::{Explain, Finding},
        href,
    },
};
use axum::{
    extract::{Path, Query as Asking, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use engine::{Action, Error, Query};
use meta::{Entity, Field, Id, Kind, NaiveDate, Record, Value};
use minijinja::context;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use value::proportion::Z_95;
use web::{Answer, App, Session};

/// Customers on a page.
pub(super) const ROWS: usize = 50;
/// Of the likeliest, as many as somebody may want to reach.
const BESTS: [usize; 3] = [100, 1_000, 10_000];
/// Whom a campaign is tried on unless the reader chose how many.
const TRIED: usize = 1_000;
/// Customers in a file, and read at once for it.
const FILE_LIMIT: usize = 50_000;
const BATCH: usize = 200;
/// Reasons told of a customer.
const REASONS: usize = 3;
/// Of the archive in the file, as far as the reader may see them.
const COLUMNS: [&str; 2] = ["phone", "city"];

#[derive(Default, Deserialize)]
pub struct Wanted {
    /// So many of the likeliest; without it everybody.
    best: Option<usize>,
    #[serde(default)]
    after: String,
}

impl Wanted {
    fn best(&self) -> Option<usize> {
        self.best.filter(|best| *best > 0)
    }
}

#[derive(Serialize)]
pub(super) struct Row {
    name: String,
    href: String,
    why_href: String,
    probability: String,
    reasons: Vec<String>,
    before: bool,
    #[serde(skip)]
    record: Record,
}

/// The list of everybody, or of the likeliest.
pub(super) fn address(product: Id, best: Option<usize>) -> String {
    let own = format!("{}/customers", product_href(product));
    best.map_or(own.clone(), |best| format!("{own}?best={best}"))
}

/// Those of the customers whom the reader may see, or take along, with what speaks for each that he may know.
pub(super) async fn rows(
    words: &Words<'_>,
    session: &Session,
    (product, day): (Id, NaiveDate),
    likely: &[Likely],
    action: Action,
) -> Answer<Vec<Row>> {
    if likely.is_empty() {
        return Ok(vec![]);
    }
    let engine = words.app.engine();
    let ids: Vec<Id> = likely.iter().map(|one| one.account).collect();
    // As the reader may see them: what is hidden from him is not in the records.
    let query = Query::new("account").among(&ids).limit(ids.len());
    let query = if action == Action::Export { query.exporting() } else { query };
    let records = engine.list(&session.actor, &query).await?.records;
    let mut records: HashMap<Id, Record> = records.into_iter().map(|record| (record.id, record)).collect();
    let names = related(words, session, likely).await?;
    let archive = engine.registry().entity("account")?;
    let seen = session.actor.view(archive);
    let row = |one: &Likely| {
        let record = records.remove(&one.account)?;
        Some(Row {
            name: record.text(&archive.title).to_owned(),
            href: format!("/account/{}", one.account),
            why_href: why::href(product, one.account),
            probability: words.percent(one.probability),
            reasons: reasons(words, seen, &record, day, one, &names),
            before: one.bought_before,
            record,
        })
    };
    Ok(likely.iter().filter_map(row).collect())
}

/// Names of the products that speak for customers.
pub(super) async fn related(
    words: &Words<'_>,
    session: &Session,
    likely: &[Likely],
) -> Answer<HashMap<Id, String>> {
    let wanted: Vec<(&str, Id)> = likely.iter().filter_map(|one| Some(("product", one.related?))).collect();
    Ok(words.app.engine().titles(&session.actor, &wanted).await?)
}

/// What speaks for a customer, in words.
pub(super) fn reasons(
    words: &Words<'_>,
    seen: &Entity,
    record: &Record,
    day: NaiveDate,
    one: &Likely,
    names: &HashMap<Id, String>,
) -> Vec<String> {
    let told = one.reasons.iter().filter_map(|(reason, adds)| {
        let text = in_words(words, seen, record, day, reason)?;
        Some(words.t("mining.reason_odds", &[("reason", &text), ("times", &words.fixed(adds.exp(), 1))]))
    });
    let bought = one.related.and_then(|related| names.get(&related));
    let bought = bought.map(|name| words.t("mining.reason.bought", &[("product", name)]));
    bought.into_iter().chain(told.take(REASONS)).collect()
}

/// The field of the archive a reason is of, if it is of one that the reader sees as it is; `Err` if he does not.
pub(super) fn field<'e>(seen: &'e Entity, reason: &str) -> Result<Option<&'e Field>, ()> {
    let Some(field) = reason.strip_prefix(propensity::FIELD) else { return Ok(None) };
    seen.get(field).filter(|field| !field.masked).map(Some).ok_or(())
}

/// A reason in words, with what stands in the customer's archive; `None` if the reader may not see that field.
pub(super) fn in_words(
    words: &Words<'_>,
    seen: &Entity,
    record: &Record,
    day: NaiveDate,
    reason: &str,
) -> Option<String> {
    let Some(field) = field(seen, reason).ok()? else {
        return Some(words.t(&format!("mining.reason.{reason}"), &[]));
    };
    let value = match (record.get(&field.name), &field.kind) {
        (Value::Null, _) => words.t("mining.reason.empty", &[]),
        (Value::Text(value), Kind::Choice(_)) => words.choice(&field.name, value).0,
        (Value::Bool(yes), _) => words.t(if *yes { "mining.reason.yes" } else { "mining.reason.no" }, &[]),
        (Value::Date(born), _) => {
            let years = words.count(u64::from(day.years_since(*born).unwrap_or(0)));
            words.t("mining.reason.years", &[("years", &years)])
        }
        (Value::Int(number), _) => words.format.number((*number).into()),
        (Value::Decimal(amount), Kind::Money) => {
            let own = record.text("currency");
            words.format.money(*amount, if own.is_empty() { &words.currency } else { own })
        }
        (Value::Decimal(share), Kind::Percent) => words.format.percent(*share),
        (Value::Decimal(number), _) => words.format.number(*number),
        (other, _) => other.as_text().unwrap_or_default().to_owned(),
    };
    let label = field.label.get(words.lang);
    Some(words.t("mining.reason.field", &[("field", label), ("value", &value)]))
}

async fn kept(app: &App, session: &Session, id: Id) -> Answer<(Record, Option<KeptFound>)> {
    scope::every_record(session, app.engine().registry())?;
    let product = app.engine().get(&session.actor, "product", id).await?;
    Ok((product, propensity::load(app.engine(), id).await?))
}

/// How many may buy, with the half-width of the 95 % interval.
pub(super) fn expected(words: &Words<'_>, found: &Found) -> String {
    let (number, error) = (words.fixed(found.expected, 1), words.fixed(Z_95 * found.expected_error, 1));
    words.t("mining.plus_minus", &[("number", &number), ("error", &error)])
}

pub async fn page(
    State(app): State<App>,
    session: Session,
    Path(id): Path<Id>,
    Asking(wanted): Asking<Wanted>,
) -> Answer<Response> {
    let (product, kept) = kept(&app, &session, id).await?;
    let Some((found, day)) = kept.as_ref().and_then(|kept| Some((kept.body.as_ref().ok()?, kept.as_of)))
    else {
        // It says why there is none.
        return Ok(Redirect::to(&product_href(id)).into_response());
    };
    let words = words(&app, &session).await?;
    let (best, after) = (wanted.best(), paged::marker(&wanted.after, Place::parse)?);
    let asked = Asked { best: best.unwrap_or(usize::MAX), after, limit: ROWS };
    let (likely, next) = propensity::likely::likely(app.engine(), id, found, asked).await?;
    let rows = rows(&words, &session, (id, day), &likely, Action::Read).await?;
    app.saw_many(&session, "account", rows.len(), &[("product", &id.to_string())]);
    let own = address(id, best);
    let joint = if best.is_some() { '&' } else { '?' };
    let choice = |choice: Option<usize>| -> Json {
        let label = match choice {
            Some(best) => words.t("mining.best_of", &[("count", &words.count(best as u64))]),
            None => words.t("mining.best_all", &[]),
        };
        json!({ "label": label, "href": address(id, choice), "chosen": choice == best })
    };
    let smaller = BESTS.into_iter().filter(|best| *best < found.customers).map(Some);
    let in_file = Ord::min(best.unwrap_or(found.customers), found.customers);
    let ids: Vec<Id> = likely.iter().map(|one| one.account).collect();
    let context = context! {
        name => product.text("name"),
        back => product_href(id),
        as_of => words.date(day),
        how => how(&words, id, found, day),
        like => found.like.is_some(),
        bests => smaller.chain([None]).map(choice).collect::<Vec<_>>(),
        rows,
        list_href => (!ids.is_empty()).then(|| href::list("account", &among(&ids))),
        first_href => after.is_some().then(|| own.clone()),
        next_href => next.map(|next| format!("{own}{joint}after={}", next.code())),
        try_href => try_href(&app, &session, id, best.unwrap_or(TRIED).min(found.customers))?,
        export_href => session.actor.has("account", Action::Export).then(|| file_address(id, best)),
        file_holds => (in_file > FILE_LIMIT).then(|| words.count(FILE_LIMIT as u64)),
    };
    app.page(&session, "insight/mining_likely.html", context).map(IntoResponse::into_response)
}

/// A campaign on so many of the likeliest.
fn try_href(app: &App, session: &Session, product: Id, likeliest: usize) -> Answer<Option<String>> {
    let experiments = app.engine().entity(experiment::ENTITY)?;
    let may_try = scope::sees_the_company(&session.actor)
        && engine::allow(&session.actor, experiments, Action::Create).is_ok();
    let values = [(experiment::PRODUCT, product.to_string()), (experiment::LIKELIEST, likeliest.to_string())];
    let values = values.map(|(field, value)| format!("{field}={value}")).join("&");
    Ok(may_try.then(|| format!("/{}/new?{values}", experiment::ENTITY)))
}

/// Of how many customers it is told, and what is expected of all of them.
fn how(words: &Words<'_>, product: Id, found: &Found, day: NaiveDate) -> Finding {
    let mean = words.percent(found.expected / found.customers.max(1) as f64);
    let (customers, as_of) = (words.count(found.customers as u64), words.date(day));
    let expected = expected(words, found);
    let numbers = [("as_of", &as_of), ("customers", &customers), ("mean", &mean), ("expected", &expected)];
    let text = words.t("mining.everybody_how", &numbers.map(|(name, number)| (name, number.as_str())));
    let explain = Explain::new(words.meaning("mining.everybody_help", &[]), as_of)
        .input(words.t("mining.told_customers", &[]), customers)
        .input(words.t("mining.expected", &[]), expected)
        .input(words.t("mining.mean_probability", &[]), mean)
        .source(product_href(product), words.t("mining.tried_title", &[]));
    Finding { text, explain }
}

fn file_address(product: Id, best: Option<usize>) -> String {
    let own = format!("{}/customers/export", product_href(product));
    best.map_or(own.clone(), |best| format!("{own}?best={best}"))
}

/// The likeliest as CSV, in their order.
pub async fn export(
    State(app): State<App>,
    session: Session,
    Path(id): Path<Id>,
    Asking(wanted): Asking<Wanted>,
) -> Answer<Response> {
    let (_, kept) = kept(&app, &session, id).await?;
    engine::allow(&session.actor, app.engine().entity("account")?, Action::Export)?;
    let found = kept.as_ref().and_then(|kept| Some((kept.body.as_ref().ok()?, kept.as_of)));
    let (found, day) = found.ok_or_else(|| Error::NotFound(address(id, None)))?;
    let words = words(&app, &session).await?;
    let asked = Asked { best: wanted.best().unwrap_or(usize::MAX), after: None, limit: FILE_LIMIT };
    let (likely, _) = propensity::likely::likely(app.engine(), id, found, asked).await?;
    let seen = session.actor.view(app.engine().registry().entity("account")?);
    let columns: Vec<&Field> = COLUMNS.into_iter().filter_map(|field| seen.get(field)).collect();
    let (mut writer, mut count) = (csv::Writer::from_writer(vec![]), 0);
    let broken = |error: csv::Error| Error::Internal(format!("the file could not be written: {error}"));
    let head = ["mining.customer", "mining.probability", "mining.reasons"].map(|key| words.t(key, &[]));
    let labels = columns.iter().map(|field| field.label.get(words.lang).to_owned());
    writer.write_record(head.into_iter().chain(labels)).map_err(broken)?;
    for batch in likely.chunks(BATCH) {
        // Rows are in the order of the likeliest, and hold the exact number.
        let told: HashMap<Id, f64> = batch.iter().map(|one| (one.account, one.probability)).collect();
        for row in rows(&words, &session, (id, day), batch, Action::Export).await? {
            let probability = told.get(&row.record.id).map(|told| format!("{told:.5}")).unwrap_or_default();
            let told = [plain(&row.name), probability, plain(&row.reasons.join("; "))];
            let fields = columns.iter().map(|field| plain(row.record.text(&field.name)));
            writer.write_record(told.into_iter().chain(fields)).map_err(broken)?;
            count += 1;
        }
    }
    let text = writer.into_inner().map_err(|error| Error::Internal(error.to_string()))?;
    let best = wanted.best().map(|best| best.to_string()).unwrap_or_default();
    let product = id.to_string();
    app.took_along(&session, "account", count, &[("format", "csv"), ("product", &product), ("best", &best)]);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"likely-buyers.csv\""),
    ];
    // Spreadsheets take it for the machine's old encoding without the mark.
    Ok((headers, ["\u{feff}".as_bytes(), text.as_slice()].concat()).into_response())
}
