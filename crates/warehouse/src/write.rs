//! Writes stretches of a table as Parquet files.

use crate::{
    column::Cell,
    internal,
    keys::Keys,
    manifest::Segment,
    read::{Batch, read, schema, select},
    storage::{self, Store},
    table::Table,
};
use datafusion::{
    arrow::array::RecordBatch,
    parquet::{
        arrow::ArrowWriter,
        basic::Compression,
        file::properties::{EnabledStatistics, WriterProperties},
    },
};
use engine::{Dialect, Engine, Result, TryStreamExt, chrono_tz::Tz};
use meta::Id;
use value::service_cost::Rates;

/// Rows of a file, about; a change costs rewriting one.
pub(crate) const SEGMENT_ROWS: usize = 250_000;
/// Rows handed to the encoder at once.
const BATCH_ROWS: usize = 16_384;

/// What a refresh writes into.
pub(crate) struct Writing<'a> {
    pub engine: &'a Engine,
    pub store: &'a Store,
    pub zone: Tz,
    pub rates: Rates,
    pub keys: Keys,
    pub segment_rows: usize,
}

impl Writing<'_> {
    /// Writes the rows whose heads are from `from` (inclusive) to `until` (exclusive): as many files as they need, none if
    /// there are no rows.
    pub async fn stretch(&mut self, table: &Table, from: Id, until: Option<Id>) -> Result<Vec<Segment>> {
        let mut written = vec![];
        let mut open: Option<Open> = None;
        let mut batch = Batch::new(table, self.zone, &self.rates);
        let mut head: Vec<Vec<Cell>> = vec![];
        let mut rows = self.engine.stream(&select(table, from, until));
        loop {
            let next = rows.try_next().await?.map(|row| read(table, &row)).transpose()?;
            let same = next
                .as_ref()
                .is_some_and(|next| head.first().is_some_and(|first| first.first() == next.first()));
            if !same && !head.is_empty() {
                if open.is_none() {
                    let from = if written.is_empty() { from } else { id_of(&head[0]) };
                    open = Some(Open::new(table, from)?);
                }
                batch.push(&head, &mut self.keys)?;
                head.clear();
                if let Some(file) = open.as_mut()
                    && (batch.rows() >= BATCH_ROWS
                        || file.rows + batch.rows() >= self.segment_rows
                        || next.is_none())
                {
                    file.write(&batch.finish()?)?;
                }
                if let Some(file) = open.take_if(|file| file.rows >= self.segment_rows || next.is_none()) {
                    written.push(file.close(self.engine, self.store, &table.name).await?);
                    // SQLite can't shorten its log beyond what somebody still reads, and whoever reads searches all of it: a
                    // reading is to last no longer than a file takes.
                    if let Some(next) = next.as_ref().filter(|_| self.engine.dialect() == Dialect::Sqlite) {
                        rows = self.engine.stream(&select(table, id_of(next), until));
                        continue;
                    }
                }
            }
            let Some(next) = next else { return Ok(written) };
            head.push(next);
        }
    }
}

/// The head's id is the first input of every table.
fn id_of(row: &[Cell]) -> Id {
    match row.first() {
        Some(Cell::Id(id)) => Id::from_bytes(*id),
        _ => Id::nil(),
    }
}

/// A file on its way.
struct Open {
    from: Id,
    rows: usize,
    writer: ArrowWriter<Vec<u8>>,
}

impl Open {
    fn new(table: &Table, from: Id) -> Result<Open> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::LZ4_RAW)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .build();
        let writer = ArrowWriter::try_new(vec![], schema(table), Some(properties)).map_err(internal)?;
        Ok(Open { from, rows: 0, writer })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        self.writer.write(batch).map_err(internal)
    }

    async fn close(self, engine: &Engine, store: &Store, table: &str) -> Result<Segment> {
        let bytes = self.writer.into_inner().map_err(internal)?;
        let file = format!("tables/{table}/{}.parquet", engine.clock().new_id());
        let size = bytes.len() as u64;
        storage::put(store, &file, bytes).await?;
        Ok(Segment { from: self.from, file, rows: self.rows as u64, bytes: size })
    }
}
