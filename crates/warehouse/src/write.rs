//! Writes stretches of a table as Parquet files.

use crate::{
    column::Cell,
    internal,
    keys::Keys,
    manifest::Segment,
    read::{Batch, nth_head, read, schema, select},
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
use engine::{BoxStream, Engine, Result, Row, TryStreamExt, chrono_tz::Tz};
use futures::StreamExt;
use meta::Id;
use tokio::task::{JoinHandle, spawn_blocking};
use value::service_cost::Rates;

/// Rows of a file, about; a change costs rewriting one.
pub(crate) const SEGMENT_ROWS: usize = 250_000;
/// Statements that read a file's worth of heads, at least.
const PIECES: usize = 5;
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
        let mut rows = Rows::new(self, table, from, until);
        loop {
            let next = rows.next().await?;
            let same = next
                .as_ref()
                .is_some_and(|next| head.first().is_some_and(|first| first.first() == next.first()));
            if !same && !head.is_empty() {
                if open.is_none() {
                    let from = if written.is_empty() { from } else { id_of(&head[0]) };
                    open = Some(Open::new(table, from));
                }
                batch.push(&head, &mut self.keys)?;
                head.clear();
                if let Some(file) = open.as_mut()
                    && (batch.rows() >= BATCH_ROWS
                        || file.rows + batch.rows() >= self.segment_rows
                        || next.is_none())
                {
                    file.write(batch.finish()?).await?;
                }
                if let Some(file) = open.take_if(|file| file.rows >= self.segment_rows || next.is_none()) {
                    written.push(file.close(self.engine, self.store, &table.name).await?);
                }
            }
            let Some(next) = next else { return Ok(written) };
            head.push(next);
        }
    }
}

/// The rows of a stretch, read piece by piece: nothing larger than a piece is sorted, and no reading lasts. SQLite can't shorten
/// its log beyond what somebody still reads, and everybody who reads meanwhile searches all of it.
struct Rows<'a> {
    engine: &'a Engine,
    table: &'a Table,
    /// Where the next piece begins; `None` after the last.
    from: Option<Id>,
    until: Option<Id>,
    piece: BoxStream<'a, Result<Row>>,
    piece_heads: u64,
}

impl<'a> Rows<'a> {
    fn new(writing: &Writing<'a>, table: &'a Table, from: Id, until: Option<Id>) -> Self {
        let piece_heads = writing.segment_rows.div_ceil(PIECES) as u64;
        let piece = futures::stream::empty().boxed();
        Rows { engine: writing.engine, table, from: Some(from), until, piece, piece_heads }
    }

    async fn next(&mut self) -> Result<Option<Vec<Cell>>> {
        loop {
            if let Some(row) = self.piece.try_next().await? {
                return read(self.table, &row).map(Some);
            }
            let Some(from) = self.from else { return Ok(None) };
            let following =
                self.engine.fetch(&nth_head(self.table, from, self.until, self.piece_heads)).await?;
            self.from = following.first().map(|row| row.id(0)).transpose()?;
            self.piece = self.engine.stream(&select(self.table, from, self.from.or(self.until)));
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

/// A file on its way. Each batch is encoded on a thread of its own while the next is read.
struct Open {
    from: Id,
    rows: usize,
    writer: JoinHandle<Result<ArrowWriter<Vec<u8>>>>,
}

impl Open {
    fn new(table: &Table, from: Id) -> Open {
        let properties = WriterProperties::builder()
            .set_compression(Compression::LZ4_RAW)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .build();
        let writer = ArrowWriter::try_new(vec![], schema(table), Some(properties)).map_err(internal);
        Open { from, rows: 0, writer: spawn_blocking(|| writer) }
    }

    async fn write(&mut self, batch: RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        let mut writer = (&mut self.writer).await.map_err(internal)??;
        self.writer = spawn_blocking(move || {
            writer.write(&batch).map_err(internal)?;
            Ok(writer)
        });
        Ok(())
    }

    async fn close(self, engine: &Engine, store: &Store, table: &str) -> Result<Segment> {
        let writer = self.writer.await.map_err(internal)??;
        let encoded = spawn_blocking(move || writer.into_inner().map_err(internal));
        let bytes = encoded.await.map_err(internal)??;
        let file = format!("tables/{table}/{}.parquet", engine.clock().new_id());
        let size = bytes.len() as u64;
        storage::put(store, &file, bytes).await?;
        Ok(Segment { from: self.from, file, rows: self.rows as u64, bytes: size })
    }
}
