//! What a line costs, from whatever the file says about it.
//!
//! An order line is stored as quantity q, unit price p and discount d with amount a = q·p − d, all to 4 decimals. The file's
//! amount is authoritative: p is the file's price, or the smallest price of 4 decimals with q·p ≥ gross, and d = q·p − a takes
//! up the rest, so that a comes out to the last digit. gross = a / (1 − rate) or a + discount where the file has a discount.
//! From a profit the unit cost is (a − profit) / q.

use crate::{Layout, RowProblem};
use meta::{Decimal, MONEY_SCALE, scaled};
use rust_decimal::RoundingStrategy::{MidpointAwayFromZero, ToPositiveInfinity};
use tabular::Row;

#[derive(Clone, Debug, PartialEq)]
pub struct Priced {
    /// Goods came, or money went, back.
    pub back: bool,
    pub quantity: Decimal,
    pub unit_price: Decimal,
    pub discount: Decimal,
    pub tax: Option<Decimal>,
    pub unit_cost: Option<Decimal>,
    /// Not the goods, only the price was taken back (a credit or a correction).
    pub price_only: bool,
}

/// The cells of a row, signs and all.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    pub quantity: Option<Decimal>,
    pub unit_price: Option<Decimal>,
    pub amount: Option<Decimal>,
    pub discount_rate: Option<Decimal>,
    pub discount_amount: Option<Decimal>,
    pub tax: Option<Decimal>,
    pub profit: Option<Decimal>,
    pub unit_cost: Option<Decimal>,
}

impl Cells {
    pub fn read(layout: &Layout, row: &Row) -> Result<Cells, RowProblem> {
        Ok(Cells {
            quantity: layout.decimal(row, "quantity")?,
            unit_price: layout.decimal(row, "unit_price")?,
            amount: layout.decimal(row, "amount")?,
            discount_rate: layout.decimal(row, "discount")?,
            discount_amount: layout.decimal(row, "discount_amount")?,
            tax: layout.decimal(row, "tax")?,
            profit: layout.decimal(row, "profit")?,
            unit_cost: layout.decimal(row, "unit_cost")?,
        })
    }
}

fn money(number: Decimal) -> Decimal {
    number.round_dp_with_strategy(MONEY_SCALE, MidpointAwayFromZero)
}

fn too_large(target: &'static str) -> (&'static str, &'static str, &'static str) {
    (target, "is too large: check the number", "数值过大，请检查")
}

