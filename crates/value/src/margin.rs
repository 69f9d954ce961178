//! Sales and margin of a customer, net of returns, exact in ten-thousandths.
//!
//! net sales = gross sales − returns; cost = cost of goods sold − cost of goods that came back and can be sold again;
//! margin = net sales − cost. Lines without a known cost are in the sales but **not** in the margin: the margin is
//! taken over the part whose cost is known, and `uncosted_sales` says how large the other part is.

use serde::{Deserialize, Serialize};

/// An order line (positive) or a return line, after discounts, without tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Amount of the line, ten-thousandths; for a return the amount given back, positive too.
    pub amount: i64,
    /// Cost of the goods, ten-thousandths; for a return the cost recovered. `None` if unknown.
    pub cost: Option<i64>,
    pub kind: LineKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Sale,
    Return,
}

/// Totals of one customer, ten-thousandths. [`Profit::add`] and [`Profit::remove`] undo each other exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profit {
    pub gross_sales: i64,
    pub returns: i64,
    /// Known costs less recovered ones.
    pub cost: i64,
    /// Net sales of the lines without a known cost.
    pub uncosted_sales: i64,
}

/// A total left the range of money (±922 337 203 685 477 units): the line's amount must be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl std::fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the total leaves the range of money: check the amounts of the lines")
    }
}

impl std::error::Error for OutOfRange {}

impl Profit {
    /// # Errors
    /// [`OutOfRange`]; the totals are then unchanged.
    pub fn add(&mut self, line: Line) -> Result<(), OutOfRange> {
        *self = self.changed(line, 1).ok_or(OutOfRange)?;
        Ok(())
    }

    /// Takes back a line that was added.
    ///
    /// # Errors
    /// [`OutOfRange`]; the totals are then unchanged.
    pub fn remove(&mut self, line: Line) -> Result<(), OutOfRange> {
        *self = self.changed(line, -1).ok_or(OutOfRange)?;
        Ok(())
    }

    fn changed(mut self, line: Line, times: i64) -> Option<Self> {
        let amount = line.amount.checked_mul(times)?;
        let (total, sign) = match line.kind {
            LineKind::Sale => (&mut self.gross_sales, times),
            LineKind::Return => (&mut self.returns, -times),
        };
        *total = total.checked_add(amount)?;
        match line.cost {
            Some(cost) => self.cost = self.cost.checked_add(cost.checked_mul(sign)?)?,
            None => {
                let part = line.amount.checked_mul(sign)?;
                self.uncosted_sales = self.uncosted_sales.checked_add(part)?;
            }
        }
        // The differences must stay in range as well.
        self.net_sales_checked()?.checked_sub(self.uncosted_sales)?.checked_sub(self.cost)?;
        Some(self)
    }

    fn net_sales_checked(&self) -> Option<i64> {
        self.gross_sales.checked_sub(self.returns)
    }

    /// Gross sales less returns.
    pub fn net_sales(&self) -> i64 {
        self.gross_sales.saturating_sub(self.returns)
    }

    /// Net sales of the lines whose cost is known, less that cost; `None` if there is no such line's money.
    pub fn margin(&self) -> Option<i64> {
        let costed = self.net_sales().saturating_sub(self.uncosted_sales);
        (costed != 0 || self.cost != 0).then(|| costed.saturating_sub(self.cost))
    }

    /// Margin as a share of the net sales it was earned on; `None` where those are not positive.
    pub fn margin_rate(&self) -> Option<f64> {
        let costed = self.net_sales().saturating_sub(self.uncosted_sales);
        self.margin().filter(|_| costed > 0).map(|margin| margin as f64 / costed as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sale(amount: i64, cost: Option<i64>) -> Line {
        Line { amount, cost, kind: LineKind::Sale }
    }

    fn back(amount: i64, cost: Option<i64>) -> Line {
        Line { amount, cost, kind: LineKind::Return }
    }

    fn of(lines: &[Line]) -> Profit {
        let mut profit = Profit::default();
        for line in lines {
            profit.add(*line).expect("in range");
        }
        profit
    }

    #[test]
    fn returns_reduce_sales_cost_and_margin() {
        let profit = of(&[sale(1_000_000, Some(600_000)), back(200_000, Some(120_000))]);
        assert_eq!((profit.net_sales(), profit.cost), (800_000, 480_000));
        assert_eq!(profit.margin(), Some(320_000));
        assert_eq!(profit.margin_rate(), Some(0.4));
    }

    #[test]
    fn goods_thrown_away_after_return_cost_their_full_price() {
        let profit = of(&[sale(1_000_000, Some(600_000)), back(1_000_000, Some(0))]);
        assert_eq!((profit.net_sales(), profit.margin()), (0, Some(-600_000)));
        assert_eq!(profit.margin_rate(), None);
    }

    #[test]
    fn lines_without_cost_are_sales_but_no_margin() {
        let profit = of(&[sale(500, None), sale(1_000, Some(700))]);
        assert_eq!((profit.net_sales(), profit.uncosted_sales), (1_500, 500));
        assert_eq!((profit.margin(), profit.margin_rate()), (Some(300), Some(0.3)));
        assert_eq!(of(&[sale(500, None)]).margin(), None);
    }

    #[test]
    fn a_total_out_of_range_is_refused_and_changes_nothing() {
        let mut profit = of(&[sale(i64::MAX, None)]);
        let before = profit;
        assert_eq!(profit.add(sale(1, None)), Err(OutOfRange));
        assert_eq!(profit, before);
    }

    proptest! {
        #[test]
        fn removing_what_was_added_restores_the_totals(
            lines in prop::collection::vec((0..1_000_000_i64, prop::option::of(0..1_000_000_i64), any::<bool>()), 1..30),
        ) {
            let lines: Vec<Line> = lines
                .into_iter()
                .map(|(amount, cost, sold)| if sold { sale(amount, cost) } else { back(amount, cost) })
                .collect();
            let mut profit = of(&lines);
            for line in &lines[1..] {
                profit.remove(*line).expect("in range");
            }
            prop_assert_eq!(profit, of(&lines[..1]));
        }
    }
}
