//! How large an effect the customers of an experiment can show: before they are drawn by the share left alone, later of those drawn.

use super::Words;
use crate::{
    mining::experiment::{
        members,
        plan::{self, Before},
        result::{self, Found},
    },
    pages::{figure::Input, href},
    settings::Settings,
};
use meta::Record;
use serde_json::{Value as Json, json};
use web::Answer;

/// Shares left alone to choose from, beside the experiment's own.
const SHARES: [f64; 4] = [0.1, 0.2, 0.3, 0.5];

/// What the template shows of an experiment nobody is drawn for; `None` until it is computed.
pub(super) async fn section(words: &Words<'_>, experiment: &Record) -> Answer<Option<Json>> {
    let Some(kept) = plan::load(words.app.engine(), experiment.id).await? else { return Ok(None) };
    let (before, as_of) = (&kept.body, words.date(kept.as_of));
    if before.customers == 0 {
        return Ok(Some(json!({ "text": words.t("mining.plan.nobody", &[]), "rows": null, "source": null })));
    }
    let text = words.t(
        "mining.plan.of",
        &[
            ("customers", &words.count(before.customers)),
            ("as_of", &as_of),
            ("from", &words.date(before.from)),
            ("until", &words.date(before.until)),
            ("bought", &words.percent(before.bought)),
            ("sales", &words.units(before.sales)),
            ("deviation", &words.units(before.deviation)),
        ],
    );
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
    // Who meets the condition by now.
    let source = json!({
        "href": match experiment.text("population") {
            "" => "/account".to_owned(),
            condition => href::list("account", condition),
        },
        "label": words.t("mining.plan.candidates", &[]),
    });
    Ok(Some(json!({ "text": text, "rows": rows, "sample": sample, "source": source, "as_of": as_of })))
}

/// That the first day is over, before anybody is drawn.
pub(super) async fn late(words: &Words<'_>, experiment: &Record) -> Answer<Option<String>> {
    let engine = words.app.engine();
    let first = result::day(experiment, "start_on");
    let today = Settings::load(engine).await?.day_of(engine.clock().now());
    Ok((today > first).then(|| words.t("mining.draw_late", &[("from", &words.date(first))])))
}

/// What so many customers can show of what they are measured by.
pub(super) fn power(words: &Words<'_>, found: &Found, by_sales: bool) -> String {
    let Some(before) = &found.plan else { return words.t("mining.power.again", &[]) };
    let share = found.control as f64 / (found.treated + found.control).max(1) as f64;
    if by_sales { of_sales(words, before, share) } else { of_buyers(words, before, share) }
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
