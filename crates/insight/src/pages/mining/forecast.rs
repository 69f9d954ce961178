//! `/analysis/forecast`: sales of the next thirteen weeks, of the whole or of a part, by week, month or quarter, with an interval and
//! the errors made before.

use super::{
    Words, forecast_said::Said, missing, periods, periods::View, product_href, products, scope, status, words,
};
use crate::{
    mining::forecast::{self, Demand, Found, HORIZON, Part, Purchasing, monday},
    pages::{
        figure::{Definition, Explain, Figure, Input},
        href, order_days,
    },
    settings::Settings,
    store,
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use meta::Id;
use minijinja::context;
use mining::forecast::{Forecast, Method, Sum, backtest::Measures};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use web::{Answer, App, Session};

/// Products listed of a category, the others together.
const LISTED: usize = 30;
const DIMENSIONS: [&str; 3] = ["region", "category", "product"];
/// The key of all parts that have no line of their own.
pub(super) const REST: &str = "rest";

#[derive(Deserialize)]
pub struct Asked {
    /// `region`, `category` or `product`; the whole company without it.
    by: Option<String>,
    /// A part of it.
    key: Option<String>,
    /// `week`, `month` or `quarter`.
    view: Option<String>,
}

pub async fn page(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let words = words(&app, &session).await?;
    let kept = forecast::load(app.engine()).await?;
    let mining = status::status(&words).await?;
    // Whatever was sold is of a region, if only of the rest; a history too short says so.
    let Some(kept) = kept.filter(|kept| !kept.body.regions.is_empty()) else {
        let context = context! { mining, state => "nothing" };
        return app.page(&session, "insight/mining_forecast.html", context).map(IntoResponse::into_response);
    };
    let found = &kept.body;
    let settings = Settings::load(app.engine()).await?;
    let fit = store::newest_model(app.engine()).await?;
    let names = names(&words, &session, found).await?;
    let by = asked.by.as_deref().filter(|by| DIMENSIONS.contains(by));
    let parts = by.map_or(&[][..], |by| of(found, by));
    let chosen = asked.key.as_deref().filter(|key| !key.is_empty());
    let part = chosen.and_then(|key| parts.iter().find(|part| address(part) == key)).unwrap_or(&found.total);
    let sold = Sold { settings: &settings, part, by };
    let title = if std::ptr::eq(part, &found.total) {
        words.t("mining.whole", &[])
    } else {
        label(&words, &names, part)
    };
    let as_of = words.date(kept.as_of);
    let view = View::asked(asked.view.as_deref());
    let demands = forecast::purchasing(app.engine()).await?;
    let demands = demands.as_ref().map(|kept| &kept.body);
    let listed = match (by, chosen, demands) {
        (Some("category"), Some(_), Some(demands)) if !std::ptr::eq(part, &found.total) => {
            members(&words, &session, part, demands, &title).await?
        }
        _ => None,
    };
    let said = Said { words: &words, part, as_of: &as_of, orders: sold.all() };
    let shown = match &part.forecast {
        Err(reason) => {
            context! { missing => missing(&words, *reason), simple => said.mean(), listed }
        }
        Ok(told) => {
            let demand = demands.and_then(|all| demand_of(all, part)).filter(|_| by == Some("product"));
            context! {
                missing => None::<String>,
                figures => headline(&words, part, told, demand, (&sold, &as_of)),
                chart => periods::chart(&words, found, part, told, view),
                periods => periods::table(&words, found, part, told, view),
                tried => tried(&words, told),
                no_better => said.no_better(told),
                no_season => (told.backtest.season == 1).then(|| words.t("mining.no_season", &[])),
                tested => said.tested(told),
                covered => said.covered(told),
                listed,
            }
        }
    };
    let options: Vec<Json> = parts
        .iter()
        .map(|part| json!({ "key": address(part), "name": label(&words, &names, part) }))
        .collect();
    let of_view = |view: View| href_of(by, chosen, view);
    let context = context! {
        mining,
        state => "found",
        computed_at => words.format.instant(kept.computed_at),
        as_of,
        later => fit.as_ref().and_then(|fit| order_days::later(&words, &settings, fit)),
        unseen => fit.as_ref().and_then(|fit| order_days::unseen(&words, &settings, found, kept.as_of, fit)),
        sample => [Input {
            label: words.t("mining.known_weeks", &[]),
            value: words.count(part.history.values.len() as u64),
        }],
        source => context! { href => sold.all(), label => words.t("mining.orders", &[]) },
        title,
        dimensions => DIMENSIONS.iter().map(|name| json!({ "name": name, "label": words.t(&format!("mining.by.{name}"), &[]), "href": href_of(Some(name), None, view) })).collect::<Vec<_>>(),
        whole_href => href_of(None, None, view),
        views => View::ALL.map(|one| json!({ "name": one.name(), "label": words.t(&format!("mining.view.{}", one.name()), &[]), "href": of_view(one) })),
        view => view.name(),
        by,
        options,
        chosen,
        table => by.filter(|_| !parts.is_empty()).map(|by| table(&words, found, &names, by, view)),
        ..shown
    };
    app.page(&session, "insight/mining_forecast.html", context).map(IntoResponse::into_response)
}

fn href_of(by: Option<&str>, key: Option<&str>, view: View) -> String {
    let given = [("by", by), ("key", key), ("view", Some(view.name()).filter(|_| view != View::Week))];
    let given: Vec<String> = given
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", web::encode(value?))))
        .collect();
    if given.is_empty() {
        "/analysis/forecast".to_owned()
    } else {
        format!("/analysis/forecast?{}", given.join("&"))
    }
}

/// The sales a part's weeks are made of.
struct Sold<'s> {
    settings: &'s Settings,
    part: &'s Part,
    by: Option<&'s str>,
}

