//! Tables as data, and how a database is brought from one set of tables to the next.

mod apply;
mod ddl;
mod diff;
mod system;

pub(crate) use apply::{begin, end, has_column, upgrade};
pub use ddl::ddl;
pub use diff::{Step, diff};
use meta::{Apart, Entity, Field, Kind, instant};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
    pub key: Vec<String>,
    pub indexes: Vec<Index>,
    /// The entity table of whose live records it holds one row each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
    pub required: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    Id,
    Int,
    /// Counted up by the database; the table's only key column.
    Serial,
    Real,
    Text,
    Bytes,
    Bool,
    Date,
    Instant,
    /// PostgreSQL's `tsvector`; SQLite keeps the same tokens in a virtual table instead.
    Tokens,
    /// PostgreSQL's transaction number, in databases of earlier versions; absent in SQLite.
    Transaction,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Index {
    pub name: String,
    pub columns: Vec<String>,
    pub unique: bool,
    /// Only records that are not deleted.
    pub live: bool,
    /// Only records that are deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// SQLite: further columns, so that who walks along the index can tell by them which rows to pass over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried: Vec<String>,
}

impl Table {
    pub fn new<const N: usize>(name: &str, key: [&str; N]) -> Self {
        Table {
            name: name.into(),
            columns: vec![],
            key: key.map(str::to_owned).to_vec(),
            indexes: vec![],
            beside: None,
        }
    }
    pub fn required(mut self, name: &str, kind: ColumnKind) -> Self {
        self.columns.push(Column { name: name.into(), kind, required: true });
        self
    }
    pub fn optional(mut self, name: &str, kind: ColumnKind) -> Self {
        self.columns.push(Column { name: name.into(), kind, required: false });
        self
    }
    pub fn index<const N: usize>(self, columns: [&str; N]) -> Self {
        self.add_index(&columns, false, false)
    }
    pub fn unique<const N: usize>(self, columns: [&str; N]) -> Self {
        self.add_index(&columns, true, false)
    }
    fn add_index(mut self, columns: &[&str], unique: bool, live: bool) -> Self {
        let prefix = if unique { "u" } else { "i" };
        let name = format!("{prefix}_{}__{}", self.name, columns.join("__"));
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        self.indexes.push(Index { name, columns, unique, live, deleted: false, carried: vec![] });
        self
    }
    /// The index added last carries them.
    fn carrying<'e>(mut self, fields: impl Iterator<Item = &'e Field>) -> Self {
        if let Some(index) = self.indexes.last_mut() {
            index.carried = fields.map(|field| field.name.clone()).collect();
        }
        self
    }
}

const SYSTEM_COLUMNS: [(&str, ColumnKind, bool); 7] = [
    ("id", ColumnKind::Id, true),
    ("version", ColumnKind::Int, true),
    ("created_at", ColumnKind::Instant, true),
    ("updated_at", ColumnKind::Instant, true),
    ("created_by", ColumnKind::Id, false),
    ("deleted_at", ColumnKind::Instant, false),
    // The import run that created the record.
    ("run_id", ColumnKind::Id, false),
];

pub(crate) fn is_system_column(name: &str) -> bool {
    SYSTEM_COLUMNS.iter().any(|(column, _, _)| *column == name)
}

pub(crate) fn column_kind(kind: &Kind) -> ColumnKind {
    match kind {
        Kind::Integer | Kind::Decimal { .. } | Kind::Money | Kind::Percent => ColumnKind::Int,
        Kind::Bool => ColumnKind::Bool,
        Kind::Date => ColumnKind::Date,
        Kind::Instant => ColumnKind::Instant,
        Kind::Reference { .. } => ColumnKind::Id,
        _ => ColumnKind::Text,
    }
}

/// Whether lists of `entity` may be sorted by `field`, and filters by it find their rows at once.
pub(crate) fn has_index(entity: &Entity, field: &Field) -> bool {
    match field.name.as_str() {
        "id" | "run_id" => true,
        // Lines are read with their parent.
        "created_at" | "updated_at" => entity.parent.is_none(),
        name if is_system_column(name) => false,
        _ => field.indexed || field.unique,
    }
}

