//! Why a row cannot become records, or a file cannot be imported.

use meta::{Label, Lang, Problem, label};
use tabular::{CellError, Language, TableError};

/// What is wrong with one row: it goes to the error file.
#[derive(Clone, Debug, PartialEq)]
pub struct RowProblem {
    /// Header of the cell at fault; empty if the row as a whole is.
    pub column: String,
    pub reason: Label,
}

/// What is wrong with the whole file or its mapping; each text names the remedy.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    #[error("{}", .0.en)]
    Refused(Label),
    #[error(transparent)]
    Engine(#[from] engine::Error),
}

impl RowProblem {
    pub fn new(column: &str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        RowProblem { column: column.to_owned(), reason: label(en, zh) }
    }

    pub(crate) fn cell(column: &str, error: &CellError) -> Self {
        RowProblem::new(column, error.message(Language::English), error.message(Language::Chinese))
    }

    /// The row names a record whoever imports sees but may not change by an import.
    pub(crate) fn beyond() -> Self {
        RowProblem::new(
            "",
            "this record is beyond your right to import or to change: leave the row out, or ask an administrator",
            "您的导入或修改权限不包含这条记录，请去掉该行，或联系管理员",
        )
    }

    pub(crate) fn field(column: &str, problem: &Problem) -> Self {
        RowProblem::new(column, problem.message(Lang::En), problem.message(Lang::Zh))
    }
}

impl FileProblem {
    pub fn refused(en: impl Into<String>, zh: impl Into<String>) -> Self {
        FileProblem::Refused(label(en, zh))
    }

    pub fn message(&self, lang: Lang) -> String {
        match self {
            FileProblem::Refused(label) => label.get(lang).to_owned(),
            FileProblem::Engine(error) => error.message(lang),
        }
    }
}

impl From<TableError> for FileProblem {
    fn from(error: TableError) -> Self {
        FileProblem::refused(error.message(Language::English), error.message(Language::Chinese))
    }
}

pub(crate) fn language(lang: Lang) -> Language {
    match lang {
        Lang::En => Language::English,
        Lang::Zh => Language::Chinese,
    }
}
