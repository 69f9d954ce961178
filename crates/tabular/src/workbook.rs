//! The rows of a workbook, its typed cells written as text.
//!
//! An .xlsx sheet is parsed as it is read, on a thread of its own (the parser borrows the workbook, so it cannot be
//! kept beside it), and handed over in small batches: memory stays bounded but for the shared strings. An .xls, at most
//! 65,536 rows, is parsed whole.

use std::io::{BufReader, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{Data, ExcelDateTime, Reader, Sheet, SheetType, SheetVisible, Xls, XlsError, Xlsx, XlsxError};

use crate::progress::CountedFile;
use crate::source::RawRow;
use crate::{Format, Kind, MAX_COLUMNS, ReadOptions, TableError};

const BATCH_ROWS: usize = 256;
const BATCHES_AHEAD: usize = 4;

type Source = BufReader<CountedFile>;
type Rows = Box<dyn Iterator<Item = Result<RawRow, TableError>> + Send>;

pub(crate) fn open_xlsx(file: CountedFile, options: &ReadOptions) -> Result<(Format, Rows), TableError> {
    let mut workbook: Xlsx<Source> = guarded(|| Xlsx::new(BufReader::new(file)).map_err(xlsx_error))?;
    let sheets = table_sheets(workbook.sheets_metadata());
    let sheet = choose_sheet(&sheets, options, |name| has_cells(&mut workbook, name))?;
    let format = Format::workbook(Kind::Xlsx, sheet.clone(), sheets);
    let (sender, receiver) = sync_channel(BATCHES_AHEAD);
    std::thread::Builder::new().name("xlsx".into()).spawn(move || {
        let result = guarded(|| send_rows(&mut workbook, &sheet, &sender));
        // The receiver being gone means nobody reads on, which is no error.
        let _ = sender.send(result.err().map_or(Batch::End, Batch::Failed));
    })?;
    Ok((format, Box::new(Received { receiver, batch: Vec::new().into_iter(), ended: false })))
}

pub(crate) fn open_xls(file: CountedFile, options: &ReadOptions) -> Result<(Format, Rows), TableError> {
    let file = guarded(|| refuse_protected(file))?;
    guarded(|| {
        let mut workbook: Xls<Source> = Xls::new(BufReader::new(file)).map_err(xls_error)?;
        let sheets = table_sheets(workbook.sheets_metadata());
        let sheet = choose_sheet(&sheets, options, |name| {
            workbook.worksheet_range(name).is_ok_and(|range| !range.is_empty())
        })?;
        let range = workbook.worksheet_range(&sheet).map_err(xls_error)?;
        let (first_row, first_column) = range.start().unwrap_or((0, 0));
        let rows: Vec<_> = range
            .rows()
            .zip(u64::from(first_row) + 1..)
            .map(|(cells, number)| {
                let indent = (0..first_column).map(|_| String::new());
                Ok((number, indent.chain(cells.iter().cloned().map(text_of)).collect()))
            })
            .collect();
        let rows: Rows = Box::new(rows.into_iter());
        Ok((Format::workbook(Kind::Xls, sheet, sheets), rows))
    })
}

/// An .xlsx with a password is no zip but wrapped into the container of an .xls; only the .xlsx parser knows it.
fn refuse_protected(mut file: CountedFile) -> Result<CountedFile, TableError> {
    if let Err(XlsxError::Password) = Xlsx::new(BufReader::new(&mut file)) {
        return Err(TableError::PasswordProtected);
    }
    file.rewind()?;
    Ok(file)
}

/// A damaged file must not bring the caller down with the parser.
fn guarded<T>(work: impl FnOnce() -> Result<T, TableError>) -> Result<T, TableError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(TableError::DamagedWorkbook("it cannot be parsed".into())))
}

fn table_sheets(sheets: &[Sheet]) -> Vec<String> {
    let is_table = |s: &&Sheet| s.typ == SheetType::WorkSheet && s.visible == SheetVisible::Visible;
    sheets.iter().filter(is_table).map(|s| s.name.clone()).collect()
}

fn choose_sheet(
    sheets: &[String],
    options: &ReadOptions,
    mut has_cells: impl FnMut(&str) -> bool,
) -> Result<String, TableError> {
    if let Some(wanted) = &options.sheet {
        return match sheets.iter().find(|name| *name == wanted) {
            Some(name) => Ok(name.clone()),
            None => Err(TableError::NoSuchSheet { name: wanted.clone(), sheets: sheets.to_vec() }),
        };
    }
    sheets.iter().find(|name| has_cells(name)).cloned().ok_or(TableError::Empty)
}