impl Sold<'_> {
    fn all(&self) -> String {
        self.of_weeks(self.part.history.values.len())
    }

    /// The last so many whole weeks; of all others together the company's orders.
    fn of_weeks(&self, weeks: usize) -> String {
        let end = self.part.history.start + self.part.history.values.len() as i32;
        let [after, until] = [end - weeks as i32, end].map(|week| monday(week) - chrono::Duration::days(1));
        let days = href::Days { settings: self.settings, after, until };
        match (self.by, self.part.key.as_deref()) {
            (Some("region"), Some(region)) => days.orders(&href::of_region("account.", region)),
            (Some("category"), Some(category)) => days.order_lines(&href::and("product.category", category)),
            (Some("product"), Some(product)) => days.order_lines(&href::and("product", product)),
            _ => days.orders(""),
        }
    }
}

fn of<'a>(found: &'a Found, by: &str) -> &'a [Part] {
    match by {
        "region" => &found.regions,
        "category" => &found.categories,
        _ => &found.products,
    }
}

fn address(part: &Part) -> &str {
    part.key.as_deref().unwrap_or(REST)
}

/// Names of the categories and products.
async fn names(words: &Words<'_>, session: &Session, found: &Found) -> Answer<HashMap<Id, String>> {
    let engine = words.app.engine();
    let ids =
        |parts: &[Part]| parts.iter().filter_map(|part| part.key.as_ref()?.parse().ok()).collect::<Vec<Id>>();
    let mut names = products(engine, session, ids(&found.products)).await?;
    let categories: Vec<(&str, Id)> =
        ids(&found.categories).into_iter().map(|id| ("product_category", id)).collect();
    names.extend(engine.titles(&session.actor, &categories).await?);
    Ok(names)
}

fn label(words: &Words<'_>, names: &HashMap<Id, String>, part: &Part) -> String {
    let Some(key) = &part.key else { return words.t("mining.rest", &[]) };
    let named = key.parse().ok().and_then(|id: Id| names.get(&id).cloned());
    named.unwrap_or_else(|| key.clone())
}

fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

fn last(part: &Part, weeks: usize) -> &[f64] {
    let values = &part.history.values;
    &values[values.len().saturating_sub(weeks)..]
}

