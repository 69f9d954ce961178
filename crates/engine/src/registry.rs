//! The effective metadata: what the modules and the company declared, merged and checked once at start.

use crate::{
    Customs, Dialect, Error, Module, Recent, Result, condition,
    deep::Check,
    engine::ESTIMATE_AGE,
    module::{BeforeCommit, BeforeSave, BeforeSetting, Copies, Defaults, JobHandler, NumberNames, Start},
    schema::Table,
    store::ByIds,
};
use cel::IdedExpr;
use indexmap::IndexMap;
use meta::{Entity, Field, Id, Kind, Label, Persons, label};
use sea_query::Values;
use std::{collections::HashMap, sync::Arc};

pub struct ModuleInfo {
    pub name: &'static str,
    pub label: Label,
    pub entities: Vec<String>,
}

pub struct Registry {
    entities: IndexMap<String, Arc<Entity>>,
    by_ids: HashMap<String, ByIds>,
    /// Filters as they were read a moment ago: pages ask with the same ones, each several times.
    pub(crate) filters: Recent<String, Arc<IdedExpr>>,
    modules: Vec<ModuleInfo>,
    pub(crate) tables: Vec<Table>,
    defaults: Vec<(&'static str, Defaults)>,
    before_save: HashMap<&'static str, Vec<BeforeSave>>,
    before_commit: Vec<(&'static str, BeforeCommit)>,
    pub(crate) before_setting: Vec<(&'static str, BeforeSetting)>,
    pub(crate) jobs: HashMap<&'static str, JobHandler>,
    pub(crate) starts: Vec<Start>,
    pub(crate) checks: Vec<Check>,
    pub(crate) copies: Vec<Copies>,
    pub(crate) number_names: Vec<(&'static str, &'static str, NumberNames)>,
}

impl Registry {
    pub fn build(modules: Vec<Module>, customs: &Customs) -> Result<Registry> {
        let mut entities: IndexMap<String, Entity> = IndexMap::new();
        let mut registry = Registry {
            entities: IndexMap::new(),
            by_ids: HashMap::new(),
            filters: Recent::for_at_most(ESTIMATE_AGE)
                .weighing(|text: &String, _| condition::kept_bytes(text)),
            modules: vec![],
            tables: vec![],
            defaults: vec![],
            before_save: HashMap::new(),
            before_commit: vec![],
            before_setting: vec![],
            jobs: HashMap::new(),
            starts: vec![],
            checks: vec![],
            copies: vec![],
            number_names: vec![],
        };
        let (mut extensions, mut lists) = (vec![], vec![]);
        for module in modules {
            registry.modules.push(ModuleInfo {
                name: module.name,
                label: module.label,
                entities: module.entities.iter().map(|entity| entity.name.clone()).collect(),
            });
            for entity in module.entities {
                let name = entity.name.clone();
                if entities.insert(name.clone(), entity).is_some() {
                    return Err(Error::Internal(format!("entity {name} is declared twice")));
                }
            }
            extensions.extend(module.extensions);
            lists.extend(module.lists);
            registry.tables.extend(module.tables);
            registry.defaults.extend(module.defaults);
            for (entity, rule) in module.before_save {
                registry.before_save.entry(entity).or_default().push(rule);
            }
            registry.before_commit.extend(module.before_commit);
            registry.before_setting.extend(module.before_setting);
            registry.jobs.extend(module.jobs);
            registry.starts.extend(module.starts);
            registry.checks.extend(module.checks);
            registry.copies.extend(module.copies);
            registry.number_names.extend(module.number_names);
        }
        for (name, fields) in extensions {
            let entity = entities
                .get_mut(name)
                .ok_or_else(|| Error::Internal(format!("fields added to unknown entity {name}")))?;
            entity.fields.extend(fields.into_iter().map(|field| (field.name.clone(), field)));
        }
        for list in lists {
            let entity = entities
                .get_mut(list.entity)
                .ok_or_else(|| Error::Internal(format!("a list for unknown entity {}", list.entity)))?;
            entity.list = list.columns.into_iter().map(str::to_owned).collect();
            entity.sort = list.sort.to_owned();
        }
        let own = customs.add_to(&mut entities);
        if !own.is_empty() {
            let label = label("Custom", "自定义");
            registry.modules.push(ModuleInfo { name: "custom", label, entities: own });
        }
        entities.values_mut().for_each(add_board_index);
        check(&entities)?;
        registry.by_ids = entities.keys().map(|name| (name.clone(), ByIds::default())).collect();
        registry.entities = entities.into_iter().map(|(name, entity)| (name, Arc::new(entity))).collect();
        Ok(registry)
    }

    pub fn entity(&self, name: &str) -> Result<&Arc<Entity>> {
        self.entities.get(name).ok_or_else(|| Error::NotFound(name.to_owned()))
    }
    pub fn entities(&self) -> impl Iterator<Item = &Arc<Entity>> {
        self.entities.values()
    }
    /// The statement that reads records of an entity as it is declared.
    pub(crate) fn by_ids(&self, entity: &Entity, ids: &[Id], dialect: Dialect) -> (String, Values) {
        match self.by_ids.get(&entity.name) {
            Some(texts) => texts.statement(entity, ids, dialect),
            None => ByIds::default().statement(entity, ids, dialect),
        }
    }
    pub fn modules(&self) -> &[ModuleInfo] {
        &self.modules
    }
    /// Entities whose records are lines of `entity`.
    pub fn children<'a>(&'a self, entity: &'a str) -> impl Iterator<Item = &'a Arc<Entity>> {
        self.entities.values().filter(move |child| child.parent_entity() == Some(entity))
    }
    /// Every field of any entity that references `entity`.
    pub fn referrers<'a>(&'a self, entity: &'a str) -> impl Iterator<Item = (&'a Arc<Entity>, &'a Field)> {
        self.entities.values().flat_map(move |other| {
            other
                .fields
                .values()
                .filter(move |field| field.target() == Some(entity))
                .map(move |field| (other, field))
        })
    }
    /// Texts and JSON of what people keep for themselves (views, questions, dashboards): they may name any record.
    pub(crate) fn kept_texts(&self) -> impl Iterator<Item = (&Arc<Entity>, &Field)> {
        let kept = self.entities.values().filter(|entity| entity.personal.is_some());
        kept.flat_map(|entity| {
            let names_records = |field: &&Field| matches!(field.kind, Kind::LongText | Kind::Json);
            entity.fields.values().filter(names_records).map(move |field| (entity, field))
        })
    }
    pub(crate) fn defaults(&self, entity: &str) -> impl Iterator<Item = Defaults> {
        self.defaults.iter().filter(move |(of, _)| *of == entity).map(|(_, fill)| *fill)
    }
    pub(crate) fn rules(&self, entity: &str) -> &[BeforeSave] {
        self.before_save.get(entity).map_or(&[], Vec::as_slice)
    }
    pub(crate) fn commit_rules(&self) -> &[(&'static str, BeforeCommit)] {
        &self.before_commit
    }
}

/// A column of a board is a stretch of this index: counted and read in the list's order without sorting.
fn add_board_index(entity: &mut Entity) {
    let sort = entity.sort.trim_start_matches('-').to_owned();
    if let Some(board) = entity.board.clone().filter(|_| !["", "id"].contains(&sort.as_str())) {
        entity.indexes.push(vec![board, sort, "id".to_owned()]);
    }
}

/// Whose a record is would have no answer.
fn follows_itself(entities: &IndexMap<String, Entity>, entity: &Entity, first: &str, depth: usize) -> bool {
    let followed = entity.follows.iter().filter_map(|name| entity.get(name).and_then(Field::target));
    depth > entities.len()
        || followed.into_iter().any(|target| {
            target == first
                || entities.get(target).is_some_and(|next| follows_itself(entities, next, first, depth + 1))
        })
}

/// A declaration that names what does not exist must fail at start, not on a page.
fn check(entities: &IndexMap<String, Entity>) -> Result<()> {
    let wrong =
        |entity: &Entity, what: String| Err(Error::Internal(format!("entity {}: {what}", entity.name)));
    for entity in entities.values() {
        let named = entity.list.iter().chain([&entity.title]).chain(entity.parent.iter());
        let personal = entity.personal.iter().flat_map(|(owner, shared)| [owner, shared]);
        let timeline = entity.timeline.iter().flat_map(|timeline| [&timeline.subject, &timeline.at]);
        for name in named
            .chain(timeline)
            .chain(personal)
            .chain(entity.owned_by.iter())
            .chain(&entity.follows)
            .chain(entity.indexes.iter().flatten())
        {
            if !entity.fields.contains_key(name) && !crate::schema::is_system_column(name) {
                return wrong(entity, format!("names unknown field {name}"));
            }
        }
        if let Persons::When { field, value } = &entity.persons
            && !entity
                .get(field)
                .is_some_and(|field| field.choices().iter().any(|choice| choice.value == *value))
        {
            return wrong(entity, format!("persons are told by {field} = {value}, which is no choice"));
        }
        if follows_itself(entities, entity, &entity.name, 0) {
            return wrong(entity, format!("follows {} in a circle", entity.follows.join(", ")));
        }
        if let Some(name) = &entity.board {
            let field = entity.get(name).filter(|field| !field.choices().is_empty() && !field.computed);
            if field.is_none_or(|field| !field.indexed) {
                return wrong(entity, format!("a board needs an indexed choice field to put in, not {name}"));
            }
            if entity.get(entity.sort.trim_start_matches('-')).is_some_and(|sort| sort.apart.is_some()) {
                return wrong(
                    entity,
                    format!("a board cannot be in the order of a figure ({})", entity.sort),
                );
            }
        }
        for field in entity.fields.values() {
            if let Some(target) = field.target().filter(|target| !entities.contains_key(*target)) {
                return wrong(entity, format!("field {} references unknown entity {target}", field.name));
            }
            if field.label.zh.is_empty() {
                return wrong(entity, format!("field {} has no Chinese label", field.name));
            }
        }
    }
    Ok(())
}
