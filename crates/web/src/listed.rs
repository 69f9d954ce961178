//! Figures that pages compute, as the data catalog lists them: those that are no column of a table and no measure of the
//! warehouse. A module says which its pages show.

use crate::{Answer, App, Session};
use engine::{BoxFuture, Engine};
use meta::{DateTime, Label, NaiveDate, Utc};
use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedFigure {
    pub name: String,
    pub label: Label,
    pub definition: Label,
    /// How far it can be off, or that it is exact.
    pub certainty: Label,
    pub unit: &'static str,
    /// Tables and columns of the warehouse it is made of.
    pub inputs: &'static str,
    /// What computes it, and when.
    pub origin: Label,
    /// The page where it stands.
    pub page: Label,
    pub href: &'static str,
    /// The day it holds for; nothing while it has not been computed, and for what is computed as the page is opened.
    pub as_of: Option<NaiveDate>,
    pub refreshed_at: Option<DateTime<Utc>>,
}

/// The figures of a module's pages, as far as the reader may open them.
pub type FiguresFn = fn(App, Session) -> BoxFuture<'static, Answer<Vec<ListedFigure>>>;

/// The day the figures hold for that a module keeps on records; `None` while there are none.
pub type FiguresDayFn = fn(Engine) -> BoxFuture<'static, engine::Result<Option<NaiveDate>>>;

impl App {
    /// As the first module says that keeps figures on records.
    pub async fn figures_day(&self) -> engine::Result<Option<NaiveDate>> {
        match self.modules().iter().find_map(|module| module.figures_day) {
            Some(figures_day) => figures_day(self.engine().clone()).await,
            None => Ok(None),
        }
    }

    /// Of every module.
    pub async fn listed_figures(&self, session: &Session) -> Answer<Vec<ListedFigure>> {
        let mut all = vec![];
        for figures in self.modules().iter().filter_map(|module| module.figures) {
            all.extend(figures(self.clone(), session.clone()).await?);
        }
        Ok(all)
    }
}
