//! `/value`: all customers together, from the summary kept with the newest fit, and two short lists by index.

use super::{
    explain::margin_note,
    figure::{Explain, Figure, Input},
    href, in_force, model_card, order_days, refit_status,
    words::Words,
};
use crate::{
    fields,
    overview::{Group, Overview},
    settings::{Settings, date_of, day_number},
    store::{self, StoredModel},
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use engine::Query;
use meta::{Record, Value};
use minijinja::context;
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use value::{money, proportion::Z_95};
use web::{Answer, App, Session};

/// Without an order for so long, today is probably not the day the company wants its figures for.
const QUIET_DAYS: i32 = 56;
/// Rows of the lists of customers.
const ROWS: usize = 10;
pub(super) const BUYERS: &str = "orders > 0";
/// Who has been silent for longer has long been lost, and is no longer slipping away.
const FALLING_DAYS: i32 = 52 * 7;

#[derive(Serialize)]
struct Customer {
    name: String,
    href: String,
    net_sales: String,
    clv: String,
    /// Of 80 %; nothing where a rule of thumb is in force.
    clv_range: Option<String>,
    p_alive: String,
    p_churn: String,
    overdue: String,
    last_on: String,
    stage: String,
    stage_colour: &'static str,
}

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    super::scope::whole_company(&session)?;
    let engine = app.engine();
    let settings = Settings::load(engine).await?;
    let stored = store::newest_model(engine).await?;
    let currency = engine.company_currency().await?;
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
    let refit = refit_status::status(&words, &session, stored.as_ref().map(|stored| stored.id)).await?;
    let common = context! {
        refit,
        later => stored.as_ref().and_then(|stored| order_days::later(&words, &settings, stored)),
        as_of_set => settings.as_of.map(|day| day.to_string()),
        can_set => session.actor.is_administrator(),
        import_href => "/import?kind=order",
    };
    let is_fitted = stored.is_some();
    let Some(stored) = stored.filter(|stored| stored.overview.concentration.customers > 0) else {
        let some =
            async |query: &Query| engine.count(&session.actor, query, 1).await.map(|found| found.number > 0);
        // Figures follow an order within a second, the overview only the next fit.
        let none_counts = is_fitted
            && some(&Query::new("order")).await?
            && !some(&Query::new("account").filter(BUYERS)).await?;
        let as_of = words.date(settings.as_of_day(engine.clock()));
        let none_counts = none_counts.then(|| words.t("value.none_counts_text", &[("as_of", &as_of)]));
        return app
            .page(&session, "insight/overview.html", context! { empty => true, none_counts, ..common })
            .map(IntoResponse::into_response);
    };
    let last_day = stored.overview.last_day.filter(|day| day_number(stored.as_of) - day > QUIET_DAYS);
    let quiet_since = last_day.filter(|_| settings.as_of.is_none()).map(date_of);
    let falling = falling(&stored);
    let context = context! {
        empty => false,
        quiet_since => quiet_since.map(|day| day.to_string()),
        as_of => words.date(stored.as_of),
        fitted_at => words.format.instant(stored.fitted_at),
        sample => sample(&words, &stored),
        buyers => buyers(&words, &stored),
        figures => headline(&words, &stored),
        pause => order_days::pause(&words, &settings, &stored),
        pareto => pareto(&words, &stored.overview),
        gave_back => gave_back(&words, &stored.overview),
        rfm => rfm(&words, &stored.overview),
        stages => stages(&words, &stored.overview),
        importance => groups(&words, "importance", &stored.overview.importance),
        quadrants => groups(&words, "value_quadrant", &stored.overview.quadrants),
        top => customers(&words, &session, BUYERS).await?,
        top_href => href::sorted("account", BUYERS, "-net_sales"),
        falling => customers(&words, &session, &falling).await?,
        falling_href => href::sorted("account", &falling, "-net_sales"),
        on_backtest => false,
        models => model_card::cards(&words, &stored.fitted.model),
        sources => in_force::sources(&words, &stored.fitted.model, stored.overview.trial.as_ref()),
        outlook => words.percent(settings.annual_discount),
        ..common
    };
    app.page(&session, "insight/overview.html", context).map(IntoResponse::into_response)
}

