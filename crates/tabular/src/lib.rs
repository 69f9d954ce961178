//! Reads any table file as rows of text cells and works out what its columns mean.
//!
//! ```text
//! file ──open──▶ Table { headers, format } ──iterate──▶ Row { number, cells: Vec<String> }
//!                   │                                       │
//!      headers::recognise ▶ Guess { column, target }        ├─ parse::decimal/date/… ▶ value | CellError
//!      style::survey      ▶ ColumnStyle per column ─────────┘
//!                                             CellError ──▶ ErrorFile (same layout, importable again)
//! ```
//!
//! Everything here is synchronous, `Send`, and knows nothing of our other crates. Signatures:
//!
//! ```text
//! open(&Path, &ReadOptions) -> Result<Table, TableError>
//! Table: Iterator<Item = Result<Row, TableError>> + Send { headers: Vec<String>, format: Format }
//!        .progress() -> Progress   (cloneable handle: bytes_read(), bytes_total())
//! Row { number: u64, cells: Vec<String> }  .get(column) -> &str  ("" past the end)
//! ReadOptions { header_row, delimiter, encoding, sheet, member, targets, max_unpacked_bytes } (serde, Default)
//!
//! headers::recognise(&[String], &[Target]) -> Vec<Guess>            one per column, in column order
//! Target { key: &'static str, synonyms: &'static [&'static str] }   orders_headers::ORDER_LINES,
//!        plain_headers::{ACCOUNTS, CONTACTS, PRODUCTS, ACTIVITIES, CONSENTS}
//! style::survey(&Path, &ReadOptions, max_rows) -> Result<Vec<ColumnStyle>, TableError>
//! StyleObserver::new(excel).observe(&str) … .finish() -> ColumnStyle
//!
//! parse::text(&str)              -> Result<Option<String>, CellError>     None = empty cell
//! parse::identifier(&str, &ColumnStyle) -> Result<Option<String>, CellError>
//! parse::decimal(&str, &ColumnStyle)    -> Result<Option<Decimal>, CellError>
//! parse::integer(&str, &ColumnStyle)    -> Result<Option<i64>, CellError>
//! parse::date(&str, &ColumnStyle)       -> Result<Option<NaiveDate>, CellError>
//! parse::moment(&str, &ColumnStyle)     -> Result<Option<Moment>, CellError>
//! parse::boolean(&str)                  -> Result<Option<bool>, CellError>
//!
//! ErrorFile::new(PathBuf, &Format, &[String], Language)   nothing is created before the first bad row
//!          .write(&Row, column: &str, reason: &str) -> io::Result<()>   .finish() -> io::Result<u64>
//!          .checkpoint() -> io::Result<ErrorCheckpoint>   .resume(ErrorCheckpoint) -> io::Result<ErrorFile>   after a crash
//! TableError and CellError: Display is English, .message(Language) is either language.
//! ```

mod compressed;
mod delimited;
mod delimiter;
mod encoding;
mod error;
mod error_file;
mod format;
mod header_row;
pub mod headers;
pub mod orders_headers;
pub mod parse;
pub mod plain_headers;
mod progress;
mod records;
mod source;
pub mod style;
mod workbook;

pub use error::{Language, TableError};
pub use error_file::{ErrorCheckpoint, ErrorFile};
pub use format::{Format, Kind, ReadOptions};
pub use headers::{Guess, How, Target};
pub use parse::{CellError, Moment};
pub use progress::Progress;
pub use source::{Row, Table, open};
pub use style::{ColumnStyle, StyleObserver};

/// Unpacked bytes a compressed file may grow to; more is taken for a zip bomb.
pub const MAX_UNPACKED_BYTES: u64 = 8 << 30;
/// How many times larger than itself a compressed file may grow (real tables reach about 50).
pub const MAX_UNPACKED_RATIO: u64 = 250;
/// Bytes of one record; a longer one is nearly always a quotation mark that is never closed.
pub const MAX_RECORD_BYTES: usize = 1 << 20;
/// Rows looked at for the header; title lines above it count.
pub const MAX_ROWS_BEFORE_HEADER: usize = 30;
/// Columns of a row; what a spreadsheet program can hold.
pub const MAX_COLUMNS: usize = 16_384;
