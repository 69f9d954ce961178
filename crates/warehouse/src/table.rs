//! A table of the warehouse, as data: what a row is, where each column comes from, whose changes move it.

use crate::serving::{Cost, Effort};
use meta::{Label, label};

/// A column's type in Arrow and Parquet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Sixteen bytes.
    Id,
    /// A record's number in this warehouse: joins and groups by it are several times faster than by its id.
    Key,
    Int,
    /// Exact; stored as whole numbers of 10^-scale.
    Decimal(u8),
    Bool,
    Date,
    /// Microseconds UTC.
    Instant,
    Text,
}

impl ColumnKind {
    /// As the catalog calls it.
    pub fn name(self) -> &'static str {
        match self {
            ColumnKind::Id => "id",
            ColumnKind::Key => "key",
            ColumnKind::Int => "integer",
            ColumnKind::Decimal(_) => "decimal",
            ColumnKind::Bool => "bool",
            ColumnKind::Date => "date",
            ColumnKind::Instant => "instant",
            ColumnKind::Text => "text",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub label: Label,
    /// What it means, where the label does not say it all.
    pub definition: Label,
    pub kind: ColumnKind,
    /// The entity and the field it is read from; whoever may not see that field does not see the column.
    pub origin: Option<(String, String)>,
    /// The entity a key or an id points to.
    pub target: Option<String>,
    pub(crate) source: Source,
}

/// How a value is made of what was read; the numbers are places in [`Table::inputs`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Own(usize),
    /// The key of the record whose id was read.
    Key(usize),
    /// The company's calendar day of an instant.
    Day(usize),
    Share(Share),
    Cost(Cost),
    /// Whether it is the first row of its head.
    First,
}

/// A line's part of its document's totals in company currency; see `shares`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    Net,
    Cost,
    Margin,
    Discount,
}

/// From which table of the operational store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Head,
    Line,
    /// How many lines the head has.
    Count,
    /// One of the tables beside the head's own, by its place in [`Beside::tables`].
    Beside(usize),
}

/// Tables of the operational store beside the head's own, whose rows leave no trace in the change log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Beside {
    pub tables: Vec<String>,
    /// Their column with the head's id.
    pub key: String,
    /// Orders the rows of one head, if there may be many; in the last table.
    pub then_by: Option<&'static str>,
    /// Rows count where this column of the last table holds something.
    pub known: Option<&'static str>,
    /// The position under this name moves when all of it may have changed.
    pub reader: String,
}

/// A column of the operational store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Input {
    pub side: Side,
    pub field: String,
    pub kind: ColumnKind,
}

/// Records of `entity` move the heads that `path` leads to, reference by reference.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mover {
    pub entity: String,
    pub path: Vec<String>,
    /// Only when they are deleted or restored: lines go with their document, without entries of their own.
    pub life_only: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub name: String,
    pub label: Label,
    /// What one row is.
    pub definition: Label,
    /// The entity by whose ids the table is cut into segments.
    pub head: String,
    /// The column that holds them.
    pub(crate) head_column: String,
    /// The entity whose records are the rows, if that is not the head itself, and its reference to the head.
    pub line: Option<(String, String)>,
    pub columns: Vec<Column>,
    /// Only heads with one of these values in that field.
    pub(crate) only: Option<(String, Vec<String>)>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) movers: Vec<Mover>,
    pub(crate) shares: Option<crate::shares::Inputs>,
    /// What its rows cost the company.
    pub(crate) effort: Option<Effort>,
    /// The lines whose number is read, and their reference to the head.
    pub(crate) counted: Option<(String, String)>,
    /// Rows come from a table beside the head's.
    pub(crate) beside: Option<Beside>,
}

impl Table {
    pub(crate) fn new(name: &str, head: &str, labels: (&str, &str), definition: (&str, &str)) -> Table {
        let own = Mover { entity: head.to_owned(), path: vec![], life_only: false };
        Table {
            name: name.to_owned(),
            label: label(labels.0, labels.1),
            definition: label(definition.0, definition.1),
            head: head.to_owned(),
            head_column: "id".to_owned(),
            line: None,
            columns: vec![],
            only: None,
            inputs: vec![],
            movers: vec![own],
            shares: None,
            effort: None,
            counted: None,
            beside: None,
        }
    }

    pub(crate) fn moved_by(mut self, entity: &str, path: &[&str]) -> Table {
        let path = path.iter().map(|field| (*field).to_owned()).collect();
        self.movers.push(Mover { entity: entity.to_owned(), path, life_only: false });
        self
    }

    /// The place of an input, added if nobody asked for it before.
    pub(crate) fn input(&mut self, side: Side, field: &str, kind: ColumnKind) -> usize {
        let input = Input { side, field: field.to_owned(), kind };
        self.inputs.iter().position(|known| *known == input).unwrap_or_else(|| {
            self.inputs.push(input);
            self.inputs.len() - 1
        })
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether all rows of a document have the same in this column.
    pub(crate) fn is_of_head(&self, column: &Column) -> bool {
        match column.source {
            Source::Own(at) | Source::Key(at) | Source::Day(at) => {
                self.inputs.get(at).is_some_and(|input| input.side != Side::Line)
            }
            Source::Share(_) | Source::First => false,
            Source::Cost(_) => true,
        }
    }

    /// Whether its rows are the heads, each with what stands beside it.
    pub(crate) fn is_beside_one(&self) -> bool {
        self.beside.as_ref().is_some_and(|beside| beside.then_by.is_none())
    }

    /// The column that is true in one row of each document.
    pub(crate) fn first_line(&self) -> Option<&Column> {
        self.columns.iter().find(|column| column.source == Source::First)
    }

    /// What a column is read from or computed of, for the catalog.
    pub(crate) fn origin_of(&self, column: &Column) -> String {
        if let (Source::Cost(_), Some(effort)) = (&column.source, &self.effort) {
            let rates = if effort.counts_lines() { "cost_rate × lines" } else { "cost_rate" };
            return format!("{} × {rates}", self.head);
        }
        if let Some((entity, field)) = &column.origin {
            return format!("{entity}.{field}");
        }
        let read = match column.source {
            Source::Own(at) | Source::Key(at) | Source::Day(at) => self.inputs.get(at),
            Source::Share(_) | Source::Cost(_) | Source::First => None,
        };
        let Some(input) = read else { return self.head.clone() };
        let from = match (input.side, &self.line, &self.beside) {
            (Side::Line, Some((line, _)), _) => line,
            (Side::Beside(at), _, Some(beside)) => beside.tables.get(at).unwrap_or(&self.head),
            _ => &self.head,
        };
        format!("{from}.{}", input.field)
    }

    /// Entities whose keys stand in a column.
    pub(crate) fn keyed(&self) -> impl Iterator<Item = &str> {
        self.columns
            .iter()
            .filter(|column| column.kind == ColumnKind::Key)
            .filter_map(|column| column.target.as_deref())
    }

    /// Differs whenever the files would: then they are written anew.
    pub(crate) fn fingerprint(&self, calendar: &str) -> String {
        let columns: Vec<_> = self.columns.iter().map(|c| (&c.name, c.kind, &c.source, &c.target)).collect();
        format!(
            "{:?}",
            (FORM, calendar, &self.line, &self.only, &self.inputs, &self.shares, &self.effort, columns)
        )
    }
}

/// Raised when rows are made in another way from the same inputs.
const FORM: u32 = 1;
