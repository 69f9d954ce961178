//! An entity, declared as data. Tables, pages, API, import, search and audit are derived from it.

use crate::{Apart, Field, Kind, Label, Record, label, text};
use indexmap::IndexMap;

#[derive(Clone, Debug)]
pub struct Entity {
    pub name: String,
    pub label: Label,
    pub plural: Label,
    /// Tabler icon name.
    pub icon: &'static str,
    /// What belongs here, for the empty list.
    pub hint: Label,
    pub fields: IndexMap<String, Field>,
    /// The field that names a record.
    pub title: String,
    /// Columns of the list before the user chooses his own.
    pub list: Vec<String>,
    /// The list's first sort, `-` in front for descending.
    pub sort: String,
    /// The choice field whose values are the columns of a board, in the list's first order.
    pub board: Option<String>,
    /// Field that references the record this one is a line of; lines are edited in their parent's form,
    /// deleted and restored with it and have no list of their own.
    pub parent: Option<String>,
    /// How its records appear on the timeline of another record.
    pub timeline: Option<Timeline>,
    /// Its records can carry their numbers in other systems.
    pub external_ids: bool,
    /// Only administrators may write.
    pub admin_only: bool,
    /// Only administrators may read.
    pub secret: bool,
    /// The reference to the user whose a record is, unless it is a field named `owner`.
    pub owned_by: Option<String>,
    /// References to records whose owners are owners of this one, too: orders follow their customer.
    pub follows: Vec<String>,
    /// What people may do whose roles say nothing of it.
    pub unsaid: Unsaid,
    /// A record belongs to the user in the first field alone, unless the second field says it is shared.
    pub personal: Option<(String, String)>,
    /// Which of its records are people, whose data can be exported and erased.
    pub persons: Persons,
    /// Not shown in navigation or the API (kept by the engine).
    pub internal: bool,
    /// Its records may turn out to be one and the same: duplicates are looked for, and can be merged.
    pub mergeable: bool,
    /// Further indexes over several fields.
    pub indexes: Vec<Vec<String>>,
}

/// What a role allows that says nothing of an entity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsaid {
    #[default]
    Nothing,
    /// To read all of it: products, users, whatever forms and pages need of everybody.
    Reading,
    /// To work on one's own: imports, saved views.
    Own,
}

/// Which records of an entity are natural persons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Persons {
    #[default]
    None,
    All,
    /// Those with this value in this choice field.
    When {
        field: String,
        value: String,
    },
}

/// `subject` references the record on whose timeline this appears, `at` says when.
#[derive(Clone, Debug)]
pub struct Timeline {
    pub subject: String,
    pub at: String,
}

impl Entity {
    pub fn new(name: &str) -> Self {
        Entity {
            name: name.to_owned(),
            label: label("", ""),
            plural: label("", ""),
            icon: "file",
            hint: label("", ""),
            fields: IndexMap::new(),
            title: "name".to_owned(),
            list: Vec::new(),
            sort: String::new(),
            board: None,
            parent: None,
            timeline: None,
            external_ids: false,
            admin_only: false,
            secret: false,
            owned_by: None,
            follows: Vec::new(),
            unsaid: Unsaid::Nothing,
            personal: None,
            persons: Persons::None,
            internal: false,
            mergeable: false,
            indexes: Vec::new(),
        }
    }

