//! Shows what the reader makes of a file: `cargo run -p tabular --example inspect -- FILE`.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use tabular::{ReadOptions, TableError, headers, open, orders_headers, style};

fn main() -> Result<(), TableError> {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: inspect FILE");
        return Ok(());
    };
    let mut out = std::io::stdout().lock();
    let options = ReadOptions { targets: orders_headers::ORDER_LINES, ..ReadOptions::default() };
    let start = Instant::now();
    let mut table = open(Path::new(&path), &options)?;
    writeln!(out, "{:#?}", table.format)?;
    let headers = table.headers.clone();
    let mut rows = 0u64;
    let mut last = 0;
    for row in &mut table {
        let row = row?;
        if rows < 3 {
            writeln!(out, "{}: {:?}", row.number, row.cells)?;
        }
        rows += 1;
        last = row.number;
    }
    writeln!(out, "{rows} rows, the last is number {last}, {:.2} s", start.elapsed().as_secs_f64())?;
    let start = Instant::now();
    let styles = style::survey(Path::new(&path), &options, u64::MAX)?;
    writeln!(out, "survey {:.2} s", start.elapsed().as_secs_f64())?;
    for (guess, style) in headers::recognise(&headers, options.targets).iter().zip(styles) {
        writeln!(out, "{:?} → {:?} {:.2} {style:?}", headers[guess.column], guess.target, guess.confidence)?;
    }
    Ok(())
}
