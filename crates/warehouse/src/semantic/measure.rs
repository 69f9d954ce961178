//! Measures: what is summed, counted or set in proportion, declared as data.
//! Long because every measure of documents and contacts is declared here, each with its words in two languages.

use super::{
    costs, customers,
    interval::{PROMOTERS, Sampled},
    surveys,
};
use crate::{
    count_keys::{COUNT_KEYS, KEY_SET},
    table::Table,
};
use meta::{Label, label};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// In the company's currency.
    Money,
    /// A number of things, whole.
    Count,
    /// A number with decimals.
    Quantity,
    /// 0.15 is 15 %.
    Share,
    /// From −100 to 100.
    Points,
}

impl Unit {
    pub fn name(self) -> &'static str {
        match self {
            Unit::Money => "money",
            Unit::Count => "count",
            Unit::Quantity => "quantity",
            Unit::Share => "share",
            Unit::Points => "points",
        }
    }
}

/// How the values of parts make that of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// They are added up.
    Sum,
    /// The different records of all, known by this column of keys, are counted.
    Keys(&'static str),
    /// Documents are in one group or in several, by whether what they are cut by is theirs or their lines'. In the first case they are added up, in
    /// the second the different ones of all, known by this column of keys, are counted.
    Documents(&'static str),
    /// It stands in every line of its document and counts once for each: nothing that tells lines apart may be asked.
    Once,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// An aggregate over a fact; `f` is the fact.
    Aggregate { table: &'static str, sql: &'static str, whole: Whole },
    /// All of them together.
    Sum(&'static [&'static str]),
    /// The first less the second.
    Difference(&'static str, &'static str),
    /// The first divided by the second; nothing where that is zero.
    Ratio(&'static str, &'static str),
}

impl Expression {
    /// The other measures it is made of.
    pub(crate) fn made_of(&self) -> Vec<&'static str> {
        match self {
            Expression::Aggregate { .. } => vec![],
            Expression::Sum(all) => all.to_vec(),
            Expression::Difference(one, other) | Expression::Ratio(one, other) => vec![one, other],
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub name: &'static str,
    pub label: Label,
    pub definition: Label,
    pub unit: Unit,
    pub expression: Expression,
    /// Kept from pages: a part of other measures.
    pub part: bool,
    /// It stands for more than was asked; everything else is counted or summed over all there is.
    pub sampled: Option<Sampled>,
}

impl Measure {
    /// Its SQL over a fact, which gives sets of keys instead of their number where groups will be counted together. Where documents are
    /// taken with all their lines or not at all, `first_line` is the column that is true in one line of each.
    pub(super) fn sql(&self, fact: &Table, key_sets: bool, first_line: Option<&str>) -> Option<String> {
        let Expression::Aggregate { sql, whole, .. } = &self.expression else { return None };
        Some(match whole {
            Whole::Keys(column) if key_sets => format!("{KEY_SET}({column})"),
            Whole::Keys(column) => format!("{COUNT_KEYS}({column})"),
            Whole::Documents(key) => match first_line {
                Some(first) => format!("count(*) FILTER (WHERE f.{first})"),
                None if fact.column(key).is_some() => {
                    format!("{}(f.{key})", if key_sets { KEY_SET } else { COUNT_KEYS })
                }
                // Files of an earlier version have no keys of documents.
                None => (*sql).to_owned(),
            },
            Whole::Once => match first_line {
                Some(first) => format!("{sql} FILTER (WHERE f.{first})"),
                None => return None,
            },
            Whole::Sum => (*sql).to_owned(),
        })
    }

    pub(super) fn is_once_a_document(&self) -> bool {
        matches!(self.expression, Expression::Aggregate { whole: Whole::Once, .. })
    }

    /// As people write it: SQL over the fact, or other measures.
    pub fn formula(&self) -> String {
        match &self.expression {
            Expression::Aggregate { table, sql, .. } => format!("{sql} FROM {table} f"),
            Expression::Sum(all) => all.join(" + "),
            Expression::Difference(one, other) => format!("{one} - {other}"),
            Expression::Ratio(one, other) => format!("{one} / {other}"),
        }
    }

    /// The measures a reader works it out from.
    pub(super) fn inputs(&self) -> Vec<&'static str> {
        match self.sampled {
            Some(Sampled::Promoters) => PROMOTERS.to_vec(),
            _ => self.expression.made_of(),
        }
    }