    /// Singular and plural in English; Chinese has one form.
    pub fn labels(mut self, en: &str, en_plural: &str, zh: &str) -> Self {
        self.label = label(en, zh);
        self.plural = label(en_plural, zh);
        self
    }
    pub fn icon(mut self, icon: &'static str) -> Self {
        self.icon = icon;
        self
    }
    pub fn hint(mut self, en: &str, zh: &str) -> Self {
        self.hint = label(en, zh);
        self
    }
    pub fn field(mut self, field: Field) -> Self {
        self.fields.insert(field.name.clone(), field);
        self
    }
    pub fn fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        for field in fields {
            self = self.field(field);
        }
        self
    }
    pub fn title(mut self, field: &str) -> Self {
        self.title = field.to_owned();
        self
    }
    pub fn list<const N: usize>(mut self, columns: [&str; N]) -> Self {
        self.list = columns.iter().map(|column| (*column).to_owned()).collect();
        self
    }
    pub fn sort(mut self, sort: &str) -> Self {
        self.sort = sort.to_owned();
        self
    }
    /// Records also stand on a board, a column for each value of this choice field.
    pub fn board(mut self, field: &str) -> Self {
        self.board = Some(field.to_owned());
        self
    }
    /// Lines belong to whom their parent belongs.
    pub fn parent(mut self, field: &str) -> Self {
        self.parent = Some(field.to_owned());
        self.follows(field)
    }
    pub fn timeline(mut self, subject: &str, at: &str) -> Self {
        self.timeline = Some(Timeline { subject: subject.to_owned(), at: at.to_owned() });
        self
    }
    pub fn external_ids(mut self) -> Self {
        self.external_ids = true;
        self
    }
    pub fn admin_only(mut self) -> Self {
        self.admin_only = true;
        self
    }
    /// Read and written by administrators alone.
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self.admin_only()
    }
    pub fn owned_by(mut self, field: &str) -> Self {
        self.owned_by = Some(field.to_owned());
        self
    }
    pub fn follows(mut self, reference: &str) -> Self {
        self.follows.push(reference.to_owned());
        self
    }
    /// Everybody may read it, whatever his roles say.
    pub fn open(mut self) -> Self {
        self.unsaid = Unsaid::Reading;
        self
    }
    /// Everybody works on his own.
    pub fn own(mut self) -> Self {
        self.unsaid = Unsaid::Own;
        self
    }
    pub fn personal(mut self, owner: &str, shared: &str) -> Self {
        self.personal = Some((owner.to_owned(), shared.to_owned()));
        self
    }
    /// Every record is a person.
    pub fn persons(mut self) -> Self {
        self.persons = Persons::All;
        self
    }
    /// A record is a person while its field holds this value.
    pub fn persons_when(mut self, field: &str, value: &str) -> Self {
        self.persons = Persons::When { field: field.to_owned(), value: value.to_owned() };
        self
    }
    pub fn internal(mut self) -> Self {
        self.internal = true;
        self
    }
    /// See [`Entity::mergeable`].
    pub fn mergeable(mut self) -> Self {
        self.mergeable = true;
        self
    }
    pub fn index<const N: usize>(mut self, fields: [&str; N]) -> Self {
        self.indexes.push(fields.iter().map(|field| (*field).to_owned()).collect());
        self
    }

    /// The currency every money field of the record is in.
    #[must_use]
    pub fn currency(self) -> Self {
        let mut currency = text("currency").label("Currency", "币种");
        currency.kind = Kind::Text { limit: 3 };
        self.field(currency)
    }

    /// The figures stored in one of the tables beside the entity's own.
    pub fn figures_apart(&self, apart: Apart) -> impl Iterator<Item = &Field> {
        self.fields.values().filter(move |field| field.apart == Some(apart))
    }
    /// The tables of figures there are beside the entity's own.
    pub fn aparts(&self) -> impl Iterator<Item = Apart> {
        Apart::ALL.into_iter().filter(|apart| self.figures_apart(*apart).next().is_some())
    }
    pub fn personal_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.values().filter(|field| field.personal)
    }
    pub fn is_person(&self, record: &Record) -> bool {
        match &self.persons {
            Persons::None => false,
            Persons::All => true,
            Persons::When { field, value } => record.get(field).as_text() == Some(value),
        }
    }
    pub fn get(&self, field: &str) -> Option<&Field> {
        self.fields.get(field)
    }
    /// The field that says which user a record belongs to.
    pub fn owner(&self) -> Option<&str> {
        self.owned_by.as_deref().or_else(|| self.references("owner", "user"))
    }
    /// The field that says which team a record belongs to.
    pub fn team(&self) -> Option<&str> {
        self.references("team", "team").filter(|_| self.name != "user")
    }
    fn references<'a>(&self, field: &'a str, target: &str) -> Option<&'a str> {
        self.get(field).filter(|known| known.target() == Some(target)).map(|_| field)
    }
    /// The entity its parent field points to.
    pub fn parent_entity(&self) -> Option<&str> {
        self.parent.as_deref().and_then(|field| self.get(field)).and_then(Field::target)
    }
}
