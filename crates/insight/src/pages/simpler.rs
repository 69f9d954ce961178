//! What a page shows where there is too little for its method: how many bought and for how much, and customers in order of a figure or
//! by the stage the rule puts them in. All of it is kept with the newest fit or stands in an indexed list.

use super::{
    customer_table::{self, CustomerTable},
    figure::{Definition, Figure, Input},
    href,
    overview::{self, BUYERS},
    words::Words,
};
use crate::{
    past::life::STAGES,
    scoring::stage_name,
    store::{self, StoredModel},
};
use serde::Serialize;
use serde_json::{Value as Json, json};
use web::{Answer, Session};

/// Customers listed.
const ROWS: usize = 10;

/// For `simpler.html`.
#[derive(Serialize)]
pub(crate) struct Simpler {
    as_of: String,
    figures: [Figure; 2],
    ranked: Option<Ranked>,
    staged: Option<Staged>,
}

#[derive(Serialize)]
struct Ranked {
    title: String,
    table: CustomerTable,
}

#[derive(Serialize)]
struct Staged {
    title: String,
    net_sales: Definition,
    inputs: [Input; 1],
    source: Json,
    rows: Vec<Stage>,
}

#[derive(Serialize)]
struct Stage {
    name: String,
    colour: &'static str,
    href: String,
    customers: String,
    net_sales: String,
}

/// With the customers of whom a figure is largest; nothing before the first fit.
pub(super) async fn ranked(words: &Words<'_>, session: &Session, by: &str) -> Answer<Option<Simpler>> {
    let Some(stored) = store::newest_model(words.app.engine()).await? else { return Ok(None) };
    let fields =
        if by == "net_sales" { vec!["net_sales", "orders"] } else { vec![by, "net_sales", "orders"] };
    let sort = format!("-{by}");
    let table = customer_table::customers(words, session, (BUYERS, &sort), &fields, ROWS).await?;
    let title = words.t("value.simpler.ranked", &[("field", &words.label(by))]);
    Ok(Some(Simpler { ranked: Some(Ranked { title, table }), ..counted(words, &stored) }))
}

/// The same by what value is measured by today.
pub(super) async fn ranked_by_value(words: &Words<'_>, session: &Session) -> Answer<Option<Simpler>> {
    let Some(stored) = store::newest_model(words.app.engine()).await? else { return Ok(None) };
    let [current, _] = stored.fitted.classes.by.figures();
    ranked(words, session, current).await
}

/// With those who came back, who does it most often first; nothing before somebody bought.
pub(crate) async fn returning(words: &Words<'_>, session: &Session) -> Answer<Option<Simpler>> {
    let stored = store::newest_model(words.app.engine()).await?;
    let Some(stored) = stored.filter(|stored| stored.overview.concentration.customers > 0) else {
        return Ok(None);
    };
    let fields = ["interval_days", "last_order_on", "orders"];
    let came_back = format!("{BUYERS} && interval_days != null");
    let table =
        customer_table::customers(words, session, (&came_back, "interval_days"), &fields, ROWS).await?;
    let title = words.t("value.simpler.returning", &[]);
    Ok(Some(Simpler { ranked: Some(Ranked { title, table }), ..counted(words, &stored) }))
}

/// With the customers of each stage, by the rule as it stands.
pub(super) fn staged(words: &Words<'_>, stored: &StoredModel) -> Simpler {
    let overview = &stored.overview;
    // Whoever has not bought is in no stage of a customer's life.
    let rows = STAGES[1..].iter().map(|stage| {
        let name = stage_name(*stage);
        let (label, colour) = words.choice("stage", name);
        let found = overview.stages.get(name).copied().unwrap_or_default();
        Stage {
            name: label,
            colour,
            href: href::sorted("account", &format!("{BUYERS} && stage == '{name}'"), "-net_sales"),
            customers: words.count(found.customers),
            net_sales: words.amount(found.net_sales),
        }
    });
    let customers = words.count(overview.concentration.customers);
    let staged = Staged {
        title: words.t("value.life.stages", &[("date", &words.date(stored.as_of))]),
        net_sales: Definition::new(words.label("net_sales"), words.help("net_sales")),
        source: json!({
            "href": href::sorted("account", BUYERS, "-net_sales"),
            "label": words.t("value.these_customers", &[("count", &customers)]),
        }),
        inputs: [Input { label: words.t("value.customers", &[]), value: customers }],
        rows: rows.collect(),
    };
    Simpler { staged: Some(staged), ..counted(words, stored) }
}

fn counted(words: &Words<'_>, stored: &StoredModel) -> Simpler {
    Simpler {
        as_of: words.date(stored.as_of),
        figures: overview::bought(words, stored),
        ranked: None,
        staged: None,
    }
}
