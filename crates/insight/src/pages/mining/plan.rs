//! How large an effect the customers of an experiment can show: before they are drawn by the share left alone, later of those drawn.

use super::{Words, sides::Side};
use crate::{
    mining::experiment::{
        POPULATION, candidates, members,
        plan::{self, Before},
        result::{self, Found},
    },
    pages::{
        figure::{Explain, Finding, Input},
        href,
    },
    settings::Settings,
};
use engine::{Actor, Error};
use meta::Record;
use serde_json::{Value as Json, json};
use web::Answer;

/// Shares left alone to choose from, beside the experiment's own.
const SHARES: [f64; 4] = [0.1, 0.2, 0.3, 0.5];

/// What the template shows of an experiment nobody is drawn for; `None` until it is computed.
pub(super) async fn section(words: &Words<'_>, experiment: &Record) -> Answer<Option<Json>> {
    let Some(kept) = plan::load(words.app.engine(), experiment.id).await? else { return Ok(None) };
    let (before, as_of) = (&kept.body, words.date(kept.as_of));
    let nothing = |text: String| Ok(Some(json!({ "finding": null, "text": text, "rows": null })));
    let likely = match candidates::foreseen(words.app.engine(), experiment).await {
        Err(Error::Invalid(problems)) => {
            return nothing(problems.iter().map(|found| found.problem.message(words.lang)).collect());
        }
        likely => likely?,
    };
    if before.customers == 0 {
        return nothing(words.t("mining.plan.nobody", &[]));
    }
    let (product, foreseen) = match &likely {
        None => Default::default(),
        Some(likely) => {
            let product = words.app.engine().get(&Actor::system(), "product", likely.product).await?;
            (product.text("name").to_owned(), words.date(likely.as_of))
        }
    };
    let text = words.t(
        if likely.is_some() { "mining.plan.of_likely" } else { "mining.plan.of" },
        &[
            ("product", &product),
            ("foreseen", &foreseen),
            ("customers", &words.count(before.customers)),
            ("as_of", &as_of),
            ("from", &words.date(before.from)),
            ("until", &words.date(before.until)),
            ("bought", &words.percent(before.bought)),
            ("sales", &words.units(before.sales)),
            ("deviation", &words.units(before.deviation)),
        ],
    );
    let (customers, named) = match (&likely, experiment.text(POPULATION).trim()) {
        (Some(likely), _) => (super::likely::address(likely.product, None), "mining.plan.likely"),
        (None, "") => ("/account".to_owned(), "mining.plan.candidates"),
        (None, condition) => (href::list("account", condition), "mining.plan.candidates"),
    };
    let explain = Explain::new(words.meaning("mining.plan.of_help", &[]), &*as_of)
        .input(words.t("value.customers", &[]), words.count(before.customers))
        .input(words.t("mining.plan.days", &[]), days(words, before))
        .source(customers.clone(), words.t(named, &[]));
    let source = json!({ "href": customers, "label": words.t(named, &[]) });
    let finding = Finding { text, explain };
    let own = members::share_of(experiment);
    let mut shares: Vec<f64> = SHARES.into_iter().filter(|share| (share - own).abs() > 1e-6).collect();
    shares.push(own);
    shares.sort_unstable_by(f64::total_cmp);
    let row = |share: &f64| {
        let shown = words.percent(*share);
        let is_own = (share - own).abs() <= 1e-6;
        json!({
            "share": if is_own { words.t("mining.plan.own", &[("share", &shown)]) } else { shown },
            "left_alone": words.count((before.customers as f64 * share).round() as u64),
            "rise": before.smallest_rise(*share).map(|rise| words.percent(rise)).unwrap_or_default(),
            "difference": before.smallest_difference(*share).map(|least| words.units(least)).unwrap_or_default(),
        })
    };
    let rows: Vec<Json> = shares.iter().map(row).collect();
    let sample = [Input { label: words.t("value.customers", &[]), value: words.count(before.customers) }];
    Ok(Some(json!({ "finding": finding, "rows": rows, "sample": sample, "source": source, "as_of": as_of })))
}

/// That the first day is over, before anybody is drawn.
pub(super) async fn late(words: &Words<'_>, experiment: &Record) -> Answer<Option<String>> {
    let engine = words.app.engine();
    let first = result::day(experiment, "start_on");
    let today = Settings::load(engine).await?.day_of(engine.clock().now());
    Ok((today > first).then(|| words.t("mining.draw_late", &[("from", &words.date(first))])))
}

/// What so many customers can show of what they are measured by.
pub(super) fn power(
    words: &Words<'_>,
    (experiment, found): (&Record, &Found),
    by_sales: bool,
    as_of: &str,
) -> Finding {
    let [reached, left_alone] = [Side::Reached, Side::LeftAlone].map(|side| side.title(words));
    let mut explain = Explain::new(words.meaning("mining.power_help", &[]), as_of)
        .input(&*reached, words.count(found.treated))
        .input(left_alone, words.count(found.control));
    if let Some(before) = &found.plan {
        explain = explain.input(words.t("mining.plan.days", &[]), days(words, before));
    }
    let share = found.control as f64 / (found.treated + found.control).max(1) as f64;
    let text = match &found.plan {
        None => words.t("mining.power.again", &[]),
        Some(before) if by_sales => of_sales(words, before, share),
        Some(before) => of_buyers(words, before, share),
    };
    Finding { text, explain: explain.source(Side::Reached.href(experiment.id, None), reached) }
}

/// Those before the experiment that were looked at.
fn days(words: &Words<'_>, before: &Before) -> String {
    format!("{} – {}", words.date(before.from), words.date(before.until))
}

fn of_sales(words: &Words<'_>, before: &Before, share: f64) -> String {
    let Some(least) = before.smallest_difference(share) else {
        if share <= 0.0 || share >= 1.0 {
            return words.t("mining.power.too_few", &[("before", &words.percent(before.bought))]);
        }
        return words.t("mining.power.nothing_sold", &[]);
    };
    let (mean, deviation) = (words.units(before.sales), words.units(before.deviation));
    let least = words.units(least);
    words.t("mining.power.sales", &[("mean", &mean), ("deviation", &deviation), ("least", &least)])
}

fn of_buyers(words: &Words<'_>, before: &Before, share: f64) -> String {
    let (smallest, tenth) = (before.smallest_rise(share), before.needed_for_a_tenth(share));
    let bought = words.percent(before.bought);
    let rise = smallest.map(|rise| words.percent(rise)).unwrap_or_default();
    let needed = tenth.map(|needed| words.count(needed)).unwrap_or_default();
    let key = match (smallest, tenth) {
        (None, _) if before.bought >= 1.0 => "mining.power.all_bought",
        (None, _) => "mining.power.too_few",
        (Some(_), Some(_)) => "mining.power.seen",
        (Some(_), None) if before.bought > 0.0 => "mining.power.nearly_all_bought",
        (Some(_), None) => "mining.power.nobody_bought",
    };
    words.t(key, &[("before", &bought), ("rise", &rise), ("needed", &needed)])
}
