//! What came of an experiment, on its page.

use super::{
    Words, plan, scope,
    sides::{self, Side},
    uplift, words,
};
use crate::{
    mining::{
        experiment::{
            ENTITY, candidates,
            result::{self, Found, Within},
        },
        group_names::Names,
    },
    pages::figure::{Explain, Figure, Input},
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use engine::{Action, BoxFuture};
use meta::{Id, Record};
use minijinja::context;
use mining::effect::{
    Effect, SIGNIFICANCE,
    heterogeneity::{self, Heterogeneity},
    returns::{self, Between, Cost},
};
use serde_json::{Value as Json, json};
use web::{Answer, App, Flash, Session};

pub fn render(app: App, session: Session, record: Record) -> BoxFuture<'static, Answer<Option<String>>> {
    Box::pin(async move {
        if scope::sees_the_company(&session.actor) {
            return panel(&app, &session, &record).await.map(Some);
        }
        lists_alone(&app, &session, &record).await
    })
}

/// Who may not see the company's figures still has to know whom of his customers the campaign may reach.
async fn lists_alone(app: &App, session: &Session, record: &Record) -> Answer<Option<String>> {
    let known = session.actor.has("account", Action::Read);
    if !known || result::load(app.engine(), record.id).await?.is_none() {
        return Ok(None);
    }
    let words = words(app, session).await?;
    let context = context! { lists_alone => true, sides => sides::ways(&words, record.id) };
    app.render(session, "insight/mining_experiment.html", context).map(Some)
}

/// Draws the customers the first time, and compares.
pub async fn compute(State(app): State<App>, session: Session, Path(id): Path<Id>) -> Answer<Response> {
    scope::whole_company(&session)?;
    let experiment = app.engine().get(&session.actor, ENTITY, id).await?;
    if result::load(app.engine(), id).await?.is_none() {
        candidates::foreseen(app.engine(), &experiment).await?;
    }
    result::queue(app.engine(), id).await?;
    let text = app.t(session.lang, "mining.queued", &[]);
    Ok(Flash::success(text).on(Redirect::to(&format!("/{ENTITY}/{id}")).into_response()))
}

async fn panel(app: &App, session: &Session, record: &Record) -> Answer<String> {
    let words = words(app, session).await?;
    let kept = result::load(app.engine(), record.id).await?;
    let shown = match &kept {
        None => context! {
            found => false,
            late => plan::late(&words, record).await?,
            plan => plan::section(&words, record).await?,
        },
        Some(kept) => {
            let found = &kept.body;
            let as_of = words.date(kept.as_of);
            let by_sales = result::by_sales(record);
            let effect = found.effect(by_sales);
            context! {
                found => true,
                running => !found.ended,
                verdict => verdict(&words, &effect, (record, found)),
                late => found.drawn_late().then(|| late(&words, found)),
                left_out => (found.left_out > 0)
                    .then(|| words.t("mining.not_addressed", &[("count", &words.count(found.left_out))])),
                tone => effect.verdict.name(),
                figures => figures(&words, (record, found), by_sales, &as_of),
                sides => sides::ways(&words, record.id),
                returns => returns(&words, (record, found), by_sales, &as_of),
                power => plan::power(&words, (record, found), by_sales, &as_of),
                parts => parts(&words, (record, found), &Names::load(app.engine()).await?),
                as_of,
            }
        }
    };
    let context = context! {
        lists_alone => false,
        uplift => uplift::section(&words, session, record).await?,
        compute_href => format!("/analysis/experiment/{}", record.id),
        working => result::in_progress(app.engine(), record.id).await?,
        ..shown
    };
    app.render(session, "insight/mining_experiment.html", context)
}

fn verdict(words: &Words<'_>, effect: &Effect, (experiment, found): (&Record, &Found)) -> String {
    let until = words.date(found.until);
    let day = words.date(result::told_from(experiment));
    let key = format!("mining.verdict.{}", effect.verdict.name());
    let said = words.t(&key, &[("until", &until), ("day", &day)]);
    if !found.ended {
        return said;
    }
    format!("{said} {}", words.t("mining.verdict.ended", &[("until", &until)]))
}

fn late(words: &Words<'_>, found: &Found) -> String {
    let drawn = found.drawn_on.map(|day| words.date(day)).unwrap_or_default();
    words.t("mining.drawn_late", &[("drawn", &drawn), ("from", &words.date(found.from))])
}

