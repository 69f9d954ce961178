//! Seals: each hashes the entries of all three tables that have come since the one before, and the hash of that one. So that
//! writes stay as fast as they are, a background task seals a few seconds later, reading beside the writer.

use super::source::{self, Hash, Source};
use crate::{Actor, Engine, Result, Row, Tx, db::name};
use chrono::SubsecRound;
use meta::{DateTime, Utc};
use sea_query::{Expr, ExprTrait, Order, Query as Sql, SelectStatement, Value as Bound};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Entries of one table under one seal.
pub(super) const ENTRIES_LIMIT: u64 = 1_000;
/// Among PostgreSQL's advisory locks.
const LOCK: i64 = 7_141_926;
/// What the first seal stands on.
pub(super) const BEGINNING: Hash = [0; 32];

/// What a seal says of one table: its entries from the seal before up to a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stretch {
    pub up_to: i64,
    pub count: i64,
    pub digest: Hash,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Seal {
    pub number: i64,
    pub at: DateTime<Utc>,
    pub(super) stretches: [Stretch; 3],
    pub(super) previous: Hash,
    pub(super) hash: Hash,
}

impl Seal {
    /// To be kept where nobody who may write the database can: whoever has it knows the chain up to here.
    pub fn text(&self) -> String {
        format!("{}:{}", self.number, source::text(&self.hash))
    }

    /// What follows from the rest.
    pub(super) fn computed(&self) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update("zhike seal 1");
        hasher.update(self.number.to_le_bytes());
        hasher.update(self.at.timestamp_micros().to_le_bytes());
        hasher.update(self.previous);
        for stretch in &self.stretches {
            hasher.update(stretch.up_to.to_le_bytes());
            hasher.update(stretch.count.to_le_bytes());
            hasher.update(stretch.digest);
        }
        hasher.finalize().into()
    }
}

/// Numbers and hashes of entries in order: what a seal is made of, and what it leaves behind to find a broken entry by.
#[derive(Default)]
pub(super) struct Entries(pub Vec<(i64, Hash)>);

/// Of a hash, beside the number: enough to see which entry differs, for the seal has the whole.
const MARK: usize = 8;

impl Entries {
    pub fn digest(&self) -> Hash {
        if self.0.is_empty() {
            return BEGINNING;
        }
        let mut hasher = Sha256::new();
        for (seq, hash) in &self.0 {
            hasher.update(seq.to_le_bytes());
            hasher.update(hash);
        }
        hasher.finalize().into()
    }

    fn marks(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|(seq, hash)| seq.to_le_bytes().into_iter().chain(hash[..MARK].to_vec()))
            .collect()
    }

    /// The first entry that differs from what the marks tell, and how.
    pub fn first_unlike(&self, marks: &[u8]) -> Option<(i64, &'static str)> {
        let mut marks = marks.as_chunks::<16>().0.iter();
        let mut found = self.0.iter();
        loop {
            let mark = marks.next().map(|mark| {
                let (seq, hash) = mark.split_at(MARK);
                (i64::from_le_bytes(seq.try_into().unwrap_or_default()), hash)
            });
            match (mark, found.next()) {
                (None, None) => return None,
                (Some((seq, _)), None) => return Some((seq, "is missing")),
                (None, Some((seq, _))) => return Some((*seq, "was inserted")),
                (Some((seq, _)), Some((there, _))) if seq < *there => return Some((seq, "is missing")),
                (Some((seq, _)), Some((there, _))) if seq > *there => return Some((*there, "was inserted")),
                (Some((seq, mark)), Some((_, hash))) if *mark != hash[..MARK] => {
                    return Some((seq, "was changed"));
                }
                _ => {}
            }
        }
    }
}

pub(super) const COLUMNS: [&str; 13] = [
    "number",
    "at",
    "previous",
    "hash",
    "log_up_to",
    "log_count",
    "log_digest",
    "acts_up_to",
    "acts_count",
    "acts_digest",
    "seen_up_to",
    "seen_count",
    "seen_digest",
];

pub(super) fn select() -> SelectStatement {
    Sql::select().columns(COLUMNS.map(name)).from(name("audit_seal")).to_owned()
}

fn newest() -> SelectStatement {
    select().order_by(name("number"), Order::Desc).limit(1).to_owned()
}

/// A hash nobody can read is none that fits.
fn hash_at(row: &Row, index: usize) -> Result<Hash> {
    Ok(source::parse(&row.text(index)?).unwrap_or_default())
}

pub(super) fn read(row: &Row) -> Result<Seal> {
    let stretch = |first: usize| -> Result<Stretch> {
        Ok(Stretch { up_to: row.int(first)?, count: row.int(first + 1)?, digest: hash_at(row, first + 2)? })
    };
    Ok(Seal {
        number: row.int(0)?,
        at: row.instant(1)?,
        previous: hash_at(row, 2)?,
        hash: hash_at(row, 3)?,
        stretches: [stretch(4)?, stretch(7)?, stretch(10)?],
    })
}

