//! Plain lists: customers, contacts, products, activities, consents. A row is one record, found again by its number in the source or by
//! what tells it apart; filled cells win over what is known, empty ones change nothing.

mod cell;
mod columns;
mod find;
mod refer;

use crate::{
    Importer, Kind, Layout, RowProblem,
    store::{Store, changes},
};
use engine::{Action, BoxFuture, Engine, Result};
use meta::{Entity, Id, Record, Value, Values};
use std::{collections::HashMap, sync::Arc};
use tabular::Row;

/// A row understood: values of its own, and what it names of other records.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// Number in the source.
    pub number: Option<String>,
    pub values: Values,
    /// Of the customer it belongs to: number, name.
    pub account_number: Option<String>,
    pub account: Option<String>,
    pub parent: Option<String>,
    pub contact: Option<String>,
    pub category: Option<String>,
    pub subcategory: Option<String>,
    pub owner: Option<String>,
}

pub struct Plain {
    layout: Arc<Layout>,
    entity: Arc<Entity>,
    currency: String,
}

pub(crate) fn entity_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Orders => "order",
        Kind::Accounts => "account",
        Kind::Contacts => "contact",
        Kind::Products => "product",
        Kind::Activities => "activity",
        Kind::Consents => "consent",
    }
}

/// What a row that names a record asks to do with it.
pub(crate) const IMPORTED: [Action; 2] = [Action::Update, Action::Import];

impl Plain {
    pub fn new(engine: &Engine, layout: Arc<Layout>, currency: String) -> Result<Self> {
        let entity = engine.entity(entity_of(layout.kind))?.clone();
        Ok(Plain { layout, entity, currency })
    }
}

impl Importer for Plain {
    type Item = Item;
    type State = ();

    fn entity(&self) -> &str {
        &self.entity.name
    }
    fn state(&self) {}
    fn forget(_: &mut ()) {}

    fn parse(&self, row: &Row) -> Result<Item, RowProblem> {
        columns::read(&self.layout, &self.entity, row)
    }

    fn write<'w>(
        &'w self,
        store: &'w mut Store<'_>,
        _: &'w mut (),
        items: &'w [&'w Item],
    ) -> BoxFuture<'w, Result<Vec<(usize, RowProblem)>>> {
        Box::pin(async move {
            let entity = self.entity.name.as_str();
            let (values, mut problems) = refer::resolve(store, &self.layout, items, &self.currency).await?;
            let mut known = find::known(store, entity, items, &values).await?;
            let ids = known.values().map(|record| record.id);
            let beyond = store.beyond(entity, ids, &IMPORTED).await?;
            let refused = known.extract_if(|_, record| beyond.contains(&record.id));
            problems.extend(refused.map(|(index, _)| (index, RowProblem::beyond())));
            let mut all = Merged::default();
            for (index, (item, values)) in items.iter().zip(values).enumerate() {
                if problems.iter().any(|(bad, _)| *bad == index) {
                    continue;
                }
                match known.get(&index) {
                    Some(record) => all.update(record, values),
                    None => all.create(item, values, find::tells_apart(entity, item)),
                }
            }
            let numbers = find::new_numbers(store, items, &known).await?;
            store.give_numbers(entity, numbers).await?;
            store.update(entity, all.updates()).await?;
            all.write_new(store, entity).await?;
            Ok(problems)
        })
    }

    fn column_of(&self, field: &str) -> String {
        columns::header_of(&self.layout, field)
    }
}

/// Rows of a batch that are the same record count as one; what a later row says wins.
#[derive(Default)]
struct Merged {
    new: Vec<(Option<String>, Values)>,
    places: HashMap<String, usize>,
    known: HashMap<Id, (Record, Values)>,
}

impl Merged {
    fn update(&mut self, record: &Record, values: Values) {
        self.known.entry(record.id).or_insert_with(|| (record.clone(), Values::new())).1.extend(values);
    }

    fn create(&mut self, item: &Item, values: Values, same: Option<String>) {
        if let Some(place) = same.as_ref().and_then(|same| self.places.get(same)) {
            if let Some((number, known)) = self.new.get_mut(*place) {
                known.extend(values);
                *number = number.take().or_else(|| item.number.clone());
            }
            return;
        }
        if let Some(same) = same {
            self.places.insert(same, self.new.len());
        }
        self.new.push((item.number.clone(), values));
    }

    fn updates(&mut self) -> Vec<(Id, Values)> {
        self.known.drain().map(|(id, (record, values))| (id, changes(&record, values))).collect()
    }

    async fn write_new(self, store: &mut Store<'_>, entity: &str) -> Result<()> {
        let (mut numbered, mut others) = (vec![], vec![]);
        for (number, values) in self.new {
            for field in find::fields(entity) {
                if let Some(text) = text(&values, field) {
                    store.would_exist(entity, field, &text);
                }
            }
            match number {
                Some(number) => numbered.push((number, values)),
                None => others.push(values),
            }
        }
        store.create(entity, numbered).await?;
        store.create_plain(entity, others).await.map(drop)
    }
}

/// The text of a value, for telling records apart.
fn text(values: &Values, field: &str) -> Option<String> {
    match values.get(field)? {
        Value::Null => None,
        Value::Text(text) => Some(text.clone()),
        other => Some(other.to_json().to_string()),
    }
}
