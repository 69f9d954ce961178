//! Campaign touches: the customers a campaign was for, whether they were reached or left alone for comparison, and what they bought
//! within its days. The module that draws them keeps them in a table of its own; here they are a fact of the customer.

use crate::define;
use crate::table::{Beside, Column, ColumnKind, Side, Source, Table};
use engine::Registry;
use meta::{Label, label};

/// The table in the operational store: `experiment`, `account`, `control`, `reached_on`, `bought_at`, `sales`.
pub const KEPT: &str = "experiment_member";
/// The position under this name moves whenever a row there does.
pub const READER: &str = "experiment_member";
pub(crate) const TABLE: &str = "campaign_touches";
const CAMPAIGN: &str = "experiment";
const HEAD: &str = "account";
/// What campaigns are to bring.
const BOUGHT: &str = "order";

/// None where nobody runs campaigns.
pub(crate) fn table(registry: &Registry) -> Option<Table> {
    let (campaign, account) = (registry.entity(CAMPAIGN).ok()?, registry.entity(HEAD).ok()?);
    registry.entity(BOUGHT).ok()?;
    let mut table = Table::new(
        TABLE,
        HEAD,
        ("Campaign touches", "营销触达"),
        (
            "One customer of one campaign: reached, or left alone to compare with.",
            "一次营销活动中的一位客户：已触达，或作为对照不触达。",
        ),
    );
    table.head_column = HEAD.to_owned();
    table.beside = Some(Beside {
        tables: vec![KEPT.to_owned()],
        key: HEAD.to_owned(),
        then_by: Some(CAMPAIGN),
        // Empty while its campaign is deleted.
        known: Some("reached_on"),
        reader: READER.to_owned(),
    });
    // Whoever may not see campaigns sees none of it.
    let origin = Some((CAMPAIGN.to_owned(), campaign.title.clone()));
    let column = |name: &str, label: &Label, definition, kind, target: Option<&str>, source| Column {
        name: name.to_owned(),
        label: label.clone(),
        definition,
        kind,
        origin: origin.clone(),
        target: target.map(str::to_owned),
        source,
    };
    let id = table.input(Side::Head, "id", ColumnKind::Id);
    let of = table.input(Side::Beside(0), CAMPAIGN, ColumnKind::Id);
    let on = table.input(Side::Beside(0), "reached_on", ColumnKind::Date);
    let control = table.input(Side::Beside(0), "control", ColumnKind::Bool);
    let bought = table.input(Side::Beside(0), "bought_at", ColumnKind::Instant);
    let sales = table.input(Side::Beside(0), "sales", ColumnKind::Decimal(4));
    // Whoever may not see all orders does not see what came of campaigns either.
    let of_orders = |field: &str| Some((BOUGHT.to_owned(), field.to_owned()));
    let (customer, named) = (&account.label, &campaign.label);
    table.columns = vec![
        column(HEAD, customer, define::id(account), ColumnKind::Id, Some(HEAD), Source::Own(id)),
        column("account_key", customer, define::key(customer), ColumnKind::Key, Some(HEAD), Source::Key(id)),
        column(CAMPAIGN, named, define::id(campaign), ColumnKind::Id, Some(CAMPAIGN), Source::Own(of)),
        column("experiment_key", named, define::key(named), ColumnKind::Key, Some(CAMPAIGN), Source::Key(of)),
        column(
            "day",
            &label("Day", "日期"),
            label("The first day of the campaign.", "营销活动开始的日期。"),
            ColumnKind::Date,
            None,
            Source::Own(on),
        ),
        column(
            "control",
            &label("Left alone", "对照组"),
            label(
                "Whether the customer was left alone to compare with; everybody else was to be reached.",
                "是否属于不触达的对照组；其余客户均应触达。",
            ),
            ColumnKind::Bool,
            None,
            Source::Own(control),
        ),
        Column {
            origin: of_orders("ordered_at"),
            ..column(
                "bought_on",
                &label("Bought on", "购买日期"),
                label(
                    "The day of the customer's first order that counts between the first and the last day of the campaign, whether he was reached or left alone; empty if he bought nothing. As the campaign was last compared: every night until it has ended.",
                    "客户在活动首日至末日之间第一张有效订单的日期，不论触达还是对照；未购买的为空。以最近一次比较为准，活动结束前每晚更新。",
                ),
                ColumnKind::Date,
                None,
                Source::Day(bought),
            )
        },
        Column {
            origin: of_orders("net_base"),
            ..column(
                "sales",
                &label("Sales within the days", "活动期内销售额"),
                label(
                    "The customer's orders that count between the first and the last day of the campaign, without tax before returns, in company currency; zero if he bought nothing, empty before the campaign is compared.",
                    "客户在活动首日至末日之间的有效订单净额（不含税、未扣退货，本位币）；未购买的为零，尚未比较的为空。",
                ),
                ColumnKind::Decimal(4),
                None,
                Source::Own(sales),
            )
        },
    ];
    Some(table)
}
