//! What to list.

use meta::Id;

/// Records of one entity: which, in what order, from where on, which fields.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pub entity: String,
    /// A condition in CEL syntax; empty is all.
    pub filter: String,
    /// Only records whose reference in this field is this one; also for fields whose name CEL keeps for itself (`return`).
    pub belongs_to: Option<(String, Id)>,
    /// Only these.
    pub among: Option<Vec<Id>>,
    /// Words every record must contain (see [`crate::search`]).
    pub search: String,
    /// An indexed field, `-` in front for descending; empty is the entity's own order.
    pub sort: String,
    /// The `next` of the page before.
    pub after: Option<String>,
    pub limit: usize,
    /// Only these fields; empty is all.
    pub fields: Vec<String>,
    /// Deleted records instead of live ones.
    pub deleted: bool,
    /// For a file that leaves the house: the right to export counts, too.
    pub exporting: bool,
}

/// More records than this are not answered at once.
pub(crate) const LIMIT_MAXIMUM: usize = 1_000;
const LIMIT_DEFAULT: usize = 50;

impl Query {
    pub fn new(entity: &str) -> Self {
        Query { entity: entity.to_owned(), limit: LIMIT_DEFAULT, ..Query::default() }
    }
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = filter.into();
        self
    }
    pub fn belongs_to(mut self, field: &str, id: Id) -> Self {
        self.belongs_to = Some((field.to_owned(), id));
        self
    }
    pub fn among(mut self, ids: &[Id]) -> Self {
        self.among = Some(ids.to_vec());
        self
    }
    pub fn search(mut self, search: impl Into<String>) -> Self {
        self.search = search.into();
        self
    }
    pub fn sort(mut self, sort: impl Into<String>) -> Self {
        self.sort = sort.into();
        self
    }
    pub fn after(mut self, after: Option<String>) -> Self {
        self.after = after;
        self
    }
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
    pub fn fields(mut self, fields: &[&str]) -> Self {
        self.fields = fields.iter().map(|field| (*field).to_owned()).collect();
        self
    }
    pub fn exporting(mut self) -> Self {
        self.exporting = true;
        self
    }
    pub fn deleted(mut self) -> Self {
        self.deleted = true;
        self
    }
}
