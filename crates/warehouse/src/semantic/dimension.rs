//! Dimensions: what measures are cut by, derived from the columns of the facts and from the fields of what they point to.

use crate::{
    define,
    facts::ORDER,
    history,
    table::{Column, ColumnKind, Table},
};
use engine::Registry;
use meta::{Bands, Choice, Entity, Field, Kind, Label, label};

/// How far from the fact an attribute may stand: the customer's owner's team is two references away.
const DEPTH_LIMIT: usize = 3;
/// How far up a tree is climbed, so that records which refer to each other in a circle have an end, too.
pub(super) const LEVELS_UP: usize = 8;

#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// `account.province`: the same name means the same in every fact.
    pub name: String,
    pub label: Label,
    pub definition: Label,
    pub kind: DimensionKind,
    /// From coarse to fine, for drilling down; none for what has one level.
    pub levels: Vec<Level>,
    /// References from the fact, each with the table it leads to.
    pub(crate) path: Vec<Step>,
    /// The column at its end.
    pub(crate) column: String,
    /// The table beside the records that holds the column, if they do not.
    pub(crate) beside: Option<String>,
    /// It holds what was on the day of the fact.
    pub(crate) then: bool,
    /// Not the record in the column, but one above it.
    pub(crate) above: Option<Above>,
}

/// A level of the tree that records make by referring to others of their kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Above {
    /// The key column that refers to the next higher.
    pub parent: String,
    pub level: TreeLevel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TreeLevel {
    Top,
    BelowTop,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// The key column that refers to …
    pub key: String,
    /// … this entity's table.
    pub table: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DimensionKind {
    /// A record, named by its title.
    Record {
        entity: String,
    },
    Choice(Vec<Choice>),
    Text,
    Bool,
    Number,
    /// Whole numbers by bands, each known by its first number.
    Bands(Bands),
    Date,
}

/// A level of dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    /// 1 is January, in whatever year.
    MonthOfYear,
    /// 1 is Monday.
    Weekday,
    FiscalYear,
    FiscalQuarter,
    /// Workday, weekend, or which public holiday.
    DayKind,
}

impl Level {
    pub const ALL: [Level; 10] = [
        Level::Year,
        Level::Quarter,
        Level::Month,
        Level::Week,
        Level::Day,
        Level::MonthOfYear,
        Level::Weekday,
        Level::FiscalYear,
        Level::FiscalQuarter,
        Level::DayKind,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Level::Year => "year",
            Level::Quarter => "quarter",
            Level::Month => "month",
            Level::Week => "week",
            Level::Day => "day",
            Level::MonthOfYear => "month_of_year",
            Level::Weekday => "weekday",
            Level::FiscalYear => "fiscal_year",
            Level::FiscalQuarter => "fiscal_quarter",
            Level::DayKind => "day_kind",
        }
    }

    pub fn label(self) -> Label {
        match self {
            Level::Year => label("Year", "年"),
            Level::Quarter => label("Quarter", "季度"),
            Level::Month => label("Month", "月"),
            Level::Week => label("Week", "周"),
            Level::Day => label("Day", "日"),
            Level::MonthOfYear => label("Month of the year", "月份"),
            Level::Weekday => label("Day of the week", "星期"),
            Level::FiscalYear => label("Fiscal year", "财年"),
            Level::FiscalQuarter => label("Fiscal quarter", "财季"),
            Level::DayKind => label("Workday or holiday", "工作日与节假日"),
        }
    }

    /// Whether its members come again every year or week, so that they are no stretch of days.
    pub fn recurs(self) -> bool {
        matches!(self, Level::MonthOfYear | Level::Weekday | Level::DayKind)
    }

    /// The next finer level.
    pub fn finer(self) -> Option<Level> {
        match self {
            Level::Year => Some(Level::Quarter),
            Level::FiscalYear => Some(Level::FiscalQuarter),
            Level::Quarter | Level::FiscalQuarter => Some(Level::Month),
            Level::Month | Level::Week => Some(Level::Day),
            Level::Day | Level::MonthOfYear | Level::Weekday | Level::DayKind => None,
        }
    }
}

