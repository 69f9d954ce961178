//! Rows of entities into their tables, whatever tables the metadata makes of an entity: columns are found by name in the schema,
//! background figures go into a table of their own where there is one, search documents are made of the searched fields.

use super::{
    cell::Cell,
    sink::{Documents, Insert, Sink},
};
use anyhow::{Context, bail};
use engine::{
    Dialect, Registry,
    schema::{Index, Step, Table, apart_table_name, ddl, tables},
    search,
};
use meta::{DateTime, Entity, Id, Utc};
use std::{collections::BTreeMap, time::Instant};

/// What every record has besides its fields.
#[derive(Clone, Copy)]
pub struct Head {
    pub id: Id,
    pub at: DateTime<Utc>,
    pub by: Option<Id>,
}

/// Where the cells of an entity's records go.
pub struct Layout {
    entity: String,
    record: Part,
    figures: Vec<Part>,
    /// Cells whose texts the search finds, and where it looks for them.
    searched: Option<(Vec<usize>, Documents)>,
}

struct Part {
    insert: Insert,
    cells: Vec<usize>,
}

pub struct Loader {
    sink: Box<dyn Sink>,
    tables: Vec<Table>,
    dialect: Dialect,
    /// The highest document of each entity.
    documents: BTreeMap<String, i64>,
    rows: u64,
    started: Instant,
}

const HEAD: [&str; 5] = ["id", "version", "created_at", "updated_at", "created_by"];
const SAY_EVERY: u64 = 1_000_000;

impl Loader {
    /// `documents` are in the database already.
    pub fn new(
        sink: Box<dyn Sink>,
        registry: &Registry,
        dialect: Dialect,
        documents: BTreeMap<String, i64>,
    ) -> Loader {
        Loader { sink, tables: tables(registry), dialect, documents, rows: 0, started: Instant::now() }
    }

    /// `columns` are fields of the entity, in the order their cells will be given.
    pub fn layout(&mut self, entity: &Entity, columns: &[&str]) -> anyhow::Result<Layout> {
        let beside: Vec<Table> = entity
            .aparts()
            .filter_map(|apart| {
                let beside = apart_table_name(&entity.name, apart);
                self.tables.iter().find(|table| table.name == beside).cloned()
            })
            .collect();
        let table = self.tables.iter().find(|table| table.name == entity.name);
        let table = table.with_context(|| format!("there is no table {}", entity.name))?.clone();
        let has = |table: &Table, column: &str| table.columns.iter().any(|own| own.name == column);
        let (mut own, mut figures) = (vec![], vec![vec![]; beside.len()]);
        for (index, column) in columns.iter().enumerate() {
            match beside.iter().position(|beside| has(beside, column)) {
                _ if has(&table, column) => own.push(index),
                Some(place) => figures[place].push(index),
                None => bail!("{} has no column {column}", entity.name),
            }
        }
        let names = |head: &[&'static str], cells: &[usize]| -> Vec<String> {
            let fields = cells.iter().map(|cell| columns[*cell]);
            head.iter().copied().chain(fields).map(str::to_owned).collect()
        };
        let mut prepare = |table: &str, names: Vec<String>| {
            self.sink.prepare(table, &names.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let record = Part { insert: prepare(&table.name, names(&HEAD, &own)), cells: own };
        let figures = beside
            .iter()
            .zip(figures)
            .map(|(beside, cells)| Part { insert: prepare(&beside.name, names(&["id"], &cells)), cells })
            .collect();
        let searched = |column: &str| entity.get(column).is_some_and(|field| field.searched);
        let searched: Vec<usize> = (0..columns.len()).filter(|index| searched(columns[*index])).collect();
        let searched = match search::is_searched(entity) {
            true => Some((searched, self.sink.prepare_documents(&entity.name)?)),
            false => None,
        };
        Ok(Layout { entity: entity.name.clone(), record, figures, searched })
    }

    pub fn add(&mut self, layout: &Layout, head: Head, cells: &[Cell<'_>]) -> anyhow::Result<()> {
        let own = [head.id.into(), Cell::Int(1), head.at.into(), head.at.into(), head.by.into()];
        let of = |part: &Part, own: &[Cell<'static>]| -> Vec<Cell<'_>> {
            own.iter().copied().chain(part.cells.iter().map(|cell| cells[*cell])).collect()
        };
        self.sink.insert(layout.record.insert, &of(&layout.record, &own))?;
        for figures in &layout.figures {
            self.sink.insert(figures.insert, &of(figures, &own[..1]))?;
        }
        if let Some((searched, documents)) = &layout.searched {
            let texts = searched.iter().filter_map(|cell| match cells[*cell] {
                Cell::Text(text) => Some(text),
                _ => None,
            });
            let tokens = search::document(texts);
            let highest = self.documents.entry(layout.entity.clone()).or_default();
            *highest += 1;
            self.sink.document(documents, *highest, head.id, &tokens)?;
        }
        self.rows += 1;
        if self.rows.is_multiple_of(SAY_EVERY) {
            self.say(&format!("{} million rows", self.rows / SAY_EVERY));
        }
        Ok(())
    }

    /// New records get numbers from `next` on.
    pub fn number_from(&mut self, sequence: &str, next: i64) -> anyhow::Result<()> {
        let insert = self.sink.prepare("number_sequence", &["name", "next"]);
        self.sink.insert(insert, &[sequence.into(), next.into()])
    }

    /// Indexes that `wanted` accepts are dropped or made.
    pub fn indexes(&mut self, make: bool, wanted: impl Fn(&Table, &Index) -> bool) -> anyhow::Result<()> {
        self.sink.flush()?;
        for table in self.tables.clone() {
            let mut statements: Vec<String> = vec![];
            for index in table.indexes.iter().filter(|index| wanted(&table, index)) {
                let step = if make {
                    Step::CreateIndex { table: table.name.clone(), index: index.clone() }
                } else {
                    Step::DropIndex { index: index.name.clone() }
                };
                statements.extend(ddl(&step, self.dialect));
            }
            if !statements.is_empty() {
                statements.extend(self.token_index(&table, make));
            }
            for statement in &statements {
                self.sink.run(statement)?;
            }
            if make && statements.len() > 1 {
                self.say(&format!("{} indexes of {}", statements.len(), table.name));
            }
        }
        Ok(())
    }

    /// PostgreSQL's index of search tokens comes with the table, not as one of its indexes.
    fn token_index(&self, table: &Table, make: bool) -> Vec<String> {
        let mut statements = ddl(&Step::CreateTable(table.clone()), self.dialect);
        statements.retain(|statement| statement.contains("USING gin"));
        if !make && !statements.is_empty() {
            statements = vec![format!("DROP INDEX IF EXISTS \"i_{}__tokens\"", table.name)];
        }
        statements
    }

    /// Returns the highest search document of each entity.
    pub fn settle(mut self) -> anyhow::Result<BTreeMap<String, i64>> {
        self.sink.settle(&self.documents)?;
        self.say("settled");
        Ok(self.documents)
    }

    pub fn say(&self, what: &str) {
        eprintln!("{:>6.1} s  {what}", self.started.elapsed().as_secs_f64());
    }
}
