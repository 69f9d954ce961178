//! The classes customers had: a row from the day classes came until the day they changed. The module that computes them keeps
//! them in a table of its own; here they are a table beside the customer, and dimensions of whatever happened to him.

use crate::define;
use crate::table::{Beside, Column, ColumnKind, Side, Source, Table};
use engine::Registry;
use meta::{Field, Label, label};

/// The table in the operational store: `account`, `valid_from`, `valid_to` (the first day no longer), and the classes.
pub const KEPT: &str = "class_history";
/// The position under this name moves whenever a row there does.
pub const READER: &str = "class_history";
pub const CLASSES: [&str; 5] = ["importance", "loyalty", "value_behaviour", "stage", "value_quadrant"];

pub(crate) const TABLE: &str = "customer_history";
pub(crate) const KEY: &str = "account_key";
const HEAD: &str = "account";

/// The classes this installation keeps; none where nobody computes them.
pub(crate) fn classes(registry: &Registry) -> Vec<&Field> {
    let Ok(account) = registry.entity(HEAD) else { return vec![] };
    let fields = CLASSES.iter().map(|class| account.get(class)).collect::<Option<Vec<&Field>>>();
    fields.unwrap_or_default()
}

pub(crate) fn table(registry: &Registry) -> Option<Table> {
    let classes = classes(registry);
    if classes.is_empty() {
        return None;
    }
    let mut table = Table::new(
        TABLE,
        HEAD,
        ("History of classes", "客户分类历史"),
        (
            "The classes a customer had from one day to another. Kept after each computation, from the first one on: the earliest “valid from” says since when; what was before is not known.",
            "客户在某段时间内的各项分类。自首次计算起，每次计算后保存；最早的“生效日期”即历史的起点，此前的分类无从得知。",
        ),
    );
    table.head_column = HEAD.to_owned();
    table.beside = Some(Beside {
        tables: vec![KEPT.to_owned()],
        key: HEAD.to_owned(),
        then_by: Some("valid_from"),
        known: None,
        reader: READER.to_owned(),
    });
    let id = table.input(Side::Head, "id", ColumnKind::Id);
    let account = registry.entity(HEAD).ok()?;
    let customer = account.label.clone();
    let column = |name: &str, label: Label, definition, kind, source| Column {
        name: name.to_owned(),
        label,
        definition,
        kind,
        origin: None,
        target: Some(HEAD.to_owned()),
        source,
    };
    table.columns.push(column(HEAD, customer.clone(), define::id(account), ColumnKind::Id, Source::Own(id)));
    table.columns.push(column(
        KEY,
        customer.clone(),
        define::key(&customer),
        ColumnKind::Key,
        Source::Key(id),
    ));
    for (name, words, definition) in [
        (
            "valid_from",
            label("Valid from", "生效日期"),
            label("The first day on which the customer had these classes.", "客户开始具有这些分类的日期。"),
        ),
        (
            "valid_to",
            label("Valid to", "失效日期"),
            label("The first day no longer; empty for what still holds.", "不再有效的第一天；仍有效的为空。"),
        ),
    ] {
        let source = Source::Own(table.input(Side::Beside(0), name, ColumnKind::Date));
        let column = column(name, words, definition, ColumnKind::Date, source);
        table.columns.push(Column { target: None, ..column });
    }
    for class in classes {
        let at = table.input(Side::Beside(0), &class.name, ColumnKind::Text);
        table.columns.push(Column {
            origin: Some((HEAD.to_owned(), class.name.clone())),
            target: None,
            ..column(
                &class.name,
                class.label.clone(),
                define::field(registry, HEAD, class),
                ColumnKind::Text,
                Source::Own(at),
            )
        });
    }
    Some(table)
}