/// Every dimension of a fact.
pub(crate) fn of_fact(registry: &Registry, fact: &Table) -> Vec<Dimension> {
    let mut found = vec![];
    let direct: Vec<&str> = fact.keyed().collect();
    for column in &fact.columns {
        if column.origin.is_none() || fact.is_beside_one() && !is_of_every_fact(fact, column) {
            continue;
        }
        let base = Dimension {
            name: column.name.trim_end_matches("_key").to_owned(),
            label: column.label.clone(),
            definition: column.definition.clone(),
            kind: DimensionKind::Text,
            levels: vec![],
            path: vec![],
            column: column.name.clone(),
            beside: None,
            then: false,
            above: None,
        };
        match column.kind {
            ColumnKind::Date => found.push(base.dated()),
            ColumnKind::Bool => found.push(Dimension { kind: DimensionKind::Bool, ..base }),
            ColumnKind::Text => found.push(Dimension { kind: text_kind(registry, column), ..base }),
            ColumnKind::Key => {
                let Some(entity) = column.target.as_deref().and_then(|name| registry.entity(name).ok())
                else {
                    continue;
                };
                if !crate::tables::is_kept(entity) {
                    continue;
                }
                let record = Dimension {
                    kind: DimensionKind::Record { entity: entity.name.clone() },
                    definition: define::record(field_of(registry, column), entity),
                    ..base
                };
                attributes(registry, entity, &record, &direct, &mut found);
                if column.name == history::KEY {
                    found.extend(history::classes(registry).into_iter().map(|class| record.then(class)));
                }
                found.extend(record.above(entity));
                found.push(record);
            }
            ColumnKind::Int => {
                let bands = field_of(registry, column).and_then(|field| field.bands);
                found.extend(bands.map(|bands| Dimension { kind: DimensionKind::Bands(bands), ..base }));
            }
            ColumnKind::Id | ColumnKind::Decimal(_) | ColumnKind::Instant => {}
        }
    }
    found
}

/// The record and the day. A figure of a record is cut by as an attribute of it, by the same name in every fact.
fn is_of_every_fact(fact: &Table, column: &Column) -> bool {
    column.name == "day" || column.kind == ColumnKind::Key && column.target.as_ref() == Some(&fact.head)
}

/// What the order says of itself, for a fact that has none of these names and refers to an order: by the same names, so that sales and returns
/// are cut by the same. `own` is what the fact has, `order` what the fact has whose rows are orders.
pub(crate) fn of_the_order(fact: &Table, own: &[Dimension], order: &[Dimension]) -> Vec<Dimension> {
    let Some(reference) = fact.order_key() else { return vec![] };
    let group = |dimension: &Dimension| dimension.name.split('.').next().map(str::to_owned);
    let known: Vec<Option<String>> = own.iter().map(group).collect();
    let lacking = order.iter().filter(|dimension| !known.contains(&group(dimension)));
    let (en, zh) = (&reference.label.en, &reference.label.zh);
    let step = Step { key: reference.name.clone(), table: ORDER.to_owned() };
    let through = |dimension: &Dimension| Dimension {
        definition: label(
            format!("{} Taken from “{en}”; empty without one.", dimension.definition.en),
            format!("{}取自“{zh}”，无则为空。", dimension.definition.zh),
        ),
        path: [vec![step.clone()], dimension.path.clone()].concat(),
        ..dimension.clone()
    };
    lacking.map(through).collect()
}

fn field_of<'r>(registry: &'r Registry, column: &Column) -> Option<&'r Field> {
    let (entity, field) = column.origin.as_ref()?;
    registry.entity(entity).ok()?.get(field)
}

fn text_kind(registry: &Registry, column: &Column) -> DimensionKind {
    match field_of(registry, column).map(|field| &field.kind) {
        Some(Kind::Choice(choices)) => DimensionKind::Choice(choices.clone()),
        _ => DimensionKind::Text,
    }
}

impl Dimension {
    /// The class the customer had.
    fn then(&self, class: &Field) -> Dimension {
        let (of, class_label) = (&self.label, &class.label);
        Dimension {
            name: format!("{}.{}_then", self.name, class.name),
            label: label(
                format!("{}: {} at the time", of.en, class_label.en),
                format!("{}：当时的{}", of.zh, class_label.zh),
            ),
            definition: label(
                format!(
                    "{} on the day of what is counted, as it was computed then. Kept from the first computation on; empty for days before.",
                    class_label.en
                ),
                format!(
                    "所统计业务发生当日的{}，以当时计算的结果为准。自首次计算起保存，此前的日期为空。",
                    class_label.zh
                ),
            ),
            kind: DimensionKind::Choice(class.choices().to_vec()),
            path: vec![Step { key: self.column.clone(), table: "account".to_owned() }],
            column: class.name.clone(),
            beside: Some(history::TABLE.to_owned()),
            then: true,
            ..self.clone()
        }
    }

