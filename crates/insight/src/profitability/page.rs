//! `/value/profitability`: the whale curve, what takes the margin, who loses money and why.

use super::{
    known::{self, ENOUGH_KNOWN, counted, leaves},
    report::{REPORT, Report},
};
use crate::{
    cost_rate,
    kept::{self, Kept},
    pages::{
        customer_table::customers,
        figure::{Explain, Figure, Input},
        href, scope,
        words::Words,
    },
    settings::{Settings, day_number},
};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use minijinja::context;
use serde::Serialize;
use serde_json::{Value as Json, json};
use value::money;
use web::{Answer, App, Session};

const ROWS: usize = 10;
const EARNING: &str = "net_profit > 0";
const LOSING_FIELDS: [&str; 5] = ["net_profit", "loss_cause", "net_sales", "margin", "cost_to_serve"];
const EARNING_FIELDS: [&str; 5] = ["net_profit", "net_profit_share", "net_sales", "margin", "cost_to_serve"];

#[derive(Serialize)]
struct RateShown {
    driver: String,
    piece: String,
    minute: String,
    share: String,
}

pub async fn page(State(app): State<App>, session: Session) -> Answer<Response> {
    scope::whole_company(&session)?;
    let engine = app.engine();
    let currency = engine.company_currency().await?;
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency };
    let settings = Settings::load(engine).await?;
    let kept: Option<Kept<Report>> = kept::find(engine, REPORT).await?;
    let common = context! {
        rates => rates(&words, &settings, day_number(settings.as_of_day(engine.clock()))),
        can_set => session.actor.is_administrator(),
        rates_href => format!("/{}", cost_rate::ENTITY),
        rate_href => format!("/{}/new", cost_rate::ENTITY),
    };
    let Some(kept) = kept.filter(|kept| kept.body.buyers.customers > 0) else {
        let unknown = context! { empty => true, ..common };
        return app.page(&session, "insight/profitability.html", unknown).map(IntoResponse::into_response);
    };
    let report = &kept.body;
    let context = context! {
        empty => false,
        rated => report.rated,
        as_of => words.date(kept.as_of),
        made_at => words.format.instant(kept.made_at),
        sample => [
            Input { label: words.t("value.customers", &[]), value: words.count(report.buyers.customers) },
            Input { label: words.label("net_sales"), value: words.amount(report.buyers.net_sales) },
        ],
        buyers => context! {
            href => href::sorted("account", &counted(report.rated), &format!("-{}", leaves(report.rated))),
            label => words.t("value.these_customers", &[("count", &words.count(report.buyers.customers))]),
        },
        figures => figures(&words, &kept),
        notes => notes(&words, report),
        whale => whale(&words, report),
        where_it_goes => where_it_goes(&words, report),
        causes => causes(&words, report),
        losing => customers(&words, &session, (&known::losers(true), "net_profit"), &LOSING_FIELDS, ROWS).await?,
        earning => customers(&words, &session, (EARNING, "-net_profit"), &EARNING_FIELDS, ROWS).await?,
        ..common
    };
    app.page(&session, "insight/profitability.html", context).map(IntoResponse::into_response)
}

