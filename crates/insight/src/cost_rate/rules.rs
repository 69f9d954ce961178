//! What must hold for a rate.

use meta::{Decimal, Draft, label};

const SELLING: [&str; 3] = ["freight", "payment", "commission"];
const WITHOUT_MINUTES: [&str; 6] = ["order", "order_line", "return", "freight", "payment", "commission"];

pub fn check(draft: &mut Draft<'_>) {
    let driver = draft.get("driver").as_text().unwrap_or_default().to_owned();
    let given = |draft: &Draft<'_>, field: &str| draft.get(field).as_decimal();
    for field in ["amount", "amount_per_minute", "share_of_sales"] {
        if given(draft, field).is_some_and(|amount| amount < Decimal::ZERO) {
            draft.reject(field, label("cannot be negative", "不能为负数"));
        }
    }
    if given(draft, "amount_per_minute").is_some() && WITHOUT_MINUTES.contains(&driver.as_str()) {
        draft.reject(
            "amount_per_minute",
            label("only contacts have a duration: leave it empty here", "只有接触活动才有时长，此处请留空"),
        );
    }
    if let Some(share) = given(draft, "share_of_sales") {
        if !SELLING.contains(&driver.as_str()) {
            draft.reject(
                "share_of_sales",
                label(
                    "is for freight, payment and commission: give an amount per piece instead",
                    "只适用于运费、手续费和佣金，其他动因请填写每次金额",
                ),
            );
        } else if share > Decimal::ONE {
            draft.reject("share_of_sales", label("cannot be more than 100 %", "不能超过 100%"));
        }
    }
    if ["amount", "amount_per_minute", "share_of_sales"].iter().all(|field| given(draft, field).is_none()) {
        draft.reject(
            "amount",
            label("give an amount or a share: a rate of nothing says nothing", "请填写金额或比例"),
        );
    }
}