    /// The records at the top of the tree and right below it; of what is reached from one of its own kind they are the same.
    fn above(&self, entity: &Entity) -> Vec<Dimension> {
        let is_parent = |field: &&Field| field.target() == Some(entity.name.as_str()) && is_attribute(field);
        let reached = self.path.last().is_some_and(|step| step.table == entity.name);
        let Some(parent) = entity.fields.values().find(is_parent).filter(|_| !reached) else { return vec![] };
        let (of, en, zh) = (&self.label, define::in_sentence(&entity.label.en), &entity.label.zh);
        let (up_en, up_zh) = (&parent.label.en, &parent.label.zh);
        let one = |name: &str, level, words: (&str, &str), what: (&str, &str)| Dimension {
            name: format!("{}.{name}", self.name),
            label: label(format!("{}: {} {en}", of.en, words.0), format!("{}：{}{zh}", of.zh, words.1)),
            definition: label(
                format!(
                    "Up along “{up_en}”, {LEVELS_UP} times at most: {}. The {en} itself where there is none.",
                    what.0
                ),
                format!("沿“{up_zh}”逐级向上（至多 {LEVELS_UP} 级）：{}；没有时即为该{zh}本身。", what.1),
            ),
            above: Some(Above { parent: format!("{}_key", parent.name), level }),
            ..self.clone()
        };
        vec![
            one("root", TreeLevel::Top, ("topmost", "最上级"), ("the highest", "取最上面的一级")),
            one(
                "level_2",
                TreeLevel::BelowTop,
                ("second-level", "第二级"),
                ("the one right below the highest", "取最上级之下的一级"),
            ),
        ]
    }

    fn dated(self) -> Dimension {
        Dimension { kind: DimensionKind::Date, levels: Level::ALL.to_vec(), ..self }
    }
}

/// What the record a dimension names says of itself.
fn attributes(
    registry: &Registry,
    entity: &Entity,
    record: &Dimension,
    direct: &[&str],
    found: &mut Vec<Dimension>,
) {
    let mut path = record.path.clone();
    path.push(Step { key: record.column.clone(), table: entity.name.clone() });
    for field in entity.fields.values().filter(|field| is_attribute(field)) {
        let base = Dimension {
            name: format!("{}.{}", record.name, field.name),
            label: label(
                format!("{}: {}", record.label.en, field.label.en),
                format!("{}：{}", record.label.zh, field.label.zh),
            ),
            definition: define::field(registry, &entity.name, field),
            kind: DimensionKind::Text,
            levels: vec![],
            path: path.clone(),
            column: field.name.clone(),
            beside: field.apart.map(|_| engine::schema::figures_table_name(&entity.name)),
            then: false,
            above: None,
        };
        match &field.kind {
            Kind::Choice(choices) => {
                found.push(Dimension { kind: DimensionKind::Choice(choices.clone()), ..base })
            }
            Kind::Bool => found.push(Dimension { kind: DimensionKind::Bool, ..base }),
            Kind::Date if field.apart.is_some() || path.len() == 1 => found.push(base.dated()),
            Kind::Integer if let Some(bands) = field.bands => {
                found.push(Dimension { kind: DimensionKind::Bands(bands), ..base })
            }
            Kind::Integer if field.apart.is_some() => {
                found.push(Dimension { kind: DimensionKind::Number, ..base })
            }
            Kind::Reference { entity: target } if path.len() < DEPTH_LIMIT => {
                let Some(target) =
                    registry.entity(target).ok().filter(|target| crate::tables::is_kept(target))
                else {
                    continue;
                };
                let next = Dimension {
                    kind: DimensionKind::Record { entity: target.name.clone() },
                    definition: define::record(Some(field), target),
                    column: format!("{}_key", field.name),
                    ..base
                };
                // What the fact itself refers to is cut by there.
                if path.len() == 1 && !direct.contains(&target.name.as_str()) {
                    attributes(registry, target, &next, direct, found);
                    found.extend(next.above(target));
                }
                found.push(next);
            }
            Kind::Text { .. } => found.push(base),
            _ => {}
        }
    }
}

/// Few different values are to be expected, and none that tells who somebody is.
fn is_attribute(field: &Field) -> bool {
    let text = matches!(field.kind, Kind::Text { .. });
    !field.tells_who() && !field.unique && (!text || field.indexed || field.apart.is_some())
}
