//! `/value/matrix/customers`: who stands in a quadrant, stood in it a year ago, moved from it to another, or came since.

use super::{behind::Behind, scope, words::Words};
use crate::{
    paged::After,
    past::{
        self,
        lists::{self, List},
        matrix::{Matrix, QUADRANTS},
    },
    settings::date_of,
};
use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::Error;
use serde::Deserialize;
use web::{Answer, App, Session};

const PATH: &str = "/value/matrix";
#[derive(Default, Deserialize)]
pub struct Of {
    /// Names of [`QUADRANTS`]: then and now. Without either, those who came since.
    #[serde(default)]
    was: String,
    #[serde(default)]
    is: String,
    #[serde(default)]
    after: String,
}

/// The address of a list, without its page.
pub(super) fn address(list: List) -> String {
    match list {
        List::Stood(was) => format!("{PATH}/customers?was={}", QUADRANTS[was]),
        List::Moved(was, is) => format!("{PATH}/customers?was={}&is={}", QUADRANTS[was], QUADRANTS[is]),
        List::New => format!("{PATH}/customers?was="),
        List::Stands(is) => format!("{PATH}/customers?was=&is={}", QUADRANTS[is]),
    }
}

impl Of {
    fn list(&self) -> Option<List> {
        let place = |wanted: &str| QUADRANTS.iter().position(|name| *name == wanted);
        Some(match (self.was.as_str(), self.is.as_str()) {
            ("", "") => List::New,
            ("", is) => List::Stands(place(is)?),
            (was, "") => List::Stood(place(was)?),
            (was, is) => List::Moved(place(was)?, place(is)?),
        })
    }
}

pub async fn page(State(app): State<App>, session: Session, Query(of): Query<Of>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let engine = app.engine();
    let list = of.list().ok_or_else(|| Error::NotFound("the quadrant".to_owned()))?;
    let known = past::newest(engine).await?;
    let Some((past, matrix)) = known.as_deref().and_then(|past| Some((past, past.matrix.fitted()?))) else {
        // It says why there is none.
        return Ok(Redirect::to(PATH).into_response());
    };
    let words = Words {
        app: &app,
        lang: session.lang,
        format: session.format(),
        currency: engine.company_currency().await?,
    };
    let [current, potential] = matrix.by.figures();
    let total = number(matrix, list) as usize;
    let (as_of, at) = (words.date(past.as_of), words.format.instant(past.made_at));
    let customers = words.count(past.customers);
    let behind = Behind {
        title: title(&words, matrix, list),
        help: words.t("value.matrix.customers_help", &[]),
        foot: words.t("value.past.made", &[("as_of", &as_of), ("at", &at), ("customers", &customers)]),
        back: (PATH.to_owned(), words.t("value.matrix", &[])),
        columns: &["value_quadrant", "last_order_on", current, potential, "net_sales"],
        told: None,
        page: lists::page(engine, list, After::read(&of.after)?).await?,
        total,
    };
    behind.show(&words, &session, &address(list)).await
}

/// How many customers a list has.
fn number(matrix: &Matrix, list: List) -> u64 {
    match list {
        List::Stood(was) => matrix.then[was].customers,
        List::Moved(was, is) => matrix.moves[was][is],
        List::New => matrix.new_customers,
        List::Stands(is) => matrix.now[is].customers,
    }
}

fn title(words: &Words<'_>, matrix: &Matrix, list: List) -> String {
    let [then, now] = [matrix.then_day, matrix.now_day].map(|day| words.date(date_of(day)));
    let name = |at: usize| words.choice("value_quadrant", QUADRANTS[at]).0;
    match list {
        List::Stood(was) => words.t("value.matrix.stood", &[("was", &name(was)), ("then", &then)]),
        List::Moved(was, is) => words.t(
            "value.matrix.customers_moved",
            &[("was", &name(was)), ("is", &name(is)), ("then", &then), ("now", &now)],
        ),
        List::New => words.t("value.matrix.came", &[("then", &then)]),
        List::Stands(is) => words.t("value.matrix.stood", &[("was", &name(is)), ("then", &now)]),
    }
}