    /// The other measures that say how sure it is, which it is asked with where the reader may see what they are made of.
    pub(super) fn spread(&self) -> Vec<&'static str> {
        match self.sampled {
            Some(Sampled::Mean { squares, .. }) => vec![squares],
            Some(Sampled::Promoters) => PROMOTERS.to_vec(),
            Some(Sampled::Chances { variance, all }) => vec![variance, all],
            Some(Sampled::Worth { variance, known, all, .. }) => vec![variance, known, all],
            Some(Sampled::Forecast | Sampled::Extended) | None => vec![],
        }
    }

    /// Whether an aggregate of the whole follows from those of its groups, each document being in only one of them or not.
    pub(super) fn follows(&self, in_one_group: bool, facts: &BTreeMap<String, Table>) -> bool {
        match &self.expression {
            Expression::Aggregate { whole: Whole::Sum | Whole::Keys(_) | Whole::Once, .. } => true,
            Expression::Aggregate { table, whole: Whole::Documents(key), .. } => {
                in_one_group || facts.get(*table).is_some_and(|fact| fact.column(key).is_some())
            }
            _ => false,
        }
    }
}

type Words = (&'static str, &'static str);

pub(super) fn measure(
    name: &'static str,
    unit: Unit,
    labels: Words,
    definition: Words,
    expression: Expression,
) -> Measure {
    Measure {
        name,
        label: label(labels.0, labels.1),
        definition: label(definition.0, definition.1),
        unit,
        expression,
        part: false,
        sampled: None,
    }
}

pub(super) fn sum(table: &'static str, sql: &'static str) -> Expression {
    Expression::Aggregate { table, sql, whole: Whole::Sum }
}

fn documents(table: &'static str, sql: &'static str, key: &'static str) -> Expression {
    Expression::Aggregate { table, sql, whole: Whole::Documents(key) }
}

pub(super) fn different_customers(table: &'static str) -> Expression {
    let whole = Whole::Keys("f.account_key");
    Expression::Aggregate { table, sql: "count(DISTINCT f.account_key)", whole }
}

/// How many rows of a fact an answer is made of.
pub(crate) fn rows_of(table: &'static str, name: &'static str) -> Measure {
    let words = ("Rows", "行数");
    Measure { part: true, ..measure(name, Unit::Count, words, words, sum(table, "count(*)")) }
}

/// Every measure there is.
pub(crate) fn all() -> Vec<Measure> {
    [
        sales(),
        margins(),
        returns(),
        activities(),
        campaigns(),
        costs::costs(),
        surveys::surveys(),
        customers::customers(),
    ]
    .concat()
}

