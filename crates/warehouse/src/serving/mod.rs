//! What serving customers costs, as facts: a row for each effort that the company's rates charge.

mod charge;
pub mod rates;

pub(crate) use charge::{Cost, Effort};

use crate::table::{Column, ColumnKind, Source, Table};
use engine::Registry;
use meta::label;

type Words = (&'static str, &'static str);

/// Column, the customer's figure it is a part of, label, definition.
const SELLING: (&str, &str, Words, Words) = (
    "selling_cost",
    "contribution",
    ("Selling costs", "销售费用"),
    (
        "What the sale itself cost (freight, payment, commission) by the company's rates of its day, in company currency; empty while the company has no rates.",
        "随销售发生的费用（运费、收款手续费、佣金），按当日有效的成本费率计算（本位币）；未设置费率时为空。",
    ),
);

const SERVING: (&str, &str, Words, Words) = (
    "service_cost",
    "cost_to_serve",
    ("Cost to serve", "服务成本"),
    (
        "What the effort cost by the company's rates of its day, in company currency, as it is charged to the customer; empty for what is not charged and while the company has no rates.",
        "该项服务按当日有效成本费率计算的成本（本位币），与计入客户服务成本的金额一致；不计成本的及未设置费率时为空。",
    ),
);

impl Table {
    /// Adds what its rows cost. Who may not see the customer's figure does not see its parts either.
    pub(crate) fn charge(&mut self, registry: &Registry, effort: Effort) {
        let sells = effort.counts_lines();
        self.effort = Some(effort);
        let selling = (SELLING, Cost::Selling);
        for ((name, figure, labels, definition), cost) in
            sells.then_some(selling).into_iter().chain([(SERVING, Cost::Serving)])
        {
            let known = registry.entity("account").is_ok();
            self.columns.push(Column {
                name: name.to_owned(),
                label: label(labels.0, labels.1),
                definition: label(definition.0, definition.1),
                kind: ColumnKind::Decimal(4),
                origin: known.then(|| ("account".to_owned(), figure.to_owned())),
                target: None,
                source: Source::Cost(cost),
            });
        }
    }
}
