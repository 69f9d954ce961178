//! What must hold for an answer.

use super::entity::ATTITUDES;
use meta::{Decimal, Draft, label};

const MOST: i64 = value::satisfaction::MOST as i64;

pub fn check(draft: &mut Draft<'_>) {
    let between = |draft: &mut Draft<'_>, field: &str, least: i64| {
        if draft.get(field).as_int().is_some_and(|answer| !(least..=MOST).contains(&answer)) {
            draft.reject(
                field,
                label(format!("must be from {least} to {MOST}"), format!("应在 {least} 到 {MOST} 之间")),
            );
        }
    };
    between(draft, "expected", 1);
    between(draft, "perceived", 0);
    for field in ATTITUDES {
        between(draft, field, 0);
    }
    let share = draft.get("share_of_wallet").as_decimal();
    if share.is_some_and(|share| !(Decimal::ZERO..=Decimal::ONE).contains(&share)) {
        draft.reject("share_of_wallet", label("must be from 0 to 100 %", "应在 0 到 100% 之间"));
    }
    let missing = |draft: &Draft<'_>, field: &str| draft.get(field).is_null();
    if missing(draft, "expected") != missing(draft, "perceived") {
        let field = if missing(draft, "expected") { "expected" } else { "perceived" };
        draft.reject(
            field,
            label(
                "satisfaction is perceived over expected: give both, or neither",
                "满意度等于感知值除以期望值，请同时填写两项，或都不填",
            ),
        );
    }
    let nothing =
        ["expected", "share_of_wallet"].into_iter().chain(ATTITUDES).all(|field| missing(draft, field));
    if nothing && missing(draft, "perceived") {
        draft.reject("perceived", label("answer at least one question", "请至少填写一项回答"));
    }
}