fn sales() -> Vec<Measure> {
    use Expression::{Difference, Ratio};
    vec![
        measure(
            "net_sales",
            Unit::Money,
            ("Net sales", "净销售额"),
            (
                "Sales less returns, in company currency, without tax. A return counts on the day it came back.",
                "销售额减退货（本位币，不含税）；退货按退回当日计入。",
            ),
            Difference("sales", "returned"),
        ),
        measure(
            "sales",
            Unit::Money,
            ("Sales", "销售额"),
            (
                "Amounts of orders that count (confirmed, shipped, completed) after discounts, in company currency, without tax, before returns.",
                "计入销售的订单（已确认、已发货、已完成）折后金额（本位币，不含税），未扣退货。",
            ),
            sum("sales", "sum(f.net)"),
        ),
        measure(
            "orders",
            Unit::Count,
            ("Orders", "订单数"),
            ("Number of orders with a line that counts.", "含计入销售的行的订单数。"),
            documents("sales", "count(DISTINCT f.\"order\")", "order_key"),
        ),
        measure(
            "customers",
            Unit::Count,
            ("Customers who bought", "购买客户数"),
            (
                "Number of different customers with a line that counts; anonymous sales have none.",
                "有计入销售的订单行的不同客户数，散客不计。",
            ),
            different_customers("sales"),
        ),
        measure(
            "quantity",
            Unit::Quantity,
            ("Quantity", "数量"),
            (
                "Units sold, whatever the unit: only meaningful within one product or products of one unit.",
                "销售数量，不区分计量单位，仅在单位相同的产品内有意义。",
            ),
            sum("sales", "sum(f.quantity)"),
        ),
        measure(
            "lines",
            Unit::Count,
            ("Order lines", "订单行数"),
            ("Number of order lines that count.", "计入销售的订单行数。"),
            sum("sales", "count(*)"),
        ),
        measure(
            "average_order",
            Unit::Money,
            ("Average order", "客单价"),
            ("Sales divided by the number of orders.", "销售额除以订单数。"),
            Ratio("sales", "orders"),
        ),
        measure(
            "sales_per_customer",
            Unit::Money,
            ("Sales per customer", "客均销售额"),
            ("Sales divided by the number of customers who bought.", "销售额除以购买客户数。"),
            Ratio("sales", "customers"),
        ),
        measure(
            "discount",
            Unit::Money,
            ("Discounts", "优惠金额"),
            (
                "What was taken off lines and whole orders, in company currency.",
                "行折扣与整单折扣之和（本位币）。",
            ),
            sum("sales", "sum(f.discount)"),
        ),
        Measure {
            part: true,
            ..measure(
                "list_sales",
                Unit::Money,
                ("Sales before discounts", "折前销售额"),
                ("Sales plus discounts.", "销售额加优惠金额。"),
                sum("sales", "sum(f.net + f.discount)"),
            )
        },
        measure(
            "discount_rate",
            Unit::Share,
            ("Discount rate", "折扣率"),
            ("Discounts divided by sales before discounts.", "优惠金额除以折前销售额。"),
            Ratio("discount", "list_sales"),
        ),
    ]
}

fn margins() -> Vec<Measure> {
    use Expression::{Difference, Ratio};
    vec![
        measure(
            "margin",
            Unit::Money,
            ("Margin", "毛利"),
            (
                "Margin of sales less margin given back with returns. Documents in which a cost is not known are left out.",
                "销售毛利减退货冲回的毛利；有成本未知的单据不计。",
            ),
            Difference("sales_margin", "returned_margin"),
        ),
        measure(
            "sales_margin",
            Unit::Money,
            ("Margin before returns", "退货前毛利"),
            ("Sales less cost, over orders whose costs are all known.", "成本全部已知的订单的销售额减成本。"),
            sum("sales", "sum(f.margin)"),
        ),
        measure(
            "cost",
            Unit::Money,
            ("Cost of sales", "销售成本"),
            (
                "Cost of what was sold, over orders whose costs are all known.",
                "成本全部已知的订单的销售成本。",
            ),
            sum("sales", "sum(f.cost)"),
        ),
        Measure {
            part: true,
            ..measure(
                "costed_sales",
                Unit::Money,
                ("Sales of known cost", "成本已知的销售额"),
                (
                    "Sales of orders whose costs are all known: what the margin was earned on.",
                    "成本全部已知的订单的销售额，即毛利对应的销售额。",
                ),
                sum("sales", "sum(CASE WHEN f.margin IS NOT NULL THEN f.net END)"),
            )
        },
        measure(
            "margin_rate",
            Unit::Share,
            ("Margin rate", "毛利率"),
            ("Margin before returns divided by the sales it was earned on.", "退货前毛利除以对应的销售额。"),
            Ratio("sales_margin", "costed_sales"),
        ),
    ]
}

fn returns() -> Vec<Measure> {
    use Expression::Ratio;
    vec![
        measure(
            "returned",
            Unit::Money,
            ("Returns", "退货额"),
            (
                "Amounts given back for returns that count (received, refunded), in company currency, without tax.",
                "计入的退货（已收货、已退款）金额（本位币，不含税）。",
            ),
            sum("returns", "sum(f.net)"),
        ),
        measure(
            "returned_margin",
            Unit::Money,
            ("Margin of returns", "退货毛利"),
            ("Margin lost with returns.", "退货冲回的毛利。"),
            sum("returns", "sum(f.margin)"),
        ),
        measure(
            "return_documents",
            Unit::Count,
            ("Number of returns", "退货单数"),
            ("Number of returns with a line that counts.", "含计入退货的行的退货单数。"),
            documents("returns", "count(DISTINCT f.\"return\")", "return_key"),
        ),
        measure(
            "returned_quantity",
            Unit::Quantity,
            ("Quantity returned", "退货数量"),
            ("Units that came back.", "退回的数量。"),
            sum("returns", "sum(f.quantity)"),
        ),
        measure(
            "return_rate",
            Unit::Share,
            ("Return rate", "退货率"),
            ("Returns of the period divided by its sales.", "期间退货额除以期间销售额。"),
            Ratio("returned", "sales"),
        ),
    ]
}