fn falling(stored: &StoredModel) -> String {
    let since = date_of(day_number(stored.as_of) - FALLING_DAYS);
    format!("importance in ['vip', 'key'] && stage in ['decline', 'lost'] && last_order_on > '{since}'")
}

/// What the charts rest on.
fn sample(words: &Words<'_>, stored: &StoredModel) -> [Input; 2] {
    let customers = words.count(stored.overview.concentration.customers);
    [
        Input { label: words.t("value.customers", &[]), value: customers },
        Input { label: words.label("orders"), value: words.count(stored.overview.orders) },
    ]
}

/// Everybody who bought.
fn buyers(words: &Words<'_>, stored: &StoredModel) -> minijinja::Value {
    let count = words.count(stored.overview.concentration.customers);
    context! {
        href => href::sorted("account", BUYERS, "-net_sales"),
        label => words.t("value.these_customers", &[("count", &count)]),
    }
}

/// The interval of a sum over customers, each of whom goes his own way: normal, as they are many; none is below what is least.
pub(super) fn interval((sum, least): (Option<f64>, f64), variance: Option<f64>) -> Option<[f64; 2]> {
    let (sum, half) = (sum?, Z_95 * variance?.sqrt());
    Some([(sum - half).max(least), sum + half])
}

/// The same in words.
pub(super) fn told(words: &Words<'_>, range: [f64; 2], shown: impl Fn(f64) -> String) -> String {
    let [low, high] = range.map(shown);
    words.t("value.sum_range", &[("low", &low), ("high", &high)])
}

/// How sure a sum is, if there is one.
fn sure(words: &Words<'_>, explain: Explain, sum: Option<f64>, range: Option<&str>) -> Explain {
    match (sum, range) {
        (None, _) => explain,
        (_, Some(range)) => explain.certainty(format!("{range}. {}", words.t("value.sum_of_customers", &[]))),
        (_, None) => explain.certainty(words.t("value.no_sum_range", &[])),
    }
}

/// How many bought, and for how much.
pub(super) fn bought(words: &Words<'_>, stored: &StoredModel) -> [Figure; 2] {
    let (overview, as_of) = (&stored.overview, words.date(stored.as_of));
    let found = &overview.concentration;
    let all = || words.t("value.these_customers", &[("count", &words.count(found.customers))]);
    let buyers = |explain: Explain| explain.source(href::sorted("account", BUYERS, "-net_sales"), all());
    let prospects = (overview.prospects > 0)
        .then(|| words.t("value.and_prospects", &[("count", &words.count(overview.prospects))]));
    let customers = Explain::new(words.meaning("value.customers_help", &[]), as_of.clone());
    let net = Explain::new(words.help("net_sales"), as_of)
        .input(words.label("gross_sales"), words.amount(overview.gross_sales))
        .input(
            words.t("value.input.returned", &[]),
            words.amount(overview.gross_sales.saturating_sub(overview.net_sales)),
        )
        .input(words.label("orders"), words.count(overview.orders));
    let recent = words.t("value.recent", &[("amount", &words.amount(overview.recent_sales))]);
    [
        Figure::new(words.t("value.customers", &[]), words.count(found.customers), buyers(customers))
            .note(prospects),
        Figure::new(words.label("net_sales"), words.amount(overview.net_sales), buyers(net))
            .note(Some(recent)),
    ]
}

