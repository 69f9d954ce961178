//! Who had bought in the equally long time before a period, and who of them bought again in it: kept with the share, so that the list
//! has as many customers as the share is of. `/value/benefit/retention?period=before|after`.

use super::measure::{Measured, PERIODS, REPORT, Report};
use crate::{
    customer_lists::CustomerLists,
    kept::{self, Kept},
    paged::After,
    pages::{behind::Behind, customer_table::Column, scope, words::Words},
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::Error;
use meta::{Id, Problem};
use serde::Deserialize;
use std::cmp::Reverse;
use value::proportion::share;
use web::{Answer, App, Session};

pub(crate) const KEPT: CustomerLists = CustomerLists("value_benefit_list");
/// In the order of the periods.
pub(super) const NAMES: [&str; PERIODS] = ["before", "after"];
const COLUMNS: [&str; 5] = ["city", "importance", "last_order_on", "net_sales", "owner"];

/// Those who had bought before a period.
#[derive(Debug, Default)]
pub(super) struct Cohort {
    /// Who bought again, and for how much.
    again: Vec<(i64, Id)>,
    others: Vec<Id>,
}

impl Cohort {
    /// `sales` of the period; `None` without a purchase in it.
    pub fn add(&mut self, customer: Id, sales: Option<i64>) {
        match sales {
            Some(sales) => self.again.push((sales, customer)),
            None => self.others.push(customer),
        }
    }

    pub fn tell(&self, found: &mut Measured) {
        let [again, others] = [self.again.len(), self.others.len()].map(|customers| customers as u64);
        found.retention = share(again, again + others);
        found.bought_again = again;
    }

    /// Who bought again first, the largest sales before others.
    fn in_order(mut self) -> Vec<Id> {
        self.again.sort_unstable_by_key(|(sales, customer)| (Reverse(*sales), *customer));
        self.others.sort_unstable();
        self.again.into_iter().map(|(_, customer)| customer).chain(self.others).collect()
    }
}

/// Each under the name of its period, as [`KEPT`] takes them.
pub(super) fn lists(cohorts: [Cohort; PERIODS]) -> Vec<(String, Vec<Id>)> {
    let named = NAMES.into_iter().zip(cohorts);
    named.map(|(name, cohort)| (name.to_owned(), cohort.in_order())).collect()
}

pub(super) fn address(name: &str) -> String {
    format!("/value/benefit/retention?period={name}")
}

#[derive(Deserialize)]
pub(super) struct Of {
    #[serde(default)]
    period: String,
    #[serde(default)]
    after: String,
}

pub(super) async fn page(State(app): State<App>, session: Session, Query(of): Query<Of>) -> Answer<Response> {
    scope::whole_company(&session)?;
    // Where the periods are, or why there are none.
    let periods = || Ok(Redirect::to("/value/benefit").into_response());
    if of.period.is_empty() {
        return periods();
    }
    let place = NAMES.iter().position(|name| *name == of.period).ok_or_else(|| {
        let allowed = NAMES.map(str::to_owned).to_vec();
        Error::invalid("period", Problem::NotAChoice { given: of.period.clone(), allowed })
    })?;
    let engine = app.engine();
    let kept: Option<Kept<Report>> = kept::find(engine, REPORT).await?;
    let Some(kept) = kept else { return periods() };
    let report = &kept.body;
    let (period, found) = [(report.base, &report.before), (report.latest, &report.after)][place];
    let words = Words {
        app: &app,
        lang: session.lang,
        format: session.format(),
        currency: engine.company_currency().await?,
    };
    let total = found.retention.map_or(0, |retention| retention.cases);
    let again = found.bought_again;
    let page = KEPT.page(engine, NAMES[place], After::read(&of.after)?).await?;
    let bought: Vec<String> = (page.before as u64..)
        .take(page.rows.len())
        .map(|at| words.t(if at < again { "common.yes" } else { "common.no" }, &[]))
        .collect();
    let [when, earlier] = [period, period.before()].map(|period| period.told(&words));
    let (at, as_of) = (words.format.instant(kept.made_at), words.date(kept.as_of));
    let counts = [words.count(total), words.count(again), words.count(total - again)];
    let behind = Behind {
        title: words.t("benefit.cohort", &[("earlier", &earlier)]),
        help: words.t(
            "benefit.cohort_help",
            &[
                ("all", &counts[0]),
                ("earlier", &earlier),
                ("again", &counts[1]),
                ("period", &when),
                ("others", &counts[2]),
            ],
        ),
        foot: words.t("benefit.cohort_measured", &[("at", &at), ("as_of", &as_of)]),
        back: ("/value/benefit".to_owned(), words.t("benefit.title", &[])),
        columns: &COLUMNS,
        told: Some((
            Column::new(
                words.t("benefit.bought_again", &[]),
                false,
                words.meaning("benefit.bought_again.is", &[("period", &when)]),
            ),
            bought,
        )),
        page,
        total: total as usize,
    };
    behind.show(&words, &session, &address(NAMES[place])).await
}
