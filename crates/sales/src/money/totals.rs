//! Totals of an order or a return from its lines; pure.
//!
//! With rate ρ (company currency per unit of the document's currency, valid on its date):
//!
//! - subtotal = Σ amount of the lines, tax = Σ tax of the lines
//! - net = subtotal − discount; total = net + tax
//! - cost = Σ cost of the lines, known only if every line's cost is; margin = net − cost (tax is not income)
//! - net_base = ρ·net, total_base = ρ·total, margin_base = ρ·margin, rounded to the company currency's decimals
//!
//! Every figure is rounded half away from zero to the decimals of its currency (ISO 4217).

use meta::{Decimal, Value, Values};
use rust_decimal::RoundingStrategy::MidpointAwayFromZero;

/// Sums over the live lines of one document.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LineSums {
    pub amount: Decimal,
    pub tax: Decimal,
    /// `None` if some line's cost is unknown.
    pub cost: Option<Decimal>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    pub subtotal: Decimal,
    pub tax: Decimal,
    pub total: Decimal,
    pub cost: Option<Decimal>,
    pub margin: Option<Decimal>,
    pub exchange_rate: Decimal,
    pub net_base: Decimal,
    pub total_base: Decimal,
    pub margin_base: Option<Decimal>,
}

/// What a document's totals depend on besides its lines.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Off the whole document.
    pub discount: Decimal,
    pub currency: &'a str,
    pub company_currency: &'a str,
    pub exchange_rate: Decimal,
}

/// `None` if an amount is too large to be computed.
pub fn totals(lines: LineSums, terms: Terms<'_>) -> Option<Totals> {
    let own = |amount: Decimal| round(amount, terms.currency);
    let base = |amount: Decimal| {
        amount.checked_mul(terms.exchange_rate).map(|amount| round(amount, terms.company_currency))
    };
    let subtotal = own(lines.amount);
    let tax = own(lines.tax);
    let net = subtotal.checked_sub(own(terms.discount))?;
    let total = net.checked_add(tax)?;
    let cost = lines.cost.map(own);
    let margin = match cost {
        Some(cost) => Some(net.checked_sub(cost)?),
        None => None,
    };
    let margin_base = match margin {
        Some(margin) => Some(base(margin)?),
        None => None,
    };
    Some(Totals {
        subtotal,
        tax,
        total,
        cost,
        margin,
        exchange_rate: terms.exchange_rate,
        net_base: base(net)?,
        total_base: base(total)?,
        margin_base,
    })
}

impl Totals {
    pub fn values(&self) -> Values {
        let known = |amount: Decimal| Value::Decimal(amount.normalize());
        let fields = [
            ("subtotal", known(self.subtotal)),
            ("tax", known(self.tax)),
            ("total", known(self.total)),
            ("cost", self.cost.map(known).unwrap_or_default()),
            ("margin", self.margin.map(known).unwrap_or_default()),
            ("exchange_rate", known(self.exchange_rate)),
            ("net_base", known(self.net_base)),
            ("total_base", known(self.total_base)),
            ("margin_base", self.margin_base.map(known).unwrap_or_default()),
        ];
        fields.into_iter().map(|(field, value)| (field.to_owned(), value)).collect()
    }
}

pub fn round(amount: Decimal, currency: &str) -> Decimal {
    amount.round_dp_with_strategy(decimals(currency), MidpointAwayFromZero)
}

/// Digits after the point of a currency's smallest unit in bookkeeping (ISO 4217 minor unit).
pub fn decimals(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn terms<'a>(currency: &'a str, rate: &str, discount: &str) -> Terms<'a> {
        Terms { discount: d(discount), currency, company_currency: "CNY", exchange_rate: d(rate) }
    }

    #[test]
    fn totals_add_up_and_the_margin_is_net_of_tax() {
        let lines = LineSums { amount: d("1000"), tax: d("130"), cost: Some(d("600")) };
        let totals = totals(lines, terms("CNY", "1", "50")).unwrap();
        assert_eq!((totals.subtotal, totals.total), (d("1000"), d("1080")));
        assert_eq!(totals.margin, Some(d("350")));
        assert_eq!((totals.net_base, totals.total_base), (d("950"), d("1080")));
    }

    #[test]
    fn each_figure_has_the_decimals_of_its_currency() {
        let lines = LineSums { amount: d("1000.5"), tax: d("0"), cost: Some(d("400.4")) };
        let yen = totals(lines, terms("JPY", "0.0467", "0")).unwrap();
        assert_eq!((yen.subtotal, yen.cost, yen.margin), (d("1001"), Some(d("400")), Some(d("601"))));
        // 1001 × 0.0467 = 46.7467
        assert_eq!(yen.net_base, d("46.75"));
        let half = LineSums { amount: d("0.125"), ..lines };
        assert_eq!(totals(half, terms("EUR", "1", "0")).unwrap().subtotal, d("0.13"));
    }

    #[test]
    fn an_unknown_cost_makes_the_margin_unknown_not_large() {
        let lines = LineSums { amount: d("10"), tax: d("0"), cost: None };
        let totals = totals(lines, terms("USD", "7.2", "0")).unwrap();
        assert_eq!((totals.cost, totals.margin, totals.margin_base), (None, None, None));
        assert!(totals.values()["margin_base"].is_null());
        assert_eq!(totals.total_base, d("72"));
    }

    #[test]
    fn amounts_beyond_reason_are_refused_not_wrapped() {
        let lines = LineSums { amount: Decimal::MAX, tax: Decimal::MAX, cost: None };
        assert_eq!(totals(lines, terms("CNY", "1", "0")), None);
    }
}
