//! How a document's totals are divided among its lines, exactly: the parts of the lines add up to the document's figure in
//! ten-thousandths of the company's currency, so that a sum over any cut of lines is a sum of the operational store.
//!
//! Line i with amount aᵢ in the document's currency, rate ρ, document net amount N (after its own discount, rounded to the
//! currency's decimals): netᵢ = round(ρ·aᵢ) + sᵢ, where the rest N − Σ round(ρ·aⱼ) is spread in proportion to |aᵢ| (equally
//! if all are zero) by rounding the cumulated share, which is exact whatever the signs. Margins likewise.

use crate::{
    column::Cell,
    table::{ColumnKind, Share, Side, Table},
};

/// Decimals of an exchange rate.
const RATE_SCALE: u8 = 8;
const ONE: i128 = 10_i128.pow(RATE_SCALE as u32);
const MONEY: ColumnKind = ColumnKind::Decimal(4);

/// Places in [`Table::inputs`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Inputs {
    amount: usize,
    line_cost: usize,
    line_discount: usize,
    discount: usize,
    rate: usize,
    net: usize,
    margin: usize,
}

impl Inputs {
    pub fn of(table: &mut Table) -> Inputs {
        Inputs {
            amount: table.input(Side::Line, "amount", MONEY),
            line_cost: table.input(Side::Line, "cost", MONEY),
            line_discount: table.input(Side::Line, "discount", MONEY),
            discount: table.input(Side::Head, "discount", MONEY),
            rate: table.input(Side::Head, "exchange_rate", ColumnKind::Decimal(RATE_SCALE)),
            net: table.input(Side::Head, "net_base", MONEY),
            margin: table.input(Side::Head, "margin_base", MONEY),
        }
    }
}

/// One line's parts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shares {
    net: i128,
    margin: Option<i128>,
    discount: i128,
}

impl Shares {
    pub fn get(&self, share: Share) -> Option<i128> {
        match share {
            Share::Net => Some(self.net),
            Share::Margin => self.margin,
            Share::Cost => self.margin.map(|margin| self.net - margin),
            Share::Discount => Some(self.discount),
        }
    }
}

/// The parts of the lines of one document.
pub(crate) fn shares(lines: &[Vec<Cell>], inputs: &Inputs) -> Vec<Shares> {
    let Some(first) = lines.first() else { return vec![] };
    let number = |line: &Vec<Cell>, at: usize| line.get(at).and_then(Cell::number).map(i128::from);
    let rate = number(first, inputs.rate).unwrap_or(ONE);
    let base = |line: &Vec<Cell>, at: usize| rounded(number(line, at).unwrap_or(0) * rate, ONE);
    let amounts: Vec<i128> = lines.iter().map(|line| number(line, inputs.amount).unwrap_or(0)).collect();
    let weights = weights(&amounts);
    let net = nets(&amounts, rate, number(first, inputs.net));
    let margin = number(first, inputs.margin).map(|whole| {
        let own = lines.iter().zip(&net).map(|(line, net)| net - base(line, inputs.line_cost)).collect();
        fitted(own, Some(whole), &weights)
    });
    let discount = spread(base(first, inputs.discount), &weights);
    (0..lines.len())
        .map(|at| Shares {
            net: net[at],
            margin: margin.as_ref().map(|margin| margin[at]),
            discount: discount[at] + base(&lines[at], inputs.line_discount),
        })
        .collect()
}

/// What column `net` of `sales` says of the lines of one order, in order of their ids, for whoever reads them of the operational store:
/// of their amounts and the order's `net_base` in ten-thousandths, and its exchange rate as it is stored.
pub fn net_of_lines(amounts: &[i64], rate: Option<i64>, whole: Option<i64>) -> Vec<i64> {
    let amounts: Vec<i128> = amounts.iter().map(|amount| i128::from(*amount)).collect();
    let net = nets(&amounts, rate.map_or(ONE, i128::from), whole.map(i128::from));
    net.into_iter().map(|net| i64::try_from(net).unwrap_or_default()).collect()
}

