//! Money shared by orders and returns: the fields of totals.

use meta::{Field, decimal, money};

/// What the rules keep on an order or a return. Figures: they follow from the lines, whose changes are logged.
pub fn totals_fields() -> Vec<Field> {
    let base = |field: Field| field.in_company_currency();
    let fields = [
        money("subtotal")
            .label("Subtotal", "小计")
            .help("Amounts of all lines, before tax.", "各行金额之和，不含税。"),
        money("tax").label("Tax", "税额"),
        money("total")
            .label("Total", "合计")
            .help("Subtotal − discount + tax.", "小计 − 整单折扣 + 税额。")
            .indexed(),
        money("cost").label("Cost", "成本").help(
            "Costs of all lines; empty as long as one line's cost is not known.",
            "各行成本之和，只要有一行成本未知就为空。",
        ),
        money("margin")
            .label("Margin", "毛利")
            .help("Subtotal − discount − cost. Tax is not income.", "小计 − 整单折扣 − 成本，税额不算收入。")
            .indexed(),
        decimal("exchange_rate", 8).label("Exchange rate", "汇率").help(
            "Company currency per unit of the record's currency, valid on its date.",
            "单据日期有效的汇率：一单位单据币种折合公司本位币。",
        ),
        base(money("net_base").label("Net sales in company currency", "净额（本位币）")).indexed(),
        base(money("total_base").label("Total in company currency", "合计（本位币）")).indexed(),
        base(money("margin_base").label("Margin in company currency", "毛利（本位币）")).indexed(),
    ];
    fields.map(Field::figure).into()
}