fn headline(words: &Words<'_>, stored: &StoredModel) -> Vec<Figure> {
    let (overview, as_of) = (&stored.overview, words.date(stored.as_of));
    let found = &overview.concentration;
    let explain = |field: &str| Explain::new(words.help(field), as_of.clone());
    let all = || words.t("value.these_customers", &[("count", &words.count(found.customers))]);
    let buyers = |explain: Explain| explain.source(href::sorted("account", BUYERS, "-net_sales"), all());
    let rate = margin_note(words, overview.margin, overview.costed_sales, overview.net_sales);
    let soon = overview.expected_buyers_soon.map(|n| words.fixed(n, 0)).unwrap_or_default();
    let share_soon = overview
        .expected_buyers_soon
        .map(|n| words.t("value.of_customers", &[("share", &words.percent(n / found.customers as f64))]));
    let mut worth = explain("clv_52w");
    if let Some(purchases) = overview.expected_purchases {
        worth = worth.input(words.label("expected_purchases_52w"), words.fixed(purchases, 0));
    }
    let units = overview.clv.map(money::to_units);
    let worth_range = interval((units, 0.0), overview.clv_variance)
        .map(|range| told(words, range, |units| words.whole_amount(money::from_units(units))));
    let worth = sure(words, worth, units, worth_range.as_deref());
    let buying = Explain::new(words.meaning("value.buyers_soon_help", &[]), as_of.clone());
    let (buyers_soon, variance) = (overview.expected_buyers_soon, overview.buyers_variance);
    let soon_range =
        interval((buyers_soon, 0.0), variance).map(|range| told(words, range, |n| words.fixed(n, 0)));
    let buying = sure(words, buying, buyers_soon, soon_range.as_deref());
    let soon_notes: Vec<String> = share_soon.into_iter().chain(soon_range).collect();
    let few = found.customers_for_80.map(|count| words.count(count)).unwrap_or_default();
    let gini = found.gini.map(|gini| words.t("value.gini", &[("gini", &words.fixed(gini, 3))]));
    let mut figures = Vec::from(bought(words, stored));
    figures.extend([
        Figure::new(
            words.label("margin"),
            overview.margin.map(|margin| words.amount(margin)).unwrap_or_default(),
            buyers(explain("margin")),
        )
        .note(rate),
        Figure::new(
            words.label("clv_52w"),
            overview.clv.map(|clv| words.amount(clv)).unwrap_or_default(),
            worth.source(href::sorted("account", BUYERS, "-clv_52w"), all()),
        )
        .note(model_card::why_missing(words, &stored.fitted.model).or(worth_range)),
        Figure::new(
            words.t("value.buyers_soon", &[]),
            soon,
            buying.source(href::sorted("account", BUYERS, "-p_buy_13w"), all()),
        )
        .note((!soon_notes.is_empty()).then(|| soon_notes.join(" · "))),
        Figure::new(
            words.t("value.customers_for_80", &[]),
            few,
            Explain::new(words.meaning("value.customers_for_80_help", &[]), as_of).source(
                href::sorted("account", "importance in ['vip', 'key']", "-net_sales"),
                words.t("value.vip_and_key", &[]),
            ),
        )
        .note(gini),
    ]);
    figures
}

fn pareto(words: &Words<'_>, overview: &Overview) -> Json {
    let found = &overview.concentration;
    let share = found.top20_share.unwrap_or(0.0);
    let points: Vec<[f64; 2]> = found.curve.iter().map(|point| [point.customers, point.amount]).collect();
    let shown = words.whole_percent(share);
    json!({
        "title": words.t("value.pareto_title", &[("share", &shown)]),
        "data": {
            "points": points,
            "mark": { "x": 0.2, "y": share, "label": format!("20% → {shown}") },
            "x_label": words.t("value.share_of_customers", &[]),
            "y_label": words.t("value.share_of_sales", &[]),
        },
    })
}

/// Who gave back more than he bought, of whom the curve says nothing.
fn gave_back(words: &Words<'_>, overview: &Overview) -> Option<minijinja::Value> {
    let Group { customers, net_sales } = overview.gave_back;
    (customers > 0).then(|| {
        let (count, amount) = (words.count(customers), words.amount(net_sales));
        context! {
            text => words.t("value.gave_back", &[("count", &count), ("amount", &amount)]),
            href => href::sorted("account", &format!("{BUYERS} && net_sales < 0"), "net_sales"),
        }
    })
}

fn rfm(words: &Words<'_>, overview: &Overview) -> Json {
    let scores = ["1", "2", "3", "4", "5"];
    let mut cells = vec![];
    let mut resting = 0;
    for (x, column) in overview.rfm.iter().enumerate() {
        for (y, group) in column.iter().enumerate() {
            if x < 2 && y >= 3 {
                resting += group.customers;
            }
            let filter = format!("rfm_recency == {} && rfm_frequency == {}", x + 1, y + 1);
            cells.push(json!({
                "x": x, "y": y, "value": group.customers,
                "text": in_group(words, group),
                "href": href::sorted("account", &filter, "-net_sales"),
            }));
        }
    }
    json!({
        "title": words.t("value.rfm_title", &[("count", &words.count(resting))]),
        "data": {
            "columns": scores, "rows": scores, "cells": cells,
            "x_label": words.label("rfm_recency"),
            "y_label": words.label("rfm_frequency"),
        },
    })
}

