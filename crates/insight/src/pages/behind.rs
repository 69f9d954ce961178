//! The page with the customers behind a number that no condition of a list says, such as those who moved between two days: as many
//! as the number, a page at a time, with today's figures.

use super::{
    customer_table::{self, Column},
    href,
    words::Words,
};
use axum::response::{IntoResponse, Response};
use meta::Id;
use minijinja::context;
use std::collections::HashMap;
use web::{Answer, Session};

/// Customers on a page.
pub const ROWS: usize = 50;

pub struct Behind<'a> {
    pub title: String,
    /// In what order they stand, and of when the columns are.
    pub help: String,
    /// As of when they were counted.
    pub foot: String,
    /// The page with the number: its address and name.
    pub back: (String, String),
    pub columns: &'a [&'a str],
    /// One more column, of what was found of them: a text for each of `ids`.
    pub told: Option<(Column, Vec<String>)>,
    /// The customers of this page, in their order.
    pub ids: Vec<Id>,
    /// The number.
    pub total: usize,
    /// The first page is 0.
    pub page: usize,
}

/// The place of the first customer of a page.
pub fn start(page: usize, total: usize) -> usize {
    page.saturating_mul(ROWS).min(total)
}

impl Behind<'_> {
    /// `address` is that of one of the pages.
    pub async fn show(
        self,
        words: &Words<'_>,
        session: &Session,
        address: impl Fn(usize) -> String,
    ) -> Answer<Response> {
        let Behind { title, help, foot, back, columns, told, ids, total, page } = self;
        let start = start(page, total);
        let records = customer_table::known(words, session, &ids, columns).await?;
        let among = customer_table::among(&ids);
        let list = href::list("account", &among);
        let mut table =
            customer_table::table(words, session, &records, columns, &among, list.clone()).await?;
        if let Some((column, texts)) = told {
            let texts: HashMap<Id, String> = ids.iter().copied().zip(texts).collect();
            table.tell(
                column,
                records.iter().map(|record| texts.get(&record.id).cloned().unwrap_or_default()),
            );
        }
        // Kept when they were counted: some may have been merged or deleted since.
        let gone = ids.len().saturating_sub(table.rows.len());
        let context = context! {
            title, help, foot, table,
            total => words.count(total as u64),
            first => words.count((start + usize::from(total > 0)) as u64),
            last => words.count((start + ids.len()) as u64),
            gone => (gone > 0).then(|| words.count(gone as u64)),
            back => back.0, back_label => back.1,
            list_href => (!ids.is_empty()).then_some(list),
            previous => (page > 0).then(|| address(page - 1)),
            next => (start + ids.len() < total).then(|| address(page + 1)),
        };
        words.app.page(session, "insight/behind.html", context).map(IntoResponse::into_response)
    }
}
