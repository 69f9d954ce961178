//! Which tables there are: one for every entity, its figures beside it, and the facts.

use crate::{
    define, facts, history,
    table::{Beside, Column, ColumnKind, Side, Source, Table},
    touches,
};
use engine::Registry;
use meta::{Entity, Field, Kind, label};

/// Every table of the warehouse, derived from the metadata: a new field is a new column, a new entity a new table.
pub fn tables(registry: &Registry) -> Vec<Table> {
    let mut tables: Vec<Table> = vec![];
    for entity in registry.entities().filter(|entity| is_kept(entity)) {
        tables.push(records(registry, entity));
        tables.extend(figures(registry, entity));
    }
    tables.extend(history::table(registry));
    tables.extend(touches::table(registry));
    tables.extend(facts::facts(registry));
    tables
}

/// Secrets, and what is one user's own, stay in the operational store.
pub(crate) fn is_kept(entity: &Entity) -> bool {
    !entity.secret && !entity.internal && entity.personal.is_none()
}

/// Nothing is counted by long texts, and they would be the largest part of the files.
pub(crate) fn kind_of(field: &Field) -> Option<ColumnKind> {
    Some(match &field.kind {
        Kind::LongText | Kind::Json => return None,
        Kind::Integer => ColumnKind::Int,
        Kind::Decimal { .. } | Kind::Money | Kind::Percent => {
            ColumnKind::Decimal(u8::try_from(field.scale()?).ok()?)
        }
        Kind::Bool => ColumnKind::Bool,
        Kind::Date => ColumnKind::Date,
        Kind::Instant => ColumnKind::Instant,
        Kind::Reference { .. } => ColumnKind::Id,
        Kind::Text { .. } | Kind::Email | Kind::Phone | Kind::Url | Kind::Choice(_) => ColumnKind::Text,
    })
}

/// Whether the records of an entity have keys. Lines have none: nothing refers to them so often that it would pay.
pub(crate) fn has_keys(registry: &Registry, entity: &str) -> bool {
    registry.entity(entity).is_ok_and(|entity| entity.parent.is_none())
}

fn records(registry: &Registry, entity: &Entity) -> Table {
    let labels = (entity.plural.en.as_str(), entity.plural.zh.as_str());
    let definition = (
        format!("One {} that is not deleted.", entity.label.en),
        format!("一条未删除的{}记录。", entity.label.zh),
    );
    let definition = (definition.0.as_str(), definition.1.as_str());
    let mut table = Table::new(&entity.name, &entity.name, labels, definition);
    let mut side = Side::Head;
    if let (Some(head), Some(parent)) = (entity.parent_entity(), &entity.parent) {
        // Lines stand in the order of their documents, with which they are deleted and restored.
        table = Table::new(&entity.name, head, labels, definition).moved_by(&entity.name, &[parent]);
        table.movers[0].life_only = true;
        table.line = Some((entity.name.clone(), parent.clone()));
        table.head_column = parent.clone();
        table.input(Side::Head, "id", ColumnKind::Id);
        side = Side::Line;
    }
    table.add_id(registry, entity, side);
    for field in entity.fields.values().filter(|field| field.apart.is_none()) {
        table.add(registry, &entity.name, side, field);
    }
    for (name, en, zh) in [("created_at", "Created", "创建时间"), ("updated_at", "Updated", "更新时间")]
    {
        let moment = (format!("{en}: the moment, in UTC."), format!("{zh}（UTC 时刻）。"));
        let field = meta::instant(name).label(en, zh).help(&moment.0, &moment.1);
        table.add(registry, &entity.name, side, &field);
    }
    let created_by = meta::reference("created_by", "user").label("Created by", "创建人").help(
        "The user who made the record; empty where the program did.",
        "创建记录的用户；由系统创建的为空。",
    );
    table.add(registry, &entity.name, side, &created_by);
    // Totals follow the lines, whose changes are what is logged.
    for child in registry.children(&entity.name) {
        if let Some(parent) = &child.parent {
            table = table.moved_by(&child.name, &[parent]);
        }
    }
    table
}

/// Figures of models are replaced whole, without a trace in the change log.
fn figures(registry: &Registry, entity: &Entity) -> Option<Table> {
    entity.aparts().next()?;
    let mut table = Table::new(
        &engine::schema::figures_table_name(&entity.name),
        &entity.name,
        (&format!("Figures of {}", entity.plural.en), &format!("{}指标", entity.label.zh)),
        (
            &format!("The figures of one {}.", entity.label.en),
            &format!("一个{}的各项指标。", entity.label.zh),
        ),
    );
    table.beside = Some(Beside {
        tables: entity.aparts().map(|apart| engine::schema::apart_table_name(&entity.name, apart)).collect(),
        key: "id".to_owned(),
        then_by: None,
        known: None,
        reader: engine::figures_reader(&entity.name),
    });
    table.add_id(registry, entity, Side::Head);
    for (at, apart) in entity.aparts().enumerate() {
        for field in entity.figures_apart(apart) {
            table.add(registry, &entity.name, Side::Beside(at), field);
        }
    }
    // What is written about a record (orders, contacts, answers to surveys) moves its figures.
    for other in registry.entities().filter(|other| other.name != entity.name) {
        for field in other.fields.values().filter(|field| field.target() == Some(&*entity.name)) {
            table = table.moved_by(&other.name, &[&field.name]);
        }
    }
    Some(facts::worth(registry, entity, facts::moved_by_documents(registry, table)))
}

impl Table {
    /// The id and the key of a row's own record.
    pub(crate) fn add_id(&mut self, registry: &Registry, entity: &Entity, side: Side) {
        let at = self.input(side, "id", ColumnKind::Id);
        let id = |name: &str, en: &str, zh: &str, definition, kind, source| Column {
            name: name.to_owned(),
            label: label(en, zh),
            definition,
            kind,
            origin: None,
            target: Some(entity.name.clone()),
            source,
        };
        self.columns.push(id("id", "Id", "标识", define::id(entity), ColumnKind::Id, Source::Own(at)));
        if has_keys(registry, &entity.name) {
            let number = define::key(&entity.label);
            self.columns.push(id("key", "Key", "键", number, ColumnKind::Key, Source::Key(at)));
        }
    }

    /// A field's column, and for a reference the key of what it points to.
    pub(crate) fn add(&mut self, registry: &Registry, entity: &str, side: Side, field: &Field) {
        let Some(kind) = kind_of(field) else { return };
        let at = self.input(side, &field.name, kind);
        let column = Column {
            name: field.name.clone(),
            label: field.label.clone(),
            definition: define::field(registry, entity, field),
            kind,
            origin: Some((entity.to_owned(), field.name.clone())),
            target: field.target().map(str::to_owned),
            source: Source::Own(at),
        };
        let keyed = column.target.as_deref().is_some_and(|target| has_keys(registry, target));
        let key = keyed.then(|| column.as_key(registry));
        self.columns.push(column);
        self.columns.extend(key);
    }
}

impl Column {
    /// The key beside an id.
    pub(crate) fn as_key(&self, registry: &Registry) -> Column {
        let source = match &self.source {
            Source::Own(at) => Source::Key(*at),
            other => other.clone(),
        };
        let target = self.target.as_deref().and_then(|target| registry.entity(target).ok());
        let definition = target.map_or_else(|| self.definition.clone(), |target| define::key(&target.label));
        Column {
            name: format!("{}_key", self.name),
            kind: ColumnKind::Key,
            source,
            definition,
            ..self.clone()
        }
    }
}