impl Engine {
    pub async fn newest_seal(&self) -> Result<Option<Seal>> {
        self.fetch(&newest()).await?.first().map(read).transpose()
    }

    /// Seals all that is final: PostgreSQL's entries whose number no open transaction can precede. Returns how many.
    pub async fn seal_audit(&self) -> Result<u64> {
        let mut sealed = 0;
        loop {
            let before = self.newest_seal().await?;
            let mut stretches = vec![];
            for (index, source) in Source::ALL.into_iter().enumerate() {
                let after = before.as_ref().map_or(0, |seal| seal.stretches[index].up_to);
                stretches.push((after, self.entries_to_seal(source, after).await?));
            }
            let count: usize = stretches.iter().map(|(_, entries)| entries.0.len()).sum();
            if count == 0 {
                return Ok(sealed);
            }
            let at = self.clock().now().trunc_subsecs(6);

            let written =
                self.write(&Actor::system(), move |tx| Box::pin(put(tx, before, at, stretches))).await?;
            if !written {
                // Another process seals, too.
                return Ok(sealed);
            }
            sealed += count as u64;
        }
    }

    async fn entries_to_seal(&self, source: Source, after: i64) -> Result<Entries> {
        let rows =
            self.settled(source.table(), source.select(), source.width(), after, ENTRIES_LIMIT).await?;
        let Some(last) = rows.last().map(|row| row.int(0)).transpose()? else {
            return Ok(Entries::default());
        };
        // Read after the entries: one that is redacted in between is then known by what it was.
        let redacted = self.fetch(&first_steps(source, after, last)).await?;
        let redacted: HashMap<i64, Hash> =
            redacted.iter().map(|row| Ok((row.int(0)?, hash_at(row, 1)?))).collect::<Result<_>>()?;
        let entry = |row: &Row| -> Result<(i64, Hash)> {
            let seq = row.int(0)?;
            Ok((seq, redacted.get(&seq).map_or_else(|| source::hash(source, row), |hash| Ok(*hash))?))
        };
        Ok(Entries(rows.iter().map(entry).collect::<Result<_>>()?))
    }
}

/// What redacted entries were at first.
fn first_steps(source: Source, after: i64, until: i64) -> SelectStatement {
    Sql::select()
        .columns(["seq", "before"].map(name))
        .from(name("audit_redaction"))
        .and_where(Expr::col(name("source")).eq(source.name()))
        .and_where(Expr::col(name("seq")).gt(after))
        .and_where(Expr::col(name("seq")).lte(until))
        .and_where(Expr::col(name("step")).eq(1i64))
        .to_owned()
}

/// Whoever seals, redacts or removes does so alone.
pub(super) async fn alone(tx: &mut Tx) -> Result<()> {
    tx.conn.in_turn(LOCK).await
}

/// Whether it was put: not if somebody else has put one on `before`.
async fn put(
    tx: &mut Tx,
    before: Option<Seal>,
    at: DateTime<Utc>,
    found: Vec<(i64, Entries)>,
) -> Result<bool> {
    alone(tx).await?;
    let newest = tx.fetch(&newest()).await?.first().map(read).transpose()?;
    if newest != before {
        return Ok(false);
    }
    let stretch = |(after, entries): &(i64, Entries)| Stretch {
        up_to: entries.0.last().map_or(*after, |(seq, _)| *seq),
        count: entries.0.len() as i64,
        digest: entries.digest(),
    };
    let [log, acts, seen] = found.as_slice() else { return Ok(false) };
    let mut seal = Seal {
        number: before.as_ref().map_or(1, |seal| seal.number + 1),
        at,
        stretches: [stretch(log), stretch(acts), stretch(seen)],
        previous: before.map_or(BEGINNING, |seal| seal.hash),
        hash: BEGINNING,
    };
    seal.hash = seal.computed();
    let mut values: Vec<Bound> = vec![
        seal.number.into(),
        seal.at.into(),
        source::text(&seal.previous).into(),
        source::text(&seal.hash).into(),
    ];
    for stretch in &seal.stretches {
        let digest = if stretch.count == 0 { String::new() } else { source::text(&stretch.digest) };
        values.extend([stretch.up_to.into(), stretch.count.into(), digest.into()]);
    }
    values.extend(found.iter().map(|(_, entries)| Bound::from(Some(entries.marks()))));
    let columns: Vec<&str> =
        COLUMNS.iter().copied().chain(["log_marks", "acts_marks", "seen_marks"]).collect();
    tx.conn.insert_rows("audit_seal", &columns, values).await?;
    Ok(true)
}
