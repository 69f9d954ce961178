//! Campaign touches: the customers a campaign was for, and whether they were reached or left alone for comparison. The module that
//! draws them keeps them in a table of its own; here they are a fact of the customer.

use crate::define;
use crate::table::{Beside, Column, ColumnKind, Side, Source, Table};
use engine::Registry;
use meta::{Label, label};

/// The table in the operational store: `experiment`, `account`, `control`, `reached_on`.
pub const KEPT: &str = "experiment_member";
/// The position under this name moves whenever a row there does.
pub const READER: &str = "experiment_member";
pub(crate) const TABLE: &str = "campaign_touches";
const CAMPAIGN: &str = "experiment";
const HEAD: &str = "account";

/// None where nobody runs campaigns.
pub(crate) fn table(registry: &Registry) -> Option<Table> {
    let (campaign, account) = (registry.entity(CAMPAIGN).ok()?, registry.entity(HEAD).ok()?);
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
    ];
    Some(table)
}