type Wrong = (&'static str, &'static str, &'static str);

/// `returned` says that the order number or status marks the row as a return.
pub fn price(cells: &Cells, returned: bool) -> Result<Priced, Wrong> {
    let quantity = match (cells.quantity, cells.amount) {
        (Some(quantity), _) => quantity,
        (None, Some(amount)) if amount < Decimal::ZERO => -Decimal::ONE,
        (None, Some(_)) => Decimal::ONE,
        (None, None) => return Err(("quantity", "is empty: fill in how many", "为空，请填写数量")),
    };
    if quantity.is_zero() {
        return Err((
            "quantity",
            "is 0: fill in how many were sold or returned",
            "为 0，请填写销售或退回的数量",
        ));
    }
    let negative = |number: Option<Decimal>| number.is_some_and(|number| number < Decimal::ZERO);
    let (goods_back, price_back) = (quantity < Decimal::ZERO, negative(cells.unit_price));
    if goods_back && price_back {
        return Err((
            "unit_price",
            "is negative and so is the quantity: a return has a negative quantity and a positive price",
            "单价和数量都是负数：退货应为负数量、正单价",
        ));
    }
    let size = quantity.abs();
    let (amount, unit_price) = amount_and_price(cells, size)?;
    let gross = size.checked_mul(unit_price).map(money).ok_or(too_large("quantity"))?;
    let unit_cost = match (cells.unit_cost, cells.profit) {
        (Some(cost), _) => Some(cost.abs()),
        (None, Some(profit)) => Some(cost_from(cells, amount, profit, size)?),
        (None, None) => None,
    };
    let priced = Priced {
        back: goods_back || price_back || negative(cells.amount) || returned,
        quantity: size.normalize(),
        unit_price: unit_price.normalize(),
        discount: (gross - amount).normalize(),
        tax: cells.tax.map(|tax| money(tax.abs()).normalize()),
        unit_cost: unit_cost.map(|cost| money(cost).normalize()),
        price_only: !goods_back && (price_back || negative(cells.amount)),
    };
    fits(&priced)?;
    Ok(priced)
}

fn fits(priced: &Priced) -> Result<(), Wrong> {
    if priced.quantity.scale() > 4 {
        return Err(("quantity", "has too many decimals: use at most 4", "小数位太多，最多 4 位"));
    }
    let amounts = [Some(priced.unit_price), Some(priced.discount), priced.tax, priced.unit_cost];
    let gross = priced.quantity.checked_mul(priced.unit_price).map(money);
    let stored =
        amounts.into_iter().flatten().chain(gross).all(|amount| scaled(amount, MONEY_SCALE).is_some());
    if !stored || scaled(priced.quantity, 4).is_none() {
        return Err(too_large("quantity"));
    }
    Ok(())
}

/// The line's amount and the unit price it is stored with, both without sign.
fn amount_and_price(cells: &Cells, size: Decimal) -> Result<(Decimal, Decimal), Wrong> {
    let up = |number: Decimal| number.round_dp_with_strategy(MONEY_SCALE, ToPositiveInfinity);
    let rate = discount_rate(cells)?;
    let off = cells.discount_amount.map(|off| off.abs()).unwrap_or_default();
    if let Some(amount) = cells.amount {
        let amount = money(amount.abs());
        let listed = cells.unit_price.map(|price| up(price.abs()));
        if let Some(price) =
            listed.filter(|price| size.checked_mul(*price).is_some_and(|gross| gross >= amount))
        {
            return Ok((amount, price));
        }
        let gross = if rate.is_zero() || rate >= Decimal::ONE {
            amount + off
        } else {
            amount / (Decimal::ONE - rate)
        };
        let price = gross.checked_div(size).map(up).ok_or(too_large("amount"))?;
        return Ok((amount, price));
    }
    let Some(price) = cells.unit_price.map(|price| price.abs()) else {
        return Err((
            "unit_price",
            "is empty, and there is no amount: fill in one of them",
            "为空，也没有金额，请填写其中一项",
        ));
    };
    let gross = size.checked_mul(price).ok_or(too_large("quantity"))?;
    let amount = money(gross - gross * rate - off);
    if amount < Decimal::ZERO {
        return Err(("discount_amount", "is larger than quantity × price", "超过了数量 × 单价"));
    }
    Ok((amount, up(price)))
}

/// 0.2, 20 and 20 % are the same.
fn discount_rate(cells: &Cells) -> Result<Decimal, Wrong> {
    let rate = cells.discount_rate.unwrap_or_default();
    let rate = if rate > Decimal::ONE { rate / Decimal::ONE_HUNDRED } else { rate };
    if rate < Decimal::ZERO || rate > Decimal::ONE {
        return Err(("discount", "is no share: write it like 0.15 or 15%", "不是折扣率，请写成 0.15 或 15%"));
    }
    Ok(rate)
}

fn cost_from(cells: &Cells, amount: Decimal, profit: Decimal, size: Decimal) -> Result<Decimal, Wrong> {
    // On a return the file has both the amount and the profit with the other sign.
    let turned = cells.amount.is_some_and(|amount| amount < Decimal::ZERO)
        || (cells.amount.is_none() && cells.quantity.is_some_and(|quantity| quantity < Decimal::ZERO));
    let profit = if turned { -profit } else { profit };
    let cost = amount.checked_sub(profit).ok_or(too_large("profit"))?;
    if cost < Decimal::ZERO {
        return Err((
            "profit",
            "is larger than the amount, so the cost would be negative: check both",
            "大于金额，成本会成为负数，请检查",
        ));
    }
    cost.checked_div(size).ok_or(too_large("profit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn cells(quantity: &str, price: &str, amount: &str) -> Cells {
        let number = |text: &str| (!text.is_empty()).then(|| d(text));
        Cells {
            quantity: number(quantity),
            unit_price: number(price),
            amount: number(amount),
            ..Cells::default()
        }
    }

    /// What the line's rule (sales: quantity × unit price − discount, to 4 decimals) will make of it.
    fn amount(priced: &Priced) -> Decimal {
        money(priced.quantity * priced.unit_price - priced.discount)
    }

    #[test]
    fn the_files_amount_comes_out_to_the_last_digit() {
        for (quantity, given) in [
            ("3", "10"),
            ("7", "99.99"),
            ("0.3333", "1.0001"),
            ("12", "0.01"),
            ("2", "261.96"),
            ("9", "0"),
            ("0.0001", "5"),
        ] {
            let priced = price(&cells(quantity, "", given), false).unwrap();
            assert_eq!(amount(&priced), d(given), "{quantity} {given}");
            assert!(priced.discount >= Decimal::ZERO && !priced.back);
        }
    }

    #[test]
    fn an_amount_below_quantity_times_price_is_a_discount() {
        let priced = price(&cells("4", "2.5", "9"), false).unwrap();
        assert_eq!((priced.unit_price, priced.discount), (d("2.5"), d("1")));
        // Above it, the price follows the amount.
        let priced = price(&cells("4", "2.5", "11"), false).unwrap();
        assert_eq!((priced.unit_price, priced.discount), (d("2.75"), d("0")));
    }

    #[test]
    fn a_discount_rate_shows_the_price_before_it() {
        let given = Cells { discount_rate: Some(d("0.2")), ..cells("2", "", "16") };
        let priced = price(&given, false).unwrap();
        assert_eq!((priced.unit_price, priced.discount), (d("10"), d("4")));
        let given = Cells { discount_rate: Some(d("20")), ..cells("2", "10", "") };
        assert_eq!(amount(&price(&given, false).unwrap()), d("16"));
        let given = Cells { discount_rate: Some(d("-1")), ..cells("2", "10", "") };
        assert_eq!(price(&given, false).unwrap_err().0, "discount");
    }

    #[test]
    fn what_went_back_is_told_by_any_sign() {
        let back = |given: Cells| price(&given, false).unwrap();
        assert!(back(cells("-2", "3", "")).back);
        let credit = back(cells("1", "-11062.06", ""));
        assert!(credit.back && credit.price_only);
        assert_eq!(amount(&credit), d("11062.06"));
        assert!(back(cells("2", "", "-8")).back);
        assert!(price(&cells("2", "4", ""), true).unwrap().back);
        assert_eq!(price(&cells("-1", "-1", ""), false).unwrap_err().0, "unit_price");
        assert_eq!(price(&cells("0", "1", ""), false).unwrap_err().0, "quantity");
        assert_eq!(price(&cells("1", "", ""), false).unwrap_err().0, "unit_price");
    }

    #[test]
    fn cost_follows_from_profit_on_sales_losses_and_returns() {
        let cost = |quantity: &str, amount: &str, profit: &str| {
            let given = Cells { profit: Some(d(profit)), ..cells(quantity, "", amount) };
            price(&given, false).map(|priced| priced.unit_cost.unwrap())
        };
        assert_eq!(cost("2", "261.96", "41.9136"), Ok(d("110.0232")));
        assert_eq!(cost("5", "957.5775", "-383.031"), Ok(d("268.1217")));
        assert_eq!(cost("-2", "-261.96", "-41.9136"), Ok(d("110.0232")));
        assert_eq!(cost("1", "10", "11").unwrap_err().0, "profit");
    }

    #[test]
    fn numbers_beyond_storage_are_refused() {
        assert_eq!(price(&cells("99999999999", "99999999999", ""), false).unwrap_err().0, "quantity");
        assert_eq!(price(&cells("0.00001", "1", ""), false).unwrap_err().0, "quantity");
    }
}