fn campaigns() -> Vec<Measure> {
    vec![
        measure(
            "campaign_touches",
            Unit::Count,
            ("Campaign touches", "营销触达次数"),
            (
                "Customers to be reached, once for each campaign, on its first day.",
                "应触达的客户数，每次营销活动各计一次，日期为活动首日。",
            ),
            sum("campaign_touches", "count(*) FILTER (WHERE NOT f.control)"),
        ),
        measure(
            "campaign_left_alone",
            Unit::Count,
            ("Left alone to compare", "对照客户数"),
            (
                "Customers left alone to compare with, once for each campaign, on its first day.",
                "作为对照不触达的客户数，每次营销活动各计一次，日期为活动首日。",
            ),
            sum("campaign_touches", "count(*) FILTER (WHERE f.control)"),
        ),
        measure(
            "campaign_customers",
            Unit::Count,
            ("Customers of campaigns", "营销活动客户数"),
            (
                "Number of different customers campaigns were for, those left alone included.",
                "营销活动涉及的不同客户数，含对照客户。",
            ),
            different_customers("campaign_touches"),
        ),
        measure(
            "campaign_buyers",
            Unit::Count,
            ("Reached who bought", "触达后购买客户数"),
            (
                "Customers to be reached who bought within the days of the campaign, once for each campaign, on its first day. That they would not have bought anyway only the comparison on the experiment's page can say.",
                "应触达客户中在活动期内购买的客户数，每次营销活动各计一次，日期为活动首日。是否因触达而购买，须看效果实验页面的比较。",
            ),
            sum("campaign_touches", "count(*) FILTER (WHERE NOT f.control AND f.bought_on IS NOT NULL)"),
        ),
        measure(
            "campaign_left_alone_buyers",
            Unit::Count,
            ("Left alone who bought", "对照组购买客户数"),
            (
                "Customers left alone who bought within the days of the campaign all the same, once for each campaign, on its first day.",
                "未触达的对照客户中在活动期内购买的客户数，每次营销活动各计一次，日期为活动首日。",
            ),
            sum("campaign_touches", "count(*) FILTER (WHERE f.control AND f.bought_on IS NOT NULL)"),
        ),
        measure(
            "campaign_sales",
            Unit::Money,
            ("Sales to the reached", "触达客户销售额"),
            (
                "What customers to be reached bought for within the days of the campaign, without tax before returns, on its first day.",
                "应触达客户在活动期内的有效订单净额（不含税、未扣退货），日期为活动首日。",
            ),
            sum("campaign_touches", "sum(f.sales) FILTER (WHERE NOT f.control)"),
        ),
        measure(
            "campaign_left_alone_sales",
            Unit::Money,
            ("Sales to those left alone", "对照客户销售额"),
            (
                "What customers left alone bought for within the days of the campaign, without tax before returns, on its first day.",
                "未触达的对照客户在活动期内的有效订单净额（不含税、未扣退货），日期为活动首日。",
            ),
            sum("campaign_touches", "sum(f.sales) FILTER (WHERE f.control)"),
        ),
    ]
}

fn activities() -> Vec<Measure> {
    vec![
        measure(
            "activities",
            Unit::Count,
            ("Activities", "活动数"),
            ("Number of contacts with customers, whatever the channel.", "与客户接触的次数，不论渠道。"),
            sum("activities", "count(*)"),
        ),
        measure(
            "activity_minutes",
            Unit::Quantity,
            ("Minutes of activities", "活动时长（分钟）"),
            ("Minutes spent, as far as they were written down.", "已登记的活动分钟数。"),
            sum("activities", "sum(f.duration_minutes)"),
        ),
        measure(
            "contacted_customers",
            Unit::Count,
            ("Customers contacted", "接触客户数"),
            ("Number of different customers with an activity.", "有活动的不同客户数。"),
            different_customers("activities"),
        ),
    ]
}