fn figures(words: &Words<'_>, kept: &Kept<Report>) -> Vec<Figure> {
    let (report, as_of) = (&kept.body, words.date(kept.as_of));
    let (sum, profit) = (&report.buyers, report.buyers.profit());
    let explain = |field: &str| Explain::new(words.help(field), as_of.clone());
    let count = words.count(sum.customers);
    let all = |explain: Explain, sort: &str| {
        let label = words.t("value.these_customers", &[("count", &count)]);
        explain.source(href::sorted("account", &counted(report.rated), sort), label)
    };
    let of_sales = |part: i64| {
        (sum.net_sales > 0).then(|| {
            let share = words.percent(part as f64 / sum.net_sales as f64);
            words.t("value.of_net_sales", &[("share", &share)])
        })
    };
    let explained = Explain::new(words.meaning("profit.margin_help", &[]), as_of.clone());
    let margin = Figure::new(words.label("margin"), words.amount(sum.margin), all(explained, "-margin"))
        .note(of_sales(sum.margin));
    if !report.rated {
        return vec![margin];
    }
    let cost = |name: &str| words.t(&format!("profit.cost.{name}"), &[]);
    let contribution = explain("contribution")
        .formula(&words.t("profit.formula.contribution", &[]))
        .input(words.label("margin"), words.amount(sum.margin))
        .input(cost("selling"), words.amount(sum.costs.selling));
    let to_serve = explain("cost_to_serve")
        .input(cost("handling"), words.amount(sum.costs.handling))
        .input(cost("returns"), words.amount(sum.costs.returns))
        .input(cost("contacts"), words.amount(sum.costs.contacts));
    let net = explain("net_profit")
        .formula(&words.t("profit.formula.net", &[]))
        .input(words.label("contribution"), words.amount(profit.contribution()))
        .input(words.label("cost_to_serve"), words.amount(sum.costs.to_serve()));
    let losers = Explain::new(words.meaning("profit.losers_help", &[]), as_of.clone()).source(
        href::sorted("account", &known::losers(true), "net_profit"),
        words.t("value.these_customers", &[("count", &words.count(report.whale.losers))]),
    );
    let lost = words.t("profit.they_lose", &[("amount", &words.amount(report.whale.lost.saturating_neg()))]);
    vec![
        margin,
        Figure::new(
            words.label("contribution"),
            words.amount(profit.contribution()),
            all(contribution, "-contribution"),
        )
        .note(of_sales(profit.contribution())),
        Figure::new(
            words.label("cost_to_serve"),
            words.amount(sum.costs.to_serve()),
            all(to_serve, "-cost_to_serve"),
        )
        .note(of_sales(sum.costs.to_serve())),
        Figure::new(words.label("net_profit"), words.amount(profit.net()), all(net, "-net_profit"))
            .note(of_sales(profit.net()))
            .tone((profit.net() < 0).then_some("bad")),
        Figure::new(words.t("profit.losers", &[]), words.count(report.whale.losers), losers)
            .note((report.whale.losers > 0).then_some(lost)),
    ]
}

/// What the figures leave out.
fn notes(words: &Words<'_>, report: &Report) -> Vec<String> {
    let mut notes = vec![];
    if report.unknown.customers > 0 {
        let (count, sales) = (words.count(report.unknown.customers), words.amount(report.unknown.net_sales));
        let share = words.whole_percent(ENOUGH_KNOWN);
        notes.push(words.t("profit.unknown", &[("count", &count), ("amount", &sales), ("share", &share)]));
    }
    if report.partly_known > 0 {
        let (count, share) = (words.count(report.partly_known), words.whole_percent(1.0 - ENOUGH_KNOWN));
        notes.push(words.t("profit.partly_known", &[("count", &count), ("share", &share)]));
    }
    if report.prospects.customers > 0 {
        let cost = report.prospects.profit().net().saturating_neg();
        let count = words.count(report.prospects.customers);
        notes.push(words.t("profit.prospects", &[("count", &count), ("amount", &words.amount(cost))]));
    }
    notes
}

fn whale(words: &Words<'_>, report: &Report) -> Json {
    let whale = &report.whale;
    let winners = whale.winners as f64 / whale.customers.max(1) as f64;
    let what = words.label(if report.rated { "net_profit" } else { "margin" });
    let title = match whale.peak_share() {
        Some(peak) if whale.losers > 0 => words.t(
            "profit.whale_title",
            &[
                ("winners", &words.whole_percent(winners)),
                ("peak", &words.whole_percent(peak)),
                ("what", &what),
            ],
        ),
        Some(_) => words.t(
            "profit.whale_title_all_earn",
            &[("share", &words.whole_percent(whale.best_fifth_share().unwrap_or(1.0))), ("what", &what)],
        ),
        None => {
            words.t("profit.whale_title_loss", &[("amount", &words.amount(whale.total.saturating_neg()))])
        }
    };
    let sort = format!("-{}", leaves(report.rated));
    let list = |filter: &str| href::sorted("account", filter, &sort);
    let points: Vec<[f64; 2]> = whale.curve.iter().map(|point| [point.customers, point.profit]).collect();
    json!({
        "title": title,
        "data": {
            "points": points,
            "mark": {
                "x": winners, "y": money::to_units(whale.gained), "label": words.amount(whale.gained),
                "href": list(&known::winners(report.rated)),
            },
            "end": {
                "y": money::to_units(whale.total), "label": words.amount(whale.total),
                "href": list(&counted(report.rated)),
            },
            "x_label": words.t("value.share_of_customers", &[]),
            "y_label": words.t("profit.cumulative", &[("what", &what)]),
            "currency": words.currency,
        },
    })
}