fn demand_of<'p>(all: &'p Purchasing, part: &Part) -> Option<&'p Demand> {
    let product: Id = part.key.as_ref()?.parse().ok()?;
    all.products.iter().find(|demand| demand.product == product)
}

fn headline(
    words: &Words<'_>,
    part: &Part,
    told: &Forecast,
    demand: Option<&Demand>,
    (sold, as_of): (&Sold<'_>, &str),
) -> Vec<Figure> {
    let explain = |key: &str| Explain::new(words.meaning(key, &[]), as_of);
    let (Sum { expected, low, high }, before) = (told.sum_of(HORIZON), sum(last(part, HORIZON)));
    let change = (before > 0.0).then(|| {
        let change = expected / before - 1.0;
        words.t(
            "mining.against_before",
            &[("change", &words.percent(change)), ("before", &words.units(before))],
        )
    });
    let own = sum(&told.own);
    let mut next = explain("mining.next_weeks_help").source(sold.all(), words.t("mining.orders", &[]));
    next = next.input(words.t("mining.own_forecast", &[]), words.units(own));
    next = next.input(words.t("mining.moved", &[]), words.units(expected - own));
    let mut figures = vec![
        Figure::new(words.t("mining.next_weeks", &[]), words.units(expected), next)
            .note(Some(periods::interval(words, low, high))),
        Figure::new(
            words.t("mining.last_weeks", &[]),
            words.units(before),
            explain("mining.last_weeks_help").source(sold.of_weeks(HORIZON), words.t("mining.orders", &[])),
        )
        .note(change),
    ];
    let wape = |errors: &Measures| errors.wape.map_or("–".to_owned(), |wape| words.percent(wape));
    let mase = told.errors.mase.map(|mase| words.t("mining.mase_is", &[("mase", &words.fixed(mase, 2))]));
    let mut error =
        explain("mining.wape_help").formula("Σ|e| / Σ|y|").source(sold.all(), words.t("mining.orders", &[]));
    for (key, method) in [("own_error", told.backtest.best), ("floor_error", Some(Method::SeasonalNaive))] {
        if let Some(tried) = method.and_then(|method| told.backtest.of(method)) {
            error = error.input(words.t(&format!("mining.{key}"), &[]), wape(&tried.errors));
        }
    }
    let error = error.input(words.t("mining.origins", &[]), words.count(told.backtest.origins as u64));
    figures.push(Figure::new(words.t("mining.wape", &[]), wape(&told.errors), error).note(mase));
    if let Some(demand) = demand {
        let units = demand.covers.last().map_or(0.0, |cover| cover.demand);
        let explain = explain("mining.units_help")
            .formula("Σ ŷ / p")
            .input(words.t("mining.next_weeks", &[]), words.units(demand.sales()))
            .input(words.t("mining.column.price", &[]), words.units(demand.price))
            .source("/analysis/purchasing".to_owned(), words.t("mining.purchasing_title", &[]));
        let price = words.t("mining.at_price", &[("price", &words.units(demand.price))]);
        figures.push(
            Figure::new(words.t("mining.units", &[]), words.fixed(units, 1), explain).note(Some(price)),
        );
    }
    figures
}

/// The products of a category, which sum to it.
async fn members(
    words: &Words<'_>,
    session: &Session,
    part: &Part,
    demands: &Purchasing,
    title: &str,
) -> Answer<Option<Json>> {
    let Ok(told) = &part.forecast else { return Ok(None) };
    let mut of_it: Vec<&Demand> =
        demands.products.iter().filter(|demand| demand.category == part.key).collect();
    if of_it.is_empty() {
        return Ok(None);
    }
    of_it.sort_by(|a, b| b.sales().total_cmp(&a.sales()).then(a.product.cmp(&b.product)));
    of_it.truncate(LISTED);
    let names = products(words.app.engine(), session, of_it.iter().map(|demand| demand.product)).await?;
    let row =
        |name: Option<&String>, href: Option<String>, before: f64, expected: f64, demand: Option<&Demand>| {
            json!({
                "name": name, "href": href, "before": words.units(before), "expected": words.units(expected),
                "units": demand.and_then(|one| Some(words.fixed(one.covers.last()?.demand, 1))),
                "wape": demand.and_then(|one| one.wape).map(|wape| words.percent(wape)),
                "method": demand.map(|one| method(words, one.method)),
            })
        };
    let (mut before, mut expected) = (sum(last(part, HORIZON)), sum(&told.points));
    let total = row(Some(&title.to_owned()), None, before, expected, None);
    let mut rows = vec![];
    for demand in of_it {
        let Some(name) = names.get(&demand.product) else { continue };
        let href = Some(product_href(demand.product));
        rows.push(row(Some(name), href, demand.recent_sales, demand.sales(), Some(demand)));
        before -= demand.recent_sales;
        expected -= demand.sales();
    }
    // Whatever is left but rounding.
    if before.max(expected) > 0.005 {
        let rest = words.t("mining.rest", &[]);
        rows.push(row(Some(&rest), None, before.max(0.0), expected.max(0.0), None));
    }
    Ok(Some(
        json!({ "rows": rows, "total": total, "title": words.t("mining.products_of", &[("name", title)]) }),
    ))
}

pub(super) fn method(words: &Words<'_>, method: Option<Method>) -> String {
    match method {
        Some(method) => words.t(&format!("mining.method.{}", method.name()), &[]),
        None => words.t("mining.method.sum", &[]),
    }
}

/// The methods, and what is told of them: moved so that all adds up.
fn tried(words: &Words<'_>, told: &Forecast) -> Vec<Json> {
    let row = |name: String, errors: &Measures, best: bool, shown: bool| {
        json!({
            "name": name, "mase": errors.mase.map(|mase| words.fixed(mase, 2)),
            "smape": words.percent(errors.smape), "wape": errors.wape.map(|wape| words.percent(wape)),
            "best": best, "shown": shown,
        })
    };
    let tried = told.backtest.tried.iter();
    let mut rows: Vec<Json> = tried
        .map(|one| {
            row(method(words, Some(one.method)), &one.errors, Some(one.method) == told.backtest.best, false)
        })
        .collect();
    rows.push(row(words.t("mining.as_shown", &[]), &told.errors, false, true));
    rows
}

/// All parts of a dimension, whose forecasts sum to the whole, over all weeks and in each period of them.
fn table(words: &Words<'_>, found: &Found, names: &HashMap<Id, String>, by: &str, view: View) -> Json {
    let slices = if view == View::Week { vec![] } else { found.slices(view.period()) };
    let row = |part: &Part, name: String, href: Option<String>| {
        let told = part.forecast.as_ref().ok();
        json!({
            "name": name, "href": href,
            "before": words.units(sum(last(part, HORIZON))),
            "periods": slices.iter().map(|slice| told.map(|told| words.units(told.over(&slice.weights).expected))).collect::<Vec<_>>(),
            "expected": told.map(|told| words.units(sum(&told.points))),
            "range": told.map(|told| periods::range(words, told.sum_of(HORIZON))),
            "wape": told.and_then(|told| told.errors.wape).map(|wape| words.percent(wape)),
            "method": told.map(|told| method(words, told.backtest.best)),
        })
    };
    let href = |part: &Part| href_of(Some(by), Some(address(part)), view);
    let rows: Vec<Json> =
        of(found, by).iter().map(|part| row(part, label(words, names, part), Some(href(part)))).collect();
    let total = row(&found.total, words.t("mining.whole", &[]), None);
    let column = |slice| {
        let label = periods::column(words, found, view, slice);
        Definition::new(label, words.meaning("mining.column_period.is", &[]))
    };
    let columns: Vec<Definition> = slices.iter().map(column).collect();
    json!({ "label": words.t(&format!("mining.by.{by}"), &[]), "columns": columns, "rows": rows, "total": total })
}