fn figures(
    words: &Words<'_>,
    (experiment, found): (&Record, &Found),
    by_sales: bool,
    as_of: &str,
) -> Vec<Figure> {
    let effect = found.effect(by_sales);
    let shown = |value: f64| if by_sales { words.units(value) } else { words.percent(value) };
    let sample =
        |side: Side, customers: u64| Input { label: side.title(words), value: words.count(customers) };
    let of_side = |key: &str, side: Side| {
        Explain::new(words.meaning(key, &[]), as_of)
            .source(side.href(experiment.id, None), side.title(words))
            .inputs([sample(Side::Reached, found.treated), sample(Side::LeftAlone, found.control)])
    };
    let explain = |key: &str| of_side(key, Side::Reached);
    let side = |key: &str, side: Side, customers: u64, value: f64| {
        let explain = of_side("mining.side_help", side);
        Figure::new(words.t(key, &[]), shown(value), explain)
            .note(Some(words.t("mining.of_customers", &[("count", &words.count(customers))])))
    };
    let between = interval(words, shown(effect.lower), shown(effect.upper));
    let help = if by_sales { "mining.difference_sales_help" } else { "mining.difference_help" };
    let relative = match (effect.uplift(), effect.relative) {
        (Some(_), Some([lower, upper])) => Some(interval(words, words.percent(lower), words.percent(upper))),
        (Some(_), None) => Some(words.t("mining.uplift_open", &[])),
        (None, _) => None,
    };
    let uplift = effect.uplift().map(|uplift| words.percent(uplift)).unwrap_or_default();
    vec![
        side("mining.treated", Side::Reached, found.treated, effect.treated),
        side("mining.control", Side::LeftAlone, found.control, effect.control),
        Figure::new(
            words.t("mining.difference", &[]),
            shown(effect.difference),
            explain(help).input("p", words.fixed(effect.p_value, 4)),
        )
        .note(Some(between)),
        Figure::new(words.t("mining.uplift", &[]), uplift, explain("mining.uplift_help")).note(relative),
    ]
}

fn interval(words: &Words<'_>, lower: String, upper: String) -> String {
    let level = words.whole_percent(1.0 - SIGNIFICANCE);
    words.t("mining.interval", &[("level", &level), ("lower", &lower), ("upper", &upper)])
}

/// What the campaign earned on what it cost; or why that is not told.
fn returns(
    words: &Words<'_>,
    (experiment, found): (&Record, &Found),
    by_sales: bool,
    as_of: &str,
) -> minijinja::Value {
    let untold = |key: &str, args: &[(&str, &str)]| context! { figures => false, text => words.t(key, args) };
    if !found.ended {
        let day = words.date(result::told_from(experiment));
        return untold("mining.return.running", &[("day", &day)]);
    }
    let Some(money) = found.money else { return untold("mining.return.again", &[]) };
    if !by_sales && !found.bought().verdict.is_claim() {
        return untold("mining.return.not_proven", &[]);
    }
    let sales = found.sales();
    // Whether a contact pays rests on what is sold, whatever the effect was measured by first.
    let cost = Cost { contact: money.cost, fixed: money.fixed };
    let Some(earned) = returns::of(&sales, money.margin.unwrap_or_default(), found.treated, cost) else {
        let between = interval(words, words.units(sales.lower), words.units(sales.upper));
        let difference = words.units(sales.difference);
        let key = if by_sales { "mining.return.not_proven" } else { "mining.return.sales_not_proven" };
        return untold(key, &[("difference", &difference), ("interval", &between)]);
    };
    let Some(margin) = money.margin else { return untold("mining.return.no_margin", &[]) };
    let explain = |key: &str| {
        let explain = Explain::new(words.meaning(&format!("mining.{key}_help"), &[]), as_of)
            .input(words.t("mining.sides.reached", &[]), words.count(found.treated));
        explain.source(Side::Reached.href(experiment.id, None), Side::Reached.title(words))
    };
    let figure = |key: &str, value: String, explain: Explain| {
        Figure::new(words.t(&format!("mining.{key}"), &[]), value, explain)
    };
    let note = |between: &Between, shown: &dyn Fn(f64) -> String| {
        Some(interval(words, shown(between.lower), shown(between.upper)))
    };
    let units = |value: f64| words.units(value);
    let percent = |value: f64| words.percent(value);
    let (contacts, fixed) = (units(earned.contacts), units(money.fixed));
    let extra = explain("extra")
        .formula("d · m · n")
        .input(words.t("mining.sales_difference", &[]), words.units(sales.difference))
        .input(words.t("mining.margin_rate", &[]), words.percent(margin));
    let spend = explain("spend")
        .formula("c · n + F")
        .input(words.t("mining.contact", &[]), units(money.cost))
        .input(words.t("mining.contacts_cost", &[]), &*contacts)
        .input(words.t("mining.fixed_cost", &[]), &*fixed);
    let spent_on = words.t("mining.spend_parts", &[("contacts", &contacts), ("fixed", &fixed)]);
    let rate = explain("return")
        .formula("(d · m · n − (c · n + F)) / (c · n + F)")
        .input(words.t("mining.extra", &[]), units(earned.extra.at))
        .input(words.t("mining.spend", &[]), units(earned.cost));
    let (rate_value, rate_note) = match &earned.rate {
        Some(rate) => (percent(rate.at), note(rate, &percent)),
        None => (String::new(), Some(words.t("mining.return.free", &[]))),
    };
    let figures = vec![
        figure("extra", units(earned.extra.at), extra).note(note(&earned.extra, &units)),
        figure("spend", units(earned.cost), spend).note(Some(spent_on)),
        figure("return", rate_value, rate).note(rate_note),
    ];
    context! { figures }
}

