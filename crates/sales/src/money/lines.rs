//! Amount and cost of one line.
//!
//! amount = quantity × unit price − discount, cost = quantity × unit cost. Both are kept to the ten-thousandth, half away from
//! zero: a line of 3 at 0.0333 stays 0.0999. Only the totals of the document are rounded to the currency's decimals, so that
//! rounding does not add up over lines.

use meta::{Decimal, Draft, MONEY_SCALE, Value, label};
use rust_decimal::RoundingStrategy::MidpointAwayFromZero;

/// quantity × unit price − discount.
pub fn amount(quantity: Decimal, unit_price: Decimal, discount: Decimal) -> Option<Decimal> {
    let gross = quantity.checked_mul(unit_price)?;
    Some(gross.checked_sub(discount)?.round_dp_with_strategy(MONEY_SCALE, MidpointAwayFromZero))
}

/// quantity × unit cost.
pub fn cost(quantity: Decimal, unit_cost: Decimal) -> Option<Decimal> {
    amount(quantity, unit_cost, Decimal::ZERO)
}

/// Keeps `amount` and `cost` of an order or return line, and refuses what a line cannot be.
pub fn check(draft: &mut Draft<'_>) {
    let number = |draft: &Draft<'_>, field: &str| draft.get(field).as_decimal();
    let quantity = number(draft, "quantity").unwrap_or_default();
    if quantity <= Decimal::ZERO {
        draft.reject(
            "quantity",
            label(
                "must be greater than zero: goods that come back are a return",
                "必须大于零，退回的货物请登记为退货",
            ),
        );
    }
    for field in ["unit_price", "discount", "tax", "unit_cost"] {
        if number(draft, field).is_some_and(|amount| amount < Decimal::ZERO) {
            draft.reject(
                field,
                label("cannot be negative: a reduction is a discount", "不能为负数，减免请填写折扣"),
            );
        }
    }
    let discount = number(draft, "discount").unwrap_or_default();
    let amount = number(draft, "unit_price").map(|price| amount(quantity, price, discount));
    let cost = number(draft, "unit_cost").map(|unit_cost| cost(quantity, unit_cost));
    for (field, result) in [("amount", amount), ("cost", cost)] {
        match result {
            Some(None) => draft.reject(
                "quantity",
                label(
                    "gives an amount too large: check quantity and price",
                    "算出的金额过大，请检查数量和单价",
                ),
            ),
            Some(Some(value)) if field == "amount" && value < Decimal::ZERO => draft.reject(
                "discount",
                label(
                    "is larger than the line: at most quantity × unit price",
                    "超过了整行金额，最多为数量 × 单价",
                ),
            ),
            Some(Some(value)) => draft.set(field, value.normalize()),
            None => draft.set(field, Value::Null),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_line_is_exact_to_the_ten_thousandth_and_rounds_half_away_from_zero() {
        assert_eq!(amount(d("3"), d("0.0333"), d("0")), Some(d("0.0999")));
        assert_eq!(amount(d("0.5"), d("0.0001"), d("0")), Some(d("0.0001")));
        assert_eq!(amount(d("2.5"), d("19.99"), d("5")), Some(d("44.975")));
        assert_eq!(amount(Decimal::MAX, d("2"), d("0")), None);
    }

    fn saved(fields: &[(&str, &str)]) -> (meta::Values, Vec<String>) {
        let mut values: meta::Values =
            fields.iter().map(|(name, value)| ((*name).to_owned(), Value::Decimal(d(value)))).collect();
        let mut draft = Draft {
            id: meta::Id::nil(),
            change: meta::Change::Create,
            before: None,
            values: &mut values,
            problems: vec![],
        };
        check(&mut draft);
        let problems = draft.problems.iter().map(|problem| problem.field.clone()).collect();
        (values, problems)
    }

    #[test]
    fn amount_and_cost_follow_the_line() {
        let (values, problems) =
            saved(&[("quantity", "4"), ("unit_price", "2.5"), ("discount", "1"), ("unit_cost", "1.2")]);
        assert!(problems.is_empty());
        assert_eq!(values["amount"], Value::Decimal(d("9")));
        assert_eq!(values["cost"], Value::Decimal(d("4.8")));
    }

    #[test]
    fn a_line_without_cost_has_none() {
        let (values, _) = saved(&[("quantity", "4"), ("unit_price", "2.5")]);
        assert!(values["cost"].is_null());
    }

    #[test]
    fn a_negative_line_is_refused_with_the_field() {
        assert_eq!(saved(&[("quantity", "-1"), ("unit_price", "2")]).1, ["quantity", "discount"]);
        assert_eq!(saved(&[("quantity", "1"), ("unit_price", "-2")]).1, ["unit_price", "discount"]);
        assert_eq!(saved(&[("quantity", "1"), ("unit_price", "2"), ("discount", "3")]).1, ["discount"]);
    }
}