fn in_group(words: &Words<'_>, group: &Group) -> String {
    let (count, amount) = (words.count(group.customers), words.amount(group.net_sales));
    words.t("value.in_group", &[("count", &count), ("amount", &amount)])
}

fn stages(words: &Words<'_>, overview: &Overview) -> Json {
    let count = |stage: &str| overview.stages.get(stage).map_or(0, |group| group.customers);
    let weak = count("decline") + count("lost");
    let share = weak as f64 / overview.concentration.customers.max(1) as f64;
    let buyers: BTreeMap<String, Group> = overview
        .stages
        .iter()
        .filter(|(stage, _)| *stage != "prospect")
        .map(|(k, v)| (k.clone(), *v))
        .collect();
    let mut chart = groups(words, "stage", &buyers);
    chart["title"] = words.t("value.stages_title", &[("share", &words.whole_percent(share))]).into();
    chart
}

/// Bars of a class, in the order its choices are declared.
fn groups(words: &Words<'_>, field: &str, groups: &BTreeMap<String, Group>) -> Json {
    let choices = words.field(field).map(|field| field.choices().to_vec()).unwrap_or_default();
    let bars: Vec<Json> = choices
        .iter()
        .filter_map(|choice| {
            let group = groups.get(&choice.value)?;
            let filter = format!("{BUYERS} && {field} == '{}'", choice.value);
            Some(json!({
                "label": choice.label.get(words.lang),
                "value": group.customers,
                "text": in_group(words, group),
                "color": choice.colour,
                "href": href::sorted("account", &filter, "-net_sales"),
            }))
        })
        .collect();
    let total: i64 = groups.values().map(|group| group.net_sales).sum();
    let first = choices.first().and_then(|choice| Some((choice, groups.get(&choice.value)?)));
    let title = first.filter(|_| total > 0).map(|(choice, group)| {
        let share = words.whole_percent(money::to_units(group.net_sales) / money::to_units(total));
        let count = words.count(group.customers);
        words.t(
            "value.class_title",
            &[("class", choice.label.get(words.lang)), ("count", &count), ("share", &share)],
        )
    });
    json!({ "title": title.unwrap_or_else(|| words.label(field)), "data": { "unit": "count", "bars": bars } })
}

async fn customers(words: &Words<'_>, session: &Session, filter: &str) -> Answer<Vec<Customer>> {
    let query = Query::new("account").filter(filter).sort("-net_sales").limit(ROWS).fields(&[
        "name",
        "net_sales",
        "clv_52w",
        "clv_52w_low",
        "clv_52w_high",
        "p_alive",
        "p_churn_52w",
        "overdue",
        "last_order_on",
        fields::STAGE,
    ]);
    let page = words.app.engine().list(&session.actor, &query).await?;
    words.app.saw_many(session, "account", page.records.len(), &[("filter", filter)]);
    Ok(page.records.iter().map(|record| customer(words, record)).collect())
}

fn customer(words: &Words<'_>, record: &Record) -> Customer {
    let known = |field: &str| {
        let amount = record.get(field).as_decimal().and_then(|amount| meta::scaled(amount.round_dp(4), 4));
        amount.map(|amount| words.whole_amount(amount))
    };
    let money = |field: &str| known(field).unwrap_or_default();
    let probability = |field: &str| {
        let p = record.get(field).as_decimal();
        p.map(|p| words.format.percent(p.round_dp(3))).unwrap_or_default()
    };
    let range = known("clv_52w_low").zip(known("clv_52w_high"));
    let (stage, stage_colour) = words.choice(fields::STAGE, record.text(fields::STAGE));
    Customer {
        name: record.text("name").to_owned(),
        href: format!("/account/{}", record.id),
        net_sales: money("net_sales"),
        clv: money("clv_52w"),
        clv_range: range.map(|(low, high)| format!("{low} – {high}")),
        p_alive: probability("p_alive"),
        p_churn: probability("p_churn_52w"),
        overdue: record
            .get("overdue")
            .as_decimal()
            .map(|ratio| words.format.number(ratio.round_dp(1)))
            .unwrap_or_default(),
        last_on: match record.get("last_order_on") {
            Value::Date(day) => words.date(*day),
            _ => String::new(),
        },
        stage,
        stage_colour,
    }
}