/// Whether it differs between customer groups, and between regions, or why that is not told; nothing while it runs.
fn parts(words: &Words<'_>, of: (&Record, &Found), names: &Names) -> Vec<Json> {
    let found = of.1;
    if !found.ended {
        return vec![];
    }
    let group = |number: &str| number.parse().ok().map(Within::Group);
    let region = |region: &str| Some(Within::Region(region.to_owned()));
    vec![
        apart(words, of, names, ("group", found.by_group.as_ref()), group),
        apart(words, of, names, ("region", heterogeneity::test(&found.regions).as_ref()), region),
    ]
}

/// By `group` or `region`; `within` is the part of a name.
fn apart(
    words: &Words<'_>,
    (experiment, found): (&Record, &Found),
    names: &Names,
    (by, tested): (&str, Option<&Heterogeneity>),
    within: impl Fn(&str) -> Option<Within>,
) -> Json {
    let (id, first) = (format!("effect-by-{by}"), words.t(&format!("mining.{by}"), &[]));
    let say = |what: &str, args: &[(&str, &str)]| words.t(&format!("mining.by_{by}.{what}"), args);
    let Some(parts) = tested else {
        let why = match found.drawn_on {
            None => "unknown",
            Some(_) if found.drawn_late() => "late",
            Some(_) => "few",
        };
        return json!({ "id": id, "first": first, "text": say(why, &[]), "rows": [] });
    };
    let p = words.fixed(parts.p_value, 3);
    let text = say(if parts.real { "differ" } else { "alike" }, &[("p", &p)]);
    let by_sales = result::by_sales(experiment);
    let shown = |value: f64| if by_sales { words.units(value) } else { words.percent(value) };
    let row = |(part, effect): &(String, Effect)| {
        let within = within(part)?;
        let side = |side: Side, value: f64| {
            let customers = words.count(side.drawn(found, Some(&within))?);
            // The members as they were drawn: who is in the group or region today may be somebody else.
            Some(json!({
                "value": shown(value), "href": side.href(experiment.id, Some(&within)),
                "customers": words.t("mining.of_customers", &[("count", &customers)]),
            }))
        };
        Some(json!({
            "name": sides::called(words, names, &within),
            "treated": side(Side::Reached, effect.treated)?,
            "control": side(Side::LeftAlone, effect.control)?,
            "difference": shown(effect.difference),
            "interval": format!("{} – {}", shown(effect.lower), shown(effect.upper)),
        }))
    };
    // Where the effect is the same for all, a table by part would only invite to read noise.
    let rows: Vec<Json> = if parts.real { parts.parts.iter().filter_map(row).collect() } else { vec![] };
    let compared = |side: Side| -> u64 {
        parts.parts.iter().filter_map(|(part, _)| side.drawn(found, Some(&within(part)?))).sum()
    };
    let input = |side: Side| Input { label: side.title(words), value: words.count(compared(side)) };
    let inputs = [
        input(Side::Reached),
        input(Side::LeftAlone),
        Input { label: words.t("mining.cochran_q", &[]), value: words.fixed(parts.q, 2) },
        Input { label: "p".to_owned(), value: p.clone() },
    ];
    json!({ "id": id, "first": first, "text": text, "rows": rows, "inputs": inputs })
}