fn nets(amounts: &[i128], rate: i128, whole: Option<i128>) -> Vec<i128> {
    let own = amounts.iter().map(|amount| rounded(amount * rate, ONE)).collect();
    fitted(own, whole, &weights(amounts))
}

fn weights(amounts: &[i128]) -> Vec<i128> {
    amounts.iter().map(|amount| amount.abs()).collect()
}

/// What is missing of the whole is spread over the parts.
fn fitted(parts: Vec<i128>, whole: Option<i128>, weights: &[i128]) -> Vec<i128> {
    let rest = whole.map_or(0, |whole| whole - parts.iter().sum::<i128>());
    parts.into_iter().zip(spread(rest, weights)).map(|(part, more)| part + more).collect()
}

/// `dividend / divisor`, half away from zero; the divisor is positive.
fn rounded(dividend: i128, divisor: i128) -> i128 {
    let half = if dividend < 0 { -divisor } else { divisor };
    (2 * dividend + half) / (2 * divisor)
}

/// `whole` in proportion to the weights, exactly.
fn spread(whole: i128, weights: &[i128]) -> Vec<i128> {
    let sum: i128 = weights.iter().sum();
    let (mut reached, mut given) = (0, 0);
    weights
        .iter()
        .map(|weight| {
            reached += if sum == 0 { 1 } else { *weight };
            let of = if sum == 0 { weights.len() as i128 } else { sum };
            let until = rounded(whole * reached, of);
            let part = until - given;
            given = until;
            part
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(
        lines: &[(i64, i64)],
        discount: i64,
        rate: i64,
        net: i64,
        margin: Option<i64>,
    ) -> Vec<Vec<Cell>> {
        let cell = |number: Option<i64>| number.map_or(Cell::Null, Cell::Int);
        lines
            .iter()
            .map(|(amount, cost)| {
                [Some(*amount), Some(*cost), Some(0), Some(discount), Some(rate), Some(net), margin]
                    .map(cell)
                    .to_vec()
            })
            .collect()
    }
    const PLACES: Inputs =
        Inputs { amount: 0, line_cost: 1, line_discount: 2, discount: 3, rate: 4, net: 5, margin: 6 };

    #[test]
    fn parts_add_up_to_the_whole() {
        // 3 × 33.3333 USD less 10 USD at 7.2: 648.00, margin 360.
        let one = lines(&[(333_333, 133_333); 3], 100_000, 720_000_000, 6_480_000, Some(3_600_000));
        let parts = shares(&one, &PLACES);
        assert_eq!(parts.iter().map(|part| part.net).sum::<i128>(), 6_480_000);
        assert_eq!(parts.iter().filter_map(|part| part.margin).sum::<i128>(), 3_600_000);
        assert_eq!(parts.iter().map(|part| part.discount).sum::<i128>(), 720_000);
        assert!(parts.iter().all(|part| (part.net - 2_160_000).abs() <= 1), "{parts:?}");
        let alone = net_of_lines(&[333_333; 3], Some(720_000_000), Some(6_480_000));
        assert_eq!(
            alone.into_iter().map(i128::from).collect::<Vec<_>>(),
            parts.iter().map(|part| part.net).collect::<Vec<_>>()
        );
    }

    #[test]
    fn lines_of_nothing_and_against_each_other_are_divided_too() {
        for amounts in
            [&[(0, 0), (0, 0)][..], &[(100, 10), (-100, 20)], &[(7, 0)], &[(-3, 1), (1, 1), (1, 1)]]
        {
            for net in [-5, 0, 1, 99] {
                let parts = shares(&lines(amounts, 0, 100_000_000, net, None), &PLACES);
                assert_eq!(parts.iter().map(|part| part.net).sum::<i128>(), i128::from(net));
                assert!(parts.iter().all(|part| part.margin.is_none()));
            }
        }
        assert_eq!(shares(&[], &PLACES), []);
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        assert_eq!((rounded(5, 10), rounded(-5, 10), rounded(4, 10), rounded(-14, 10)), (1, -1, 0, -1));
    }
}
