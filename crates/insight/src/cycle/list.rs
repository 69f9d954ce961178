//! `/value/cycles/list`: the cycles behind a number of the page of purchase cycles, a page at a time.

use super::{
    compute::{REPORT, Report, WEEKS},
    page::{rows, sample},
    store::{self, After, Which},
};
use crate::{
    kept::{self, Kept},
    pages::{scope, words::Words},
    settings::{date_of, day_number},
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use meta::{Id, NaiveDate};
use minijinja::context;
use serde::Deserialize;
use web::{Answer, App, Session};

pub(super) const PATH: &str = "/value/cycles";
const ROWS: usize = 50;

/// A number of the page, and so what is behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum List {
    Due,
    Regular,
    /// Whoever is expected within any of the weeks.
    Weeks,
    /// Whoever is expected in this one of them, the first being 0.
    Week(usize),
    /// Who is expected to buy this product within the weeks.
    Product(Id),
}

impl List {
    pub fn address(self) -> String {
        let of = match self {
            List::Due => "of=due".to_owned(),
            List::Regular => "of=regular".to_owned(),
            List::Weeks => "of=weeks".to_owned(),
            List::Week(week) => format!("week={week}"),
            List::Product(product) => format!("product={product}"),
        };
        format!("{PATH}/list?{of}")
    }

    /// The number; `None` if the page has none of it.
    fn total(self, report: &Report) -> Option<u64> {
        match self {
            List::Due => Some(report.due),
            List::Regular => Some(report.regular),
            List::Weeks => Some(report.weeks.iter().map(|week| week.purchases).sum()),
            List::Week(week) => report.weeks.get(week).map(|week| week.purchases),
            List::Product(product) => {
                report.demand.iter().find(|one| one.product == product).map(|one| one.purchases)
            }
        }
    }

    fn which(self, as_of: NaiveDate) -> Which {
        let week = |number: usize| date_of(day_number(as_of) + 7 * number as i32);
        let until = week(WEEKS);
        match self {
            List::Due => Which::Due,
            List::Regular => Which::Regular,
            List::Weeks => Which::Expected { product: None, from: None, until },
            // Whoever was expected before today is expected in the first.
            List::Week(number) => Which::Expected {
                product: None,
                from: (number > 0).then(|| week(number)),
                until: week(number + 1),
            },
            List::Product(product) => Which::Expected { product: Some(product), from: None, until },
        }
    }
}

#[derive(Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    of: String,
    week: Option<usize>,
    product: Option<Id>,
    #[serde(default)]
    after: String,
}

impl Asked {
    fn list(&self) -> Option<List> {
        match (self.of.as_str(), self.week, self.product) {
            ("due", ..) => Some(List::Due),
            ("regular", ..) => Some(List::Regular),
            ("weeks", ..) => Some(List::Weeks),
            (_, Some(week), _) => Some(List::Week(week)),
            (_, _, product) => product.map(List::Product),
        }
    }
}

pub async fn page(State(app): State<App>, session: Session, Query(asked): Query<Asked>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let engine = app.engine();
    let kept: Option<Kept<Report>> = kept::find(engine, REPORT).await?;
    let known = kept.as_ref().zip(asked.list());
    let Some((kept, list, total)) =
        known.and_then(|(kept, list)| Some((kept, list, list.total(&kept.body)?)))
    else {
        // It says what there is.
        return Ok(Redirect::to(PATH).into_response());
    };
    let words = Words { app: &app, lang: session.lang, format: session.format(), currency: String::new() };
    let (report, after) = (&kept.body, After::read(&asked.after));
    let which = list.which(kept.as_of);
    let mut found = store::list(engine, report.run, which, after.as_ref(), ROWS as u64 + 1).await?;
    let more = found.len() > ROWS;
    found.truncate(ROWS);
    let next = found.last().filter(|_| more).map(|last| After::of(last).written());
    let rows = rows(&words, &session, &found).await?;
    let address = list.address();
    app.saw_many(&session, "account", rows.len(), &[("list", &address)]);
    let gone = (found.len() - rows.len()) as u64;
    let context = context! {
        title => title(&words, &session, list, report).await?,
        as_of => words.date(kept.as_of),
        made_at => words.format.instant(kept.made_at),
        total => words.count(total),
        inputs => sample(&words, report),
        back => PATH,
        gone => (gone > 0).then(|| words.count(gone)),
        first_href => after.is_some().then(|| address.clone()),
        next_href => next.map(|next| format!("{address}&after={next}")),
        rows,
    };
    app.page(&session, "insight/cycle_list.html", context).map(IntoResponse::into_response)
}

async fn title(words: &Words<'_>, session: &Session, list: List, report: &Report) -> Answer<String> {
    let weeks = words.count(WEEKS as u64);
    Ok(match list {
        List::Due => words.t("cycle.due_now", &[]),
        List::Regular => words.t("cycle.regular", &[]),
        List::Weeks => words.t("cycle.expected_in_weeks", &[("weeks", &weeks)]),
        List::Week(week) => {
            let from = report.weeks.get(week).map(|week| words.date(week.from_on)).unwrap_or_default();
            words.t("cycle.expected_in_week", &[("from", &from)])
        }
        List::Product(product) => {
            let titles = words.app.engine().titles(&session.actor, &[("product", product)]).await?;
            let name = titles.get(&product).cloned().unwrap_or_default();
            words.t("cycle.expected_of", &[("product", &name), ("weeks", &weeks)])
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_which_list_it_is() {
        let product = Id::from_u128(5);
        let asked = |of: &str, week, product| Asked { of: of.to_owned(), week, product, ..Asked::default() };
        for (list, asked) in [
            (List::Due, asked("due", None, None)),
            (List::Regular, asked("regular", None, None)),
            (List::Weeks, asked("weeks", None, None)),
            (List::Week(3), asked("", Some(3), None)),
            (List::Product(product), asked("", None, Some(product))),
        ] {
            assert_eq!(asked.list(), Some(list), "{}", list.address());
        }
        assert_eq!(Asked::default().list(), None);
        let day = |text: &str| text.parse::<NaiveDate>().unwrap_or_default();
        let expected = |from: Option<&str>, until: &str| Which::Expected {
            product: None,
            from: from.map(day),
            until: day(until),
        };
        let as_of = day("2026-11-21");
        assert_eq!(List::Week(0).which(as_of), expected(None, "2026-11-28"));
        assert_eq!(List::Week(2).which(as_of), expected(Some("2026-12-05"), "2026-12-12"));
        assert_eq!(List::Weeks.which(as_of), expected(None, "2027-01-16"));
    }
}
