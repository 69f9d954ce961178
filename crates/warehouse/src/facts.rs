//! The facts: what happened, one row each, with the day in the company's calendar and amounts in the company's currency.

use crate::{
    define,
    serving::Effort,
    shares,
    table::{Column, ColumnKind, Share, Side, Source, Table},
    tables::{has_keys, kind_of},
};
use engine::Registry;
use meta::{Entity, Field, Kind, Label, label};

/// What is sold, and what returns and their costs refer to.
pub(crate) const ORDER: &str = "order";
/// The figures of customers, which are a fact, too: what each is worth.
pub(crate) const WORTH: &str = "account_figures";

/// A document whose lines are facts.
struct Document {
    table: &'static str,
    labels: (&'static str, &'static str),
    definition: (&'static str, &'static str),
    head: &'static str,
    line: &'static str,
    at: &'static str,
    /// As `insight::statistics` counts them; a test holds the two together.
    counting: &'static [&'static str],
    costs: Costs,
}

/// The same documents, one row each, with what serving them cost.
struct Costs {
    table: &'static str,
    labels: (&'static str, &'static str),
    definition: (&'static str, &'static str),
    effort: fn(&mut Table, &str) -> Effort,
}

const DOCUMENTS: [Document; 2] = [
    Document {
        table: "sales",
        labels: ("Sales", "销售"),
        definition: (
            "One line of an order that counts (confirmed, shipped, completed).",
            "一条计入销售的订单行（订单已确认、已发货或已完成）。",
        ),
        head: ORDER,
        line: "order_line",
        at: "ordered_at",
        counting: &["confirmed", "shipped", "completed"],
        costs: Costs {
            table: "order_costs",
            labels: ("Cost of orders served", "订单服务成本"),
            definition: (
                "One order that counts, with what selling and handling it cost.",
                "一张计入销售的订单及其销售费用和处理成本。",
            ),
            effort: Effort::order,
        },
    },
    Document {
        table: "returns",
        labels: ("Returns", "退货"),
        definition: (
            "One line of a return that counts (received, refunded); amounts are positive, they lower sales.",
            "一条计入的退货行（已收货或已退款）；金额为正数，冲减销售。",
        ),
        head: "return",
        line: "return_line",
        at: "returned_at",
        counting: &["received", "refunded"],
        costs: Costs {
            table: "return_costs",
            labels: ("Cost of returns served", "退货服务成本"),
            definition: (
                "One return that counts, with what handling it cost.",
                "一张计入的退货单及其处理成本。",
            ),
            effort: Effort::back,
        },
    },
];

/// The facts whose entities this installation has.
pub(crate) fn facts(registry: &Registry) -> Vec<Table> {
    let lines = DOCUMENTS.iter().filter_map(|document| document.lines(registry));
    let costs = DOCUMENTS.iter().filter_map(|document| document.costs(registry));
    lines.chain(activities(registry)).chain(costs).chain(surveys(registry)).collect()
}

/// Figures of customers follow their orders and returns.
pub(crate) fn moved_by_documents(registry: &Registry, mut table: Table) -> Table {
    for Document { head, line, .. } in &DOCUMENTS {
        let leads = |entity: &str, field: &str, to: &str| {
            registry
                .entity(entity)
                .ok()
                .and_then(|known| known.get(field)?.target().map(|target| target == to))
                == Some(true)
        };
        if leads(head, "account", &table.head) {
            table = table.moved_by(head, &["account"]);
            if leads(line, head, head) {
                table = table.moved_by(line, &[head, "account"]);
            }
        }
    }
    table
}

/// A row of figures refers to its customer, and has the day of his first order.
pub(crate) fn worth(registry: &Registry, entity: &Entity, mut table: Table) -> Table {
    let first = entity.get("first_order_on");
    let side = first.and_then(|first| entity.aparts().position(|apart| first.apart == Some(apart)));
    let (Some(first), Some(side), WORTH) = (first, side, table.name.as_str()) else { return table };
    let id = table.input(Side::Head, "id", ColumnKind::Id);
    let day = table.input(Side::Beside(side), &first.name, ColumnKind::Date);
    let own = Column {
        name: entity.name.clone(),
        label: entity.label.clone(),
        definition: define::id(entity),
        kind: ColumnKind::Id,
        origin: Some((entity.name.clone(), entity.title.clone())),
        target: Some(entity.name.clone()),
        source: Source::Own(id),
    };
    table.columns.push(own.as_key(registry));
    table.columns.push(Column {
        name: "day".to_owned(),
        label: label("Day", "日期"),
        definition: label(
            format!("The day of “{}”; empty for who never bought.", first.label.en),
            format!("“{}”的日期；从未购买的为空。", first.label.zh),
        ),
        kind: ColumnKind::Date,
        origin: Some((entity.name.clone(), first.name.clone())),
        target: None,
        source: Source::Own(day),
    });
    table
}

