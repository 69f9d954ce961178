//! Addresses of records and lists. Everything that makes a list what it is stands in its address.

use engine::Registry;
use meta::{Entity, Id};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// What a part of a query or path must not hold as it is, the slash among them.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b',');

/// `text` as part of a query or path.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, PART).to_string()
}

pub fn list_href(entity: &Entity) -> String {
    format!("/{}", entity.name)
}

/// How the records of an entity are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    List,
    Board,
}

impl Layout {
    pub fn href(self, entity: &Entity) -> String {
        match self {
            Layout::List => list_href(entity),
            Layout::Board => format!("{}/board", list_href(entity)),
        }
    }
}

/// Entities that a module shows and makes on pages of its own: name, and where those pages begin.
const OWN_PAGES: [(&str, &str); 1] = [("import_run", "/import")];

/// Where a module's own pages for this entity begin.
pub fn own_pages(entity: &Entity) -> Option<&'static str> {
    OWN_PAGES.iter().find(|(name, _)| *name == entity.name).map(|(_, href)| *href)
}

/// Entities of which there is more to see than fields: name, and the page below the record's address that shows it.
const SHOWN_BY: [(&str, &str); 1] = [("role", "rights")];

/// The page that shows a record instead of its own.
pub fn shown_by(entity: &Entity, id: Id) -> Option<String> {
    let page = SHOWN_BY.iter().find(|(name, _)| *name == entity.name).map(|(_, page)| *page)?;
    Some(format!("{}/{id}/{page}", list_href(entity)))
}

/// The page of a record; lines have none.
pub fn record_href(registry: &Registry, entity: &str, id: Id) -> Option<String> {
    let entity = registry.entity(entity).ok()?;
    let pages = own_pages(entity).map_or_else(|| list_href(entity), str::to_owned);
    (entity.parent.is_none() && !entity.internal).then(|| format!("{pages}/{id}"))
}

pub fn create_href(entity: &Entity) -> String {
    own_pages(entity).map_or_else(|| format!("{}/new", list_href(entity)), str::to_owned)
}

/// What an address asks of a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub q: String,
    /// A condition in CEL.
    pub filter: String,
    pub sort: String,
    /// Names of columns, apart by commas.
    pub columns: String,
    /// A saved view's id.
    pub view: String,
    pub after: String,
}

impl Asked {
    /// A query string with `?`, or nothing.
    pub fn query(&self) -> String {
        let parts = [
            ("q", &self.q),
            ("filter", &self.filter),
            ("sort", &self.sort),
            ("columns", &self.columns),
            ("view", &self.view),
            ("after", &self.after),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    pub fn href(&self, entity: &Entity) -> String {
        list_href(entity) + &self.query()
    }

    pub fn sorted(&self, sort: String) -> Asked {
        Asked { sort, after: String::new(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_every_letter() {
        let asked =
            Asked { filter: "city == \"青\" && a > 1".into(), sort: "-name".into(), ..Asked::default() };
        assert_eq!(
            asked.href(&Entity::new("account")),
            "/account?filter=city%20%3D%3D%20%22%E9%9D%92%22%20%26%26%20a%20%3E%201&sort=-name"
        );
        assert_eq!(Asked::default().href(&Entity::new("account")), "/account");
    }
}