/// The margin and what is taken from it, as bars.
fn where_it_goes(words: &Words<'_>, report: &Report) -> Json {
    let (sum, profit) = (&report.buyers, report.buyers.profit());
    let costs = [
        ("selling", sum.costs.selling, "yellow"),
        ("handling", sum.costs.handling, "blue"),
        ("returns", sum.costs.returns, "orange"),
        ("contacts", sum.costs.contacts, "purple"),
    ];
    let bar = |label: String, amount: i64, colour: &str, sort: &str| {
        json!({
            "label": label, "value": money::to_units(amount), "text": label, "color": colour,
            "href": href::sorted("account", &counted(report.rated), sort),
        })
    };
    let mut bars = vec![bar(words.label("margin"), sum.margin, "teal", "-margin")];
    for (name, amount, colour) in costs.into_iter().filter(|(_, amount, _)| *amount != 0) {
        bars.push(bar(words.t(&format!("profit.cost.{name}"), &[]), amount, colour, "-cost_to_serve"));
    }
    bars.push(bar(words.label("net_profit"), profit.net(), "green", "-net_profit"));
    let left = (sum.margin > 0).then(|| words.whole_percent(profit.net() as f64 / sum.margin as f64));
    let title = match left {
        Some(left) => words.t("profit.where_title", &[("share", &left)]),
        None => words.t("profit.where_title_none", &[]),
    };
    json!({
        "title": title,
        "data": { "unit": "money", "currency": words.currency, "bars": bars },
    })
}

/// Loss makers by what their loss comes from.
fn causes(words: &Words<'_>, report: &Report) -> Json {
    let choices = words.field("loss_cause").map(|field| field.choices().to_vec()).unwrap_or_default();
    let of = |cause: &str| report.losing.get(cause);
    let worst = choices.iter().filter_map(|choice| Some((choice, of(&choice.value)?)));
    let title = worst.min_by_key(|(_, losing)| losing.profit).map(|(choice, losing)| {
        let cause = choice.label.get(words.lang).to_owned();
        let amount = words.amount(losing.profit.saturating_neg());
        words.t("profit.causes_title", &[("cause", &cause), ("amount", &amount)])
    });
    let bars: Vec<Json> = choices
        .iter()
        .filter_map(|choice| {
            let losing = of(&choice.value)?;
            let (count, amount) =
                (words.count(losing.customers), words.amount(losing.profit.saturating_neg()));
            let filter = format!("{} && loss_cause == '{}'", known::losers(true), choice.value);
            Some(json!({
                "label": choice.label.get(words.lang),
                "value": losing.customers,
                "text": words.t("profit.in_cause", &[("count", &count), ("amount", &amount)]),
                "color": choice.colour,
                "href": href::sorted("account", &filter, "net_profit"),
            }))
        })
        .collect();
    json!({
        "title": title.unwrap_or_else(|| words.t("profit.nobody_loses", &[])),
        "data": { "unit": "count", "bars": bars },
    })
}

/// The rates in force.
fn rates(words: &Words<'_>, settings: &Settings, day: i32) -> Vec<RateShown> {
    let entity = words.registry().entity(cost_rate::ENTITY);
    let choices = entity
        .ok()
        .and_then(|entity| entity.get("driver"))
        .map(|field| field.choices().to_vec())
        .unwrap_or_default();
    let amount = |amount: i64| if amount == 0 { String::new() } else { words.amount(amount) };
    let shown = |(name, driver): &(&str, _)| {
        let rate = settings.cost_rates.on(*driver, day)?;
        let choice = choices.iter().find(|choice| choice.value == *name)?;
        let share = rate.share as f64 / value::service_cost::SHARE_SCALE as f64;
        Some(RateShown {
            driver: choice.label.get(words.lang).to_owned(),
            piece: amount(rate.piece),
            minute: amount(rate.minute),
            share: if rate.share == 0 { String::new() } else { words.percent(share) },
        })
    };
    value::service_cost::DRIVERS.iter().filter_map(shown).collect()
}