impl Document {
    /// What the documents that count say of themselves.
    fn heads(&self, registry: &Registry, mut table: Table) -> Option<Table> {
        let head = registry.entity(self.head).ok()?;
        table.head_column = self.head.to_owned();
        table.only =
            Some(("status".to_owned(), self.counting.iter().map(|state| (*state).to_owned()).collect()));
        let id = table.input(Side::Head, "id", ColumnKind::Id);
        table.columns.push(Column {
            name: self.head.to_owned(),
            label: head.label.clone(),
            definition: define::id(head),
            kind: ColumnKind::Id,
            origin: None,
            target: Some(self.head.to_owned()),
            source: Source::Own(id),
        });
        table.add_day(head, self.at)?;
        for field in head.fields.values().filter(|field| is_cut(field) && field.name != self.at) {
            table.add_cut(registry, &head.name, Side::Head, field, &field.name);
        }
        Some(table)
    }

    fn costs(&self, registry: &Registry) -> Option<Table> {
        let Costs { table, labels, definition, effort } = &self.costs;
        let mut table = self.heads(registry, Table::new(table, self.head, *labels, *definition))?;
        let effort = effort(&mut table, self.at);
        if effort.counts_lines() {
            table.counted = Some((self.line.to_owned(), self.head.to_owned()));
            table = table.moved_by(self.line, &[self.head]);
        }
        table.charge(registry, effort);
        Some(table)
    }

    fn lines(&self, registry: &Registry) -> Option<Table> {
        let line = registry.entity(self.line).ok()?;
        let table = Table::new(self.table, self.head, self.labels, self.definition);
        let mut table = self.heads(registry, table)?.moved_by(self.line, &[self.head]);
        for field in registry.entity(self.head).ok()?.fields.values().filter(|field| is_own_amount(field)) {
            table.add_cut(registry, self.head, Side::Head, field, &field.name);
        }
        table.line = Some((self.line.to_owned(), self.head.to_owned()));
        let kept = |field: &&Field| (is_cut(field) || is_own_amount(field)) && field.name != self.head;
        for field in line.fields.values().filter(kept) {
            let taken =
                table.column(&field.name).is_some() || table.column(&format!("{}_key", field.name)).is_some();
            let name = if taken { format!("line_{}", field.name) } else { field.name.clone() };
            table.add_cut(registry, &line.name, Side::Line, field, &name);
        }
        table.add(registry, &line.name, Side::Line, line.get("quantity")?);
        // Documents that lines are told apart in are counted by their keys, which is several times faster than by their ids.
        let id = table.column(self.head)?.as_key(registry);
        table.columns.push(id);
        table.columns.push(Column {
            name: "first_line".to_owned(),
            label: label("First line", "首行"),
            definition: label(
                "True in one line of each document, so that documents are counted by it without telling them apart.",
                "每张单据仅有一行为“是”，按它即可统计单据数而无需逐一去重。",
            ),
            kind: ColumnKind::Bool,
            origin: None,
            target: None,
            source: Source::First,
        });
        table.shares = Some(shares::Inputs::of(&mut table));
        for (name, share, labels, definition) in SHARES {
            table.columns.push(Column {
                name: name.to_owned(),
                label: label(labels.0, labels.1),
                definition: label(definition.0, definition.1),
                kind: ColumnKind::Decimal(4),
                origin: Some((self.head.to_owned(), share.origin().to_owned())),
                target: None,
                source: Source::Share(share),
            });
        }
        Some(table)
    }
}

type Words = (&'static str, &'static str);

const SHARES: [(&str, Share, Words, Words); 4] = [
    (
        "net",
        Share::Net,
        ("Net amount", "净额"),
        (
            "The line's amount in company currency, without tax, after discounts: its part of the document's net amount, so that the lines of a document add up to it exactly.",
            "该行折后不含税金额（本位币）：单据净额在各行的分摊，各行之和与单据净额完全一致。",
        ),
    ),
    (
        "cost",
        Share::Cost,
        ("Cost", "成本"),
        (
            "Net amount less margin; empty while the document's margin is not known.",
            "净额减毛利；单据毛利未知时为空。",
        ),
    ),
    (
        "margin",
        Share::Margin,
        ("Margin", "毛利"),
        (
            "The line's part of the document's margin in company currency; empty while one line of the document has no known cost.",
            "单据毛利（本位币）在该行的分摊；单据中有一行成本未知即为空。",
        ),
    ),
    (
        "discount",
        Share::Discount,
        ("Discount", "折扣"),
        (
            "What was taken off in company currency: the line's own discount and its part of the document's.",
            "优惠金额（本位币）：本行折扣加整单折扣的分摊。",
        ),
    ),
];

