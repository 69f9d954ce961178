//! The page with the customers behind a number that no condition of a list says, such as those who moved between two days: as many
//! as the number, a page at a time, with today's figures.

use super::{
    customer_table::{self, Column},
    href,
    words::Words,
};
use crate::paged::Page;
use axum::response::{IntoResponse, Response};
use meta::Id;
use minijinja::context;
use std::collections::HashMap;
use web::{Answer, Session};

pub struct Behind<'a> {
    pub title: String,
    /// In what order they stand, and of when the columns are.
    pub help: String,
    /// As of when they were counted.
    pub foot: String,
    /// The page with the number: its address and name.
    pub back: (String, String),
    pub columns: &'a [&'a str],
    /// One more column, of what was found of them: a text for each of the page.
    pub told: Option<(Column, Vec<String>)>,
    /// The customers, in their order.
    pub page: Page<Id>,
    /// The number.
    pub total: usize,
}

impl Behind<'_> {
    /// `address` is that of the first page.
    pub async fn show(self, words: &Words<'_>, session: &Session, address: &str) -> Answer<Response> {
        let Behind { title, help, foot, back, columns, told, page, total } = self;
        let Page { rows: ids, before, next } = page;
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
            first => words.count((before + usize::from(!ids.is_empty())) as u64),
            last => words.count((before + ids.len()) as u64),
            gone => (gone > 0).then(|| words.count(gone as u64)),
            back => back.0, back_label => back.1,
            list_href => (!ids.is_empty()).then_some(list),
            first_href => (before > 0).then_some(address),
            next_href => next.map(|next| {
                let joint = if address.contains('?') { '&' } else { '?' };
                format!("{address}{joint}after={next}")
            }),
        };
        words.app.page(session, "insight/behind.html", context).map(IntoResponse::into_response)
    }
}
