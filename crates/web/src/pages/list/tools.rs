//! What stands above the records of an entity, whether they are a list or a board.

use super::{filter, views::ViewTab};
use crate::pages::{
    Reader,
    access::Can,
    address::{Asked, Layout, create_href, list_href},
    entity_view::EntityView,
};
use engine::{Actor, Engine, Result};
use meta::{Entity, Field, Id};
use serde::Serialize;
use std::collections::HashMap;

#[derive(Serialize)]
pub struct Tools {
    pub entity: EntityView,
    pub count: String,
    pub searchable: bool,
    pub filtered: bool,
    pub can: Can,
    pub query: QueryView,
    pub filter_error: Option<String>,
    pub views: Vec<ViewTab>,
    /// Where the browser reads what can be filtered, shown and set; kept by it until the address changes.
    pub fields_href: String,
    /// Titles of records that the filter names.
    pub labels: HashMap<Id, String>,
    /// Names of the columns shown, apart by commas.
    pub chosen: String,
    pub layout: &'static str,
    /// Where the page itself is, without what is asked of it.
    pub href: String,
    pub list_href: String,
    /// `None` if the entity has no board.
    pub board_href: Option<String>,
    pub export_href: String,
    pub import_href: String,
    pub create_href: String,
}

#[derive(Serialize)]
pub struct QueryView {
    pub q: String,
    pub filter: String,
    pub sort: String,
    pub columns: String,
    pub view: String,
}

/// What is asked for and shown.
pub struct Asking<'a> {
    pub entity: &'a Entity,
    pub asked: &'a Asked,
    pub columns: &'a [Field],
    pub layout: Layout,
}

pub async fn tools(
    engine: &Engine,
    actor: &Actor,
    reader: &Reader,
    asking: Asking<'_>,
    views: Vec<ViewTab>,
    (count, filter_error): (String, Option<String>),
) -> Result<Tools> {
    let Asking { entity, asked, columns, layout } = asking;
    let whole = Asked { after: String::new(), ..asked.clone() };
    let query = whole.query();
    let chosen: Vec<&str> = columns.iter().map(|field| field.name.as_str()).collect();
    Ok(Tools {
        entity: EntityView::new(reader, entity),
        count,
        searchable: entity.fields.values().any(|field| field.searched),
        filtered: !asked.q.trim().is_empty() || !asked.filter.trim().is_empty(),
        can: Can::of(actor, entity),
        filter_error,
        views,
        fields_href: filter::fields_href(reader, entity),
        labels: filter::labels(engine, actor, entity, &asked.filter).await?,
        chosen: chosen.join(","),
        layout: if layout == Layout::Board { "board" } else { "list" },
        href: layout.href(entity),
        list_href: list_href(entity) + &query,
        board_href: entity.board.is_some().then(|| Layout::Board.href(entity) + &query),
        export_href: format!("{}/export{query}", list_href(entity)),
        import_href: format!("/import?kind={}", entity.name),
        create_href: create_href(entity),
        query: QueryView {
            q: whole.q,
            filter: whole.filter,
            sort: whole.sort,
            columns: whole.columns,
            view: whole.view,
        },
    })
}