fn has_cells(workbook: &mut Xlsx<Source>, name: &str) -> bool {
    match workbook.worksheet_cells_reader(name) {
        // A sheet that cannot be read is chosen too, so that its error is told and not hidden.
        Ok(mut cells) => cells.next_cell().map_or(true, |cell| cell.is_some()),
        Err(_) => true,
    }
}

enum Batch {
    Rows(Vec<RawRow>),
    Failed(TableError),
    End,
}

fn send_rows(workbook: &mut Xlsx<Source>, sheet: &str, sender: &SyncSender<Batch>) -> Result<(), TableError> {
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(xlsx_error)?;
    let mut batch: Vec<RawRow> = Vec::with_capacity(BATCH_ROWS);
    while let Some(cell) = cells.next_cell().map_err(xlsx_error)? {
        let (row, column) = cell.get_position();
        let (number, column) = (u64::from(row) + 1, column as usize);
        if column >= MAX_COLUMNS {
            return Err(TableError::TooManyColumns { line: number, limit: MAX_COLUMNS });
        }
        let text = text_of(Data::from(cell.get_value().clone()));
        if text.is_empty() {
            continue;
        }
        if batch.last().is_none_or(|(last, _)| *last != number) {
            if batch.len() == BATCH_ROWS && sender.send(Batch::Rows(std::mem::take(&mut batch))).is_err() {
                return Ok(());
            }
            batch.push((number, Vec::new()));
        }
        if let Some((_, row)) = batch.last_mut() {
            if row.len() <= column {
                row.resize(column + 1, String::new());
            }
            row[column] = text;
        }
    }
    let _ = sender.send(Batch::Rows(batch));
    Ok(())
}

struct Received {
    receiver: Receiver<Batch>,
    batch: std::vec::IntoIter<RawRow>,
    ended: bool,
}

impl Iterator for Received {
    type Item = Result<RawRow, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            if let Some(row) = self.batch.next() {
                return Some(Ok(row));
            }
            match self.receiver.recv() {
                Ok(Batch::Rows(rows)) => self.batch = rows.into_iter(),
                Ok(Batch::End) => self.ended = true,
                Ok(Batch::Failed(e)) => {
                    self.ended = true;
                    return Some(Err(e));
                }
                Err(_) => {
                    self.ended = true;
                    return Some(Err(TableError::DamagedWorkbook("it cannot be parsed".into())));
                }
            }
        }
        None
    }
}

fn xlsx_error(error: XlsxError) -> TableError {
    match error {
        XlsxError::Io(e) => e.into(),
        XlsxError::Password => TableError::PasswordProtected,
        other => TableError::DamagedWorkbook(other.to_string()),
    }
}

fn xls_error(error: XlsError) -> TableError {
    match error {
        XlsError::Io(e) => e.into(),
        XlsError::Password => TableError::PasswordProtected,
        other => TableError::DamagedWorkbook(other.to_string()),
    }
}

/// A cell as a person reads it in the sheet, but dates always as `YYYY-MM-DD[ HH:MM:SS]`.
fn text_of(cell: Data) -> String {
    match cell {
        Data::String(s) => s,
        Data::Float(f) => number_text(f),
        Data::Int(i) => i.to_string(),
        Data::Bool(b) => (if b { "TRUE" } else { "FALSE" }).into(),
        Data::DateTime(d) => date_text(&d),
        Data::DateTimeIso(s) => s.replacen('T', " ", 1),
        Data::DurationIso(s) => s,
        Data::Error(e) => e.to_string(),
        Data::Empty => String::new(),
    }
}

/// Spreadsheets keep 15 significant digits; more are noise of binary fractions (2.5500000000000003).
fn number_text(value: f64) -> String {
    let rounded: f64 = format!("{value:.14e}").parse().unwrap_or(value);
    rounded.to_string()
}

fn date_text(value: &ExcelDateTime) -> String {
    let seconds = (value.as_f64() * 86_400.0).round();
    if value.is_duration() || (0.0..86_400.0).contains(&seconds) {
        let seconds = seconds as i64;
        return format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
    match (hour, minute, second, milli) {
        (0, 0, 0, 0) => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
    }
}