impl Share {
    /// The field of the document it is a part of.
    fn origin(self) -> &'static str {
        match self {
            Share::Net => "net_base",
            Share::Cost | Share::Margin => "margin_base",
            Share::Discount => "discount",
        }
    }
}

/// Whether a field says something to cut by. Amounts in the document's own currency are not to be summed, and what
/// tells who somebody is belongs to the customer's record.
pub(crate) fn is_cut(field: &Field) -> bool {
    !field.tells_who()
        && !field.unique
        && !matches!(field.kind, Kind::Money | Kind::Decimal { .. } | Kind::Percent | Kind::Instant)
        && (!matches!(field.kind, Kind::Text { .. }) || field.indexed || field.name == "currency")
        && kind_of(field).is_some()
}

/// What a company counts in a field of its own and nothing is cut by: measures are made of it.
fn is_own_amount(field: &Field) -> bool {
    let amount = matches!(field.kind, Kind::Money | Kind::Decimal { .. } | Kind::Percent);
    amount && field.name.starts_with(engine::PREFIX) && !field.tells_who()
}

impl Table {
    /// The reference of something else than orders to the order it belongs to.
    pub(crate) fn order_key(&self) -> Option<&Column> {
        let refers = |column: &&Column| {
            column.kind == ColumnKind::Key
                && column.origin.is_some()
                && column.target.as_deref() == Some(ORDER)
        };
        self.columns.iter().find(refers).filter(|_| self.head != ORDER)
    }

    /// A reference is kept as a key (and the customer as an id, too), anything else as it is.
    fn add_cut(&mut self, registry: &Registry, entity: &str, side: Side, field: &Field, name: &str) {
        let Some(kind) = kind_of(field) else { return };
        let at = self.input(side, &field.name, kind);
        let column = Column {
            name: name.to_owned(),
            label: field.label.clone(),
            definition: define::field(registry, entity, field),
            kind,
            origin: Some((entity.to_owned(), field.name.clone())),
            target: field.target().map(str::to_owned),
            source: Source::Own(at),
        };
        let keyed = column.target.as_deref().is_some_and(|target| has_keys(registry, target));
        if keyed {
            self.columns.push(column.as_key(registry));
        }
        if !keyed || field.name == "account" {
            self.columns.push(column);
        }
    }

    fn add_day(&mut self, head: &Entity, at: &str) -> Option<()> {
        let field = head.get(at)?;
        // A date is a day already, whatever the time zone.
        let source = match field.kind {
            Kind::Date => Source::Own(self.input(Side::Head, at, ColumnKind::Date)),
            _ => Source::Day(self.input(Side::Head, at, ColumnKind::Instant)),
        };
        let words: Label = field.label.clone();
        self.columns.push(Column {
            name: "day".to_owned(),
            label: label("Day", "日期"),
            definition: label(
                format!("The day of “{}” in the company's time zone.", words.en),
                format!("“{}”在公司时区的日期。", words.zh),
            ),
            kind: ColumnKind::Date,
            origin: Some((head.name.clone(), at.to_owned())),
            target: None,
            source,
        });
        Some(())
    }
}

fn activities(registry: &Registry) -> Option<Table> {
    let activity = registry.entity("activity").ok()?;
    let mut table = Table::new(
        "activities",
        "activity",
        ("Activities by day", "活动（按日）"),
        ("One contact with a customer, whatever the channel.", "与客户的一次接触，不论渠道。"),
    );
    table.add_id(registry, activity, Side::Head);
    table.add_day(activity, "happened_at")?;
    for field in activity.fields.values().filter(|field| is_cut(field) || is_own_amount(field)) {
        table.add_cut(registry, &activity.name, Side::Head, field, &field.name);
    }
    let effort = Effort::contact(&mut table, "happened_at");
    table.charge(registry, effort);
    Some(table)
}

/// What a customer is asked. It is his own, so that nothing is cut by it, but means are taken of it.
const ANSWERS: [&str; 7] = [
    "expected",
    "perceived",
    "recommend",
    "repurchase",
    "price_tolerance",
    "first_choice",
    "share_of_wallet",
];

fn surveys(registry: &Registry) -> Option<Table> {
    let answer = registry.entity("survey_answer").ok()?;
    let mut table = Table::new(
        "surveys",
        "survey_answer",
        ("Survey answers by day", "调查回答（按日）"),
        (
            "One answer of a customer about one dimension. What was not asked, or was erased, is empty.",
            "客户对一个维度的一条回答；未询问或已擦除的项目为空。",
        ),
    );
    table.add_id(registry, answer, Side::Head);
    table.add_day(answer, "asked_on")?;
    for field in answer.fields.values().filter(|field| is_cut(field) && field.name != "asked_on") {
        table.add_cut(registry, &answer.name, Side::Head, field, &field.name);
    }
    for name in ANSWERS {
        table.add_cut(registry, &answer.name, Side::Head, answer.get(name)?, name);
    }
    Some(table)
}
