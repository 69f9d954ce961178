//! What a customer earns and costs, on his own page.

use super::figures::cause_name;
use crate::{
    pages::{
        figure::{Explain, Figure},
        href, scope,
        words::Words,
    },
    settings::Settings,
    statistics::{self, Statistics, UpTo},
};
use engine::BoxFuture;
use meta::Record;
use minijinja::context;
use value::service_cost::Profit;
use web::{Answer, App, Session};

pub fn render(app: App, session: Session, record: Record) -> BoxFuture<'static, Answer<Option<String>>> {
    Box::pin(async move {
        if !scope::of_customer(&session.actor) {
            return Ok(None);
        }
        panel(&app, &session, &record).await
    })
}

/// `None` as long as the company has no rates: the margin stands in the panel of his value.
async fn panel(app: &App, session: &Session, record: &Record) -> Answer<Option<String>> {
    let engine = app.engine();
    let settings = Settings::load(engine).await?;
    if settings.cost_rates.is_empty() {
        return Ok(None);
    }
    let as_of = settings.as_of_day(engine.clock());
    let found = statistics::of(engine, &[record.id], &UpTo { day: as_of, settings: &settings }).await?;
    let statistics = found.get(&record.id).copied().unwrap_or_default();
    let currency = engine.company_currency().await?;
    let words = Words { app, lang: session.lang, format: session.format(), currency };
    let at = words.date(as_of);
    let context = match statistics.profit() {
        Some(profit) => context! {
            figures => figures(&words, record, &statistics, &profit, &at),
            why => profit.cause_of_loss().map(|cause| words.choice("loss_cause", cause_name(cause)).0),
            known => true,
            as_of => at,
        },
        None => context! { figures => Vec::<Figure>::new(), why => (), known => false, as_of => at },
    };
    app.render(session, "insight/profit_panel.html", context).map(Some)
}

fn figures(
    words: &Words<'_>,
    record: &Record,
    statistics: &Statistics,
    profit: &Profit,
    as_of: &str,
) -> Vec<Figure> {
    let explain = |field: &str| Explain::new(words.help(field), as_of);
    let cost = |name: &str| words.t(&format!("profit.cost.{name}"), &[]);
    let costs = &profit.costs;
    let contribution = explain("contribution")
        .formula(&words.t("profit.formula.contribution", &[]))
        .input(words.label("margin"), words.amount(profit.margin))
        .input(cost("selling"), words.amount(costs.selling));
    let contacts = href::list("activity", &format!("account == '{}' && done", record.id));
    let to_serve = explain("cost_to_serve")
        .input(cost("handling"), words.amount(costs.handling))
        .input(cost("returns"), words.amount(costs.returns))
        .input(cost("contacts"), words.amount(costs.contacts))
        .source(contacts, words.t("profit.his_contacts", &[]));
    let net = explain("net_profit")
        .formula(&words.t("profit.formula.net", &[]))
        .input(words.label("contribution"), words.amount(profit.contribution()))
        .input(words.label("cost_to_serve"), words.amount(costs.to_serve()));
    let net_sales = statistics.net_sales();
    let share = (net_sales > 0).then(|| {
        let share = words.percent(profit.net() as f64 / net_sales as f64);
        words.t("value.of_net_sales", &[("share", &share)])
    });
    vec![
        Figure::new(words.label("contribution"), words.amount(profit.contribution()), contribution),
        Figure::new(words.label("cost_to_serve"), words.amount(costs.to_serve()), to_serve),
        Figure::new(words.label("net_profit"), words.amount(profit.net()), net)
            .note(share)
            .tone((profit.net() < 0).then_some("bad")),
    ]
}
