//! What a customer earns and costs, on his own page.

use super::{figures::cause_name, known::ENOUGH_KNOWN};
use crate::pages::{
    figure::{Explain, Figure},
    href,
    panel::Seen,
    words::Words,
};
use minijinja::context;
use value::service_cost::Profit;
use web::{Answer, App, Session};

/// `None` as long as the company has no rates: the margin stands in the panel of his value.
pub(crate) fn render(app: &App, session: &Session, seen: &Seen) -> Answer<Option<String>> {
    if seen.settings.cost_rates.is_empty() {
        return Ok(None);
    }
    let words = seen.words(app, session);
    let at = words.date(seen.as_of);
    let statistics = &seen.scored.statistics;
    let context = match statistics.profit() {
        Some(profit) => context! {
            figures => figures(&words, seen, &profit, &at),
            why => profit.cause_of_loss().map(|cause| words.choice("loss_cause", cause_name(cause)).0),
            unknown => (),
            as_of => at,
        },
        None => {
            let [known, share] = [statistics.known_share(), ENOUGH_KNOWN].map(|share| words.percent(share));
            let unknown = words.t("profit.no_goods_cost", &[("known", &known), ("share", &share)]);
            context! { figures => Vec::<Figure>::new(), why => (), unknown, as_of => at }
        }
    };
    app.render(session, "insight/profit_panel.html", context).map(Some)
}

fn figures(words: &Words<'_>, seen: &Seen, profit: &Profit, as_of: &str) -> Vec<Figure> {
    let (record, statistics) = (&seen.record, &seen.scored.statistics);
    let explain = |field: &str| Explain::new(words.help(field), as_of);
    let of_orders = |explain: Explain| {
        let count = words.count(u64::from(statistics.orders));
        let orders = href::orders_of(record.id, &seen.settings, seen.as_of);
        explain.source(orders, words.t("value.its_orders", &[("count", &count)]))
    };
    let cost = |name: &str| words.t(&format!("profit.cost.{name}"), &[]);
    let costs = &profit.costs;
    let margin = match statistics.uncosted {
        0 => words.label("margin"),
        _ => words.t("profit.extended_margin", &[("share", &words.percent(statistics.known_share()))]),
    };
    let contribution = explain("contribution")
        .formula(&words.t("profit.formula.contribution", &[]))
        .input(margin, words.amount(profit.margin))
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
        Figure::new(
            words.label("contribution"),
            words.amount(profit.contribution()),
            of_orders(contribution),
        ),
        Figure::new(words.label("cost_to_serve"), words.amount(costs.to_serve()), to_serve),
        Figure::new(words.label("net_profit"), words.amount(profit.net()), of_orders(net))
            .note(share)
            .tone((profit.net() < 0).then_some("bad")),
    ]
}
