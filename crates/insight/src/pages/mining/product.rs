//! `/analysis/product/{id}`: what goes with a product and who will buy it, with the reasons and how well that was foreseen.

use super::{
    Words, both, left_out,
    likely::{self, address},
    missing, product_href, products, scope, words,
};
use crate::{
    mining::{
        counted,
        propensity::{
            self, Found,
            likely::{Asked, Likely},
        },
        recommend,
    },
    pages::{
        customer_table::among,
        figure::{Explain, Figure, Input},
        href,
    },
    settings::Settings,
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::{Action, Engine};
use meta::{Id, NaiveDate};
use minijinja::context;
use mining::propensity::{Candidate, Method, measures::Measures};
use serde_json::{Value as Json, json};
use value::proportion::Z_95;
use web::{Answer, App, Flash, Session};

/// Reasons told of the model.
const WEIGHTS: usize = 10;

pub async fn page(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    let engine = app.engine();
    scope::every_record(&session, engine.registry())?;
    let words = words(&app, &session).await?;
    let product = engine.get(&session.actor, "product", id).await?;
    let kept = propensity::load(engine, id).await?;
    let goes_with = goes_with(&words, engine, &session, id).await?;
    let recommended = recommend::load(engine).await?;
    let goes_with_as_of = recommended.as_ref().map(|kept| words.date(kept.as_of));
    let shown = match kept.as_ref().map(|kept| (&kept.body, kept.as_of)) {
        None => context! { state => "nothing" },
        Some((Err(reason), as_of)) => {
            let of_it = web::encode(&format!("product == '{id}'"));
            context! {
                state => "missing",
                missing => missing(&words, *reason),
                simpler => simpler(&words, id, as_of).await?,
                counted_href => format!("/analysis/explore?m=customers&m=orders&r=day%3Aquarter&filter={of_it}"),
            }
        }
        Some((Ok(found), as_of)) => {
            let (day, as_of) = (as_of, words.date(as_of));
            let settings = Settings::load(engine).await?;
            let days = href::Days { settings: &settings, after: propensity::before(day), until: day };
            let lines = days.order_lines(&href::and("product", &found.like.unwrap_or(id).to_string()));
            let like = match found.like {
                Some(like) => products(engine, &session, [like]).await?.remove(&like),
                None => None,
            };
            let asked = Asked { best: usize::MAX, after: None, limit: likely::ROWS };
            let (first, _) = propensity::likely::likely(engine, id, found, asked).await?;
            let rows = likely::rows(&words, &session, (id, day), &first, Action::Read).await?;
            app.saw_many(&session, "account", rows.len(), &[("product", &id.to_string())]);
            context! {
                state => "found",
                like_href => found.like.map(product_href),
                like,
                figures => headline(&words, id, found, &as_of, lines),
                told => words.count(found.customers as u64),
                likely => rows,
                everybody_href => address(id, None),
                weights => weights(&words, &session, found),
                list_href => list(&first),
                tested => tested(&words, found),
                by_method => context! { href => "#tried", label => words.t("mining.tried_title", &[]) },
                tried => tried(&words, found),
                calibration => calibration(&words, found),
                as_of,
            }
        }
    };
    let common = context! {
        name => product.text("name"),
        product_href => format!("/product/{id}"),
        compute_href => product_href(id),
        rules_href => format!("/analysis/baskets?product={id}"),
        goes_with,
        goes_with_as_of,
        left_out => recommended.and_then(|kept| left_out(&words, &kept.body)),
        working => propensity::in_progress(engine, id).await?,
    };
    app.page(&session, "insight/mining_product.html", context! { ..shown, ..common })
        .map(IntoResponse::into_response)
}

/// Asks for the computation.
pub async fn compute(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    scope::every_record(&session, app.engine().registry())?;
    app.engine().get(&session.actor, "product", id).await?;
    propensity::queue(app.engine(), id).await?;
    let text = app.t(session.lang, "mining.queued", &[]);
    Ok(Flash::success(text).on(Redirect::to(&product_href(id)).into_response()))
}

async fn goes_with(words: &Words<'_>, engine: &Engine, session: &Session, id: Id) -> Answer<Vec<Json>> {
    let kept = recommend::load(engine).await?;
    let Some(found) = kept.as_ref().and_then(|kept| kept.body.goes_with.iter().find(|one| one.product == id))
    else {
        return Ok(vec![]);
    };
    let names = products(engine, session, found.near.iter().map(|(product, _, _)| *product)).await?;
    let opens = scope::sees_the_company(&session.actor);
    let row = |(product, many, similarity): &(Id, u32, f64)| {
        let share = words.share_between(u64::from(*many), u64::from(found.customers));
        Some(json!({
            "name": names.get(product)?, "href": product_href(*product),
            "both": words.count(u64::from(*many)), "both_href": opens.then(|| both::address(id, *product)), "share": share, "similarity": words.fixed(*similarity, 3),
        }))
    };
    Ok(found.near.iter().filter_map(row).collect())
}

/// How many bought it so far, where there is too little to say who will.
async fn simpler(words: &Words<'_>, id: Id, day: NaiveDate) -> Answer<Vec<Figure>> {
    let engine = words.app.engine();
    let after = propensity::before(day);
    let Some(counted) = counted::bought(engine, id, (after, day)).await? else { return Ok(vec![]) };
    let settings = Settings::load(engine).await?;
    let days = href::Days { settings: &settings, after, until: day };
    let lines = days.order_lines(&href::and("product", &id.to_string()));
    let explain = |key: &str| {
        let explain = Explain::new(words.meaning(key, &[]), words.date(day));
        explain.source(lines.clone(), words.t("mining.its_lines", &[]))
    };
    Ok(vec![
        Figure::new(
            words.t("mining.buyers", &[]),
            words.count(counted.customers),
            explain("mining.buyers_help"),
        ),
        Figure::new(
            words.t("mining.orders_of_it", &[]),
            words.count(counted.orders),
            explain("mining.orders_of_it_help"),
        ),
    ])
}

pub(super) fn tested(words: &Words<'_>, found: &Found) -> [Input; 2] {
    let input =
        |key: &str, number: usize| Input { label: words.t(key, &[]), value: words.count(number as u64) };
    [
        input("mining.learned_from", found.backtest.learned_from),
        input("mining.tested_on", found.backtest.tested_on),
    ]
}

/// With the half-width of its 95 % interval.
fn auc(words: &Words<'_>, measures: &Measures) -> String {
    let (number, error) = (words.fixed(measures.auc, 3), words.fixed(Z_95 * measures.auc_error, 3));
    words.t("mining.plus_minus", &[("number", &number), ("error", &error)])
}

fn headline(words: &Words<'_>, id: Id, found: &Found, as_of: &str, lines: String) -> Vec<Figure> {
    let source = |explain: Explain| explain.source(address(id, None), words.t("mining.everybody", &[]));
    let tried = |explain: Explain| explain.source("#tried".to_owned(), words.t("mining.tried_title", &[]));
    let test = &found.backtest;
    let explain = |key: &str| Explain::new(words.meaning(key, &[]), as_of);
    let best = test.tried.iter().find(|tried| tried.what == test.best).map(|tried| &tried.measures);
    let percent = |share: f64| words.percent(share);
    let expected = explain("mining.expected_help")
        .input(words.t("mining.base_rate", &[]), percent(test.rate))
        .inputs(tested(words, found));
    let method = candidate(words, test.best);
    let auc_explained = explain("mining.auc_help").inputs(tested(words, found));
    let lift =
        best.map(|best| words.t("mining.times", &[("times", &words.fixed(best.lift_of_best_tenth, 1))]));
    vec![
        Figure::new(
            words.t("mining.buyers", &[]),
            words.count(found.buyers as u64),
            explain("mining.buyers_help").source(lines, words.t("mining.its_lines", &[])),
        )
        .note(Some(words.t("mining.of_customers", &[("count", &words.count(found.customers as u64))]))),
        Figure::new(words.t("mining.expected", &[]), likely::expected(words, found), source(expected)),
        Figure::new(
            words.t("mining.auc", &[]),
            best.map(|best| auc(words, best)).unwrap_or_default(),
            tried(auc_explained),
        )
        .note(Some(method)),
        Figure::new(
            words.t("mining.best_tenth", &[]),
            lift.unwrap_or_default(),
            tried(explain("mining.best_tenth_help").inputs(tested(words, found))),
        ),
    ]
}

/// What the model goes by, as far as the reader may know it, the strongest at the top of the bars.
fn weights(words: &Words<'_>, session: &Session, found: &Found) -> Option<Json> {
    let seen = session.actor.view(words.registry().entity("account").ok()?);
    let all: f64 = found.weights.iter().map(|(_, weight)| weight).sum();
    let bars = found.weights.iter().take(WEIGHTS).filter_map(|(reason, weight)| {
        let label = match likely::field(seen, reason).ok()? {
            Some(field) => field.label.get(words.lang).to_owned(),
            None => words.t(&format!("mining.reason.{reason}"), &[]),
        };
        Some(json!({ "label": label, "value": weight / all, "text": words.percent(weight / all) }))
    });
    let bars: Vec<Json> = bars.collect();
    (!bars.is_empty()).then(|| json!({ "unit": "percent", "bars": bars }))
}

/// The likeliest customers as a list to act on.
fn list(first: &[Likely]) -> String {
    let ids: Vec<Id> = first.iter().map(|one| one.account).collect();
    href::list("account", &among(&ids))
}

/// A method, and whether it knows who customers are.
pub(super) fn candidate(words: &Words<'_>, what: Candidate) -> String {
    let method = words.t(&format!("mining.method.{}", what.method.name()), &[]);
    match what {
        Candidate { method: Method::BaseRate, .. } => method,
        Candidate { traits: true, .. } => words.t("mining.method.with_traits", &[("method", &method)]),
        Candidate { traits: false, .. } => words.t("mining.method.without_traits", &[("method", &method)]),
    }
}

fn tried(words: &Words<'_>, found: &Found) -> Vec<Json> {
    let row = |tried: &mining::propensity::backtest::Tried| {
        json!({
            "name": candidate(words, tried.what),
            "auc": auc(words, &tried.measures), "brier": words.fixed(tried.measures.brier, 4),
            "lift": words.fixed(tried.measures.lift_of_best_tenth, 2), "best": tried.what == found.backtest.best,
        })
    };
    found.backtest.tried.iter().map(row).collect()
}

fn calibration(words: &Words<'_>, found: &Found) -> Json {
    let best = found.backtest.tried.iter().find(|tried| tried.what == found.backtest.best);
    let parts = best.map(|tried| tried.measures.calibration.as_slice()).unwrap_or_default();
    let name = |at: usize| words.t("mining.tenth", &[("number", &words.count(at as u64 + 1))]);
    json!({
        "categories": (0..parts.len()).map(name).collect::<Vec<_>>(),
        "series": [
            { "name": words.t("mining.predicted", &[]), "values": parts.iter().map(|part| part.predicted).collect::<Vec<_>>() },
            { "name": words.t("mining.happened", &[]), "values": parts.iter().map(|part| part.happened).collect::<Vec<_>>() },
        ],
        "unit": "percent",
    })
}