/// What the index behind a sort carries: fields of the same table that lists are filtered by and that are short. Only the sorts
/// people use most, for every index that carries them is as much longer: of records their title, their times and the
/// entity's own sort; of figures whatever is an amount.
pub(crate) fn carried<'e>(entity: &'e Entity, sort: &Field) -> impl Iterator<Item = &'e Field> {
    let carries = if sort.apart.is_some() {
        !matches!(sort.kind, Kind::Choice(_) | Kind::Bool | Kind::Text { .. })
    } else {
        let often = ["created_at", "updated_at", &entity.title, entity.sort.trim_start_matches('-')];
        entity.parent.is_none() && often.contains(&sort.name.as_str())
    };
    let apart = sort.apart;
    entity
        .fields
        .values()
        .filter(move |field| carries && field.apart == apart && is_short_filter(entity, field))
}

fn is_short_filter(entity: &Entity, field: &Field) -> bool {
    let short = match &field.kind {
        Kind::Choice(_) | Kind::Bool => true,
        Kind::Text { .. } => field.apart.is_none() && field.name != entity.title,
        Kind::Reference { entity: to } => matches!(to.as_str(), "user" | "team"),
        _ => false,
    };
    // Or every index of the table would be made anew for a field that is added while people work.
    let declared = !field.name.starts_with(crate::PREFIX);
    short && declared && field.indexed && !field.unique && !field.personal
}

/// The table of an entity. Field columns are nullable: what is required is the engine's to say, so that a field can become
/// required without rewriting old records.
pub fn entity_table(entity: &Entity) -> Table {
    let mut table = Table::new(&entity.name, ["id"]);
    for (name, kind, required) in SYSTEM_COLUMNS {
        table.columns.push(Column { name: name.into(), kind, required });
    }
    table = table.add_index(&["run_id"], false, false);
    if entity.parent.is_none() {
        for at in ["created_at", "updated_at"] {
            table = table.add_index(&[at, "id"], false, true).carrying(carried(entity, &instant(at)));
        }
        table = table.add_index(&["deleted_at", "id"], false, false);
        if let Some(index) = table.indexes.last_mut() {
            index.deleted = true;
        }
    }
    for field in entity.fields.values().filter(|field| field.apart.is_none()) {
        table = table.optional(&field.name, column_kind(&field.kind));
        if field.unique {
            table = table.add_index(&[&field.name], true, true);
        }
        if field.indexed {
            table = table.add_index(&[&field.name, "id"], false, true).carrying(carried(entity, field));
        }
    }
    for fields in &entity.indexes {
        let columns: Vec<&str> = fields.iter().map(String::as_str).collect();
        table = table.add_index(&columns, false, true);
    }
    table
}

/// [`apart_table_name`] of [`Apart::Figures`].
pub fn figures_table_name(entity: &str) -> String {
    format!("{entity}_figures")
}

/// The name of a table beside an entity's own that holds background figures.
pub fn apart_table_name(entity: &str, apart: Apart) -> String {
    match apart {
        Apart::Figures => figures_table_name(entity),
        Apart::Moving => format!("{entity}_moving_figures"),
    }
}

/// The table that stores a field of an entity: its own, or one beside it.
pub fn table_name_of(entity: &str, field: &Field) -> String {
    field.apart.map_or_else(|| entity.to_owned(), |apart| apart_table_name(entity, apart))
}

/// Figures are computed for every record at once, as often as models are fitted: in tables of their own that costs neither
/// the record nor its indexes. Each has one row for each live record, made and removed with it.
pub fn apart_table(entity: &Entity, apart: Apart) -> Table {
    let mut table = Table::new(&apart_table_name(&entity.name, apart), ["id"]).required("id", ColumnKind::Id);
    table.beside = Some(entity.name.clone());
    for field in entity.figures_apart(apart) {
        table = table.optional(&field.name, column_kind(&field.kind));
        if field.indexed {
            table = table.add_index(&[&field.name, "id"], false, false).carrying(carried(entity, field));
        }
    }
    table
}

/// Every table the program needs: the engine's own, the modules' own, one per entity.
pub fn tables(registry: &crate::Registry) -> Vec<Table> {
    let mut tables = system::tables();
    tables.extend(registry.tables.iter().cloned());
    tables.extend(registry.entities().map(|entity| entity_table(entity)));
    tables.extend(
        registry.entities().flat_map(|entity| entity.aparts().map(|apart| apart_table(entity, apart))),
    );
    tables.extend(registry.entities().filter_map(|entity| crate::search::table(entity)));
    tables
}
