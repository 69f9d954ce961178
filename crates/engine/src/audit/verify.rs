//! Whether the change log and the audit are what they were when they were sealed: for `zhike audit verify` and
//! `zhike doctor --deep`. Read in one snapshot, a seal at a time.

use super::{
    retain::removed_up_to,
    seal::{self, BEGINNING, ENTRIES_LIMIT, Entries, Seal, Stretch},
    source::{self, Hash, Source},
};
use crate::{Actor, Engine, Result, Tx, db, db::name, deep::Verdict};
use meta::Id;
use sea_query::{Expr, ExprTrait, Order, Query as Sql};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Seals read at once.
const SEALS_LIMIT: u64 = 50;
const STEPS_LIMIT: u64 = 1_000;

/// A seal kept outside: what [`Seal::text`] said.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub number: i64,
    hash: Hash,
}

impl std::str::FromStr for Kept {
    type Err = String;
    fn from_str(text: &str) -> std::result::Result<Kept, String> {
        let parts = text.trim().split_once(':').and_then(|(number, hash)| {
            Some(Kept { number: number.parse().ok()?, hash: source::parse(hash)? })
        });
        parts.ok_or_else(|| format!("“{text}” is no seal: give what `zhike audit seal` printed"))
    }
}

#[derive(Clone, Debug, Default)]
pub struct Verified {
    pub seals: u64,
    /// Entries that were read and are as they were sealed.
    pub entries: u64,
    /// Entries that wait for the next seal.
    pub unsealed: u64,
    pub newest: Option<Seal>,
    /// Entries something was taken out of, by the user who did (nobody: the program itself).
    pub redacted: BTreeMap<Option<Id>, u64>,
    /// Up to which number what was seen has been removed because it was old enough, and how many entries that were.
    pub removed: Option<(i64, u64)>,
    /// The first that is not as it was.
    pub broken: Option<String>,
}

impl Engine {
    pub async fn verify_audit(&self, kept: Option<Kept>) -> Result<Verified> {
        let conn = db::snapshot(self.pool(), self.data_dir()).await?;
        let mut tx = Tx::new(conn, self.clone(), Actor::system());
        let verified = verify(&mut tx, kept.as_ref()).await;
        tx.conn.run("ROLLBACK").await?;
        verified
    }
}

pub(crate) async fn examine(tx: &mut Tx) -> Result<Verdict> {
    let remedy = "somebody changed the database behind the program's back: compare it with a backup; see docs/audit.md";
    let mut verdict = Verdict::new("audit chain", "sealed entries", remedy);
    let found = verify(tx, None).await?;
    verdict.checked = found.entries;
    found.broken.into_iter().for_each(|broken| verdict.wrong(broken));
    Ok(verdict)
}

async fn verify(tx: &mut Tx, kept: Option<&Kept>) -> Result<Verified> {
    let removed_to = removed_up_to(tx).await?;
    let mut walk = Walk { removed_to, found: Verified::default(), after: [None; 3] };
    if let Some(up_to) = removed_to {
        walk.found.removed = Some((up_to, 0));
    }
    walk.found.broken = walk.seals(tx, kept).await?;
    if walk.found.broken.is_none() {
        walk.found.broken = redactions(tx, &mut walk.found.redacted).await?;
    }
    for (index, source) in Source::ALL.into_iter().enumerate() {
        let after = walk.found.newest.as_ref().map_or(0, |seal| seal.stretches[index].up_to);
        let count = Sql::select()
            .expr(Expr::col(name("seq")).count())
            .from(name(source.table()))
            .and_where(Expr::col(name("seq")).gt(after))
            .to_owned();
        walk.found.unsealed += tx.fetch(&count).await?.first().map_or(Ok(0), |row| row.int(0))? as u64;
    }
    Ok(walk.found)
}

struct Walk {
    removed_to: Option<i64>,
    found: Verified,
    /// Up to which number each table was read; `None`: nothing yet, not even what stands before the first number.
    after: [Option<i64>; 3],
}

impl Walk {
    /// What is wrong first, if anything.
    async fn seals(&mut self, tx: &mut Tx, kept: Option<&Kept>) -> Result<Option<String>> {
        loop {
            let last = self.found.newest.as_ref().map_or(i64::MIN, |seal| seal.number);
            let select = seal::select()
                .columns(["log_marks", "acts_marks", "seen_marks"].map(name))
                .and_where(Expr::col(name("number")).gt(last))
                .order_by(name("number"), Order::Asc)
                .limit(SEALS_LIMIT)
                .to_owned();
            let rows = tx.fetch(&select).await?;
            for row in &rows {
                let seal = seal::read(row)?;
                if let Some(broken) = self.links(&seal, kept) {
                    return Ok(Some(broken));
                }
                for (index, source) in Source::ALL.into_iter().enumerate() {
                    let marks = row.opt_bytes(seal::COLUMNS.len() + index)?.unwrap_or_default();
                    if let Some(broken) = self.stretch(tx, &seal, index, source, &marks).await? {
                        return Ok(Some(broken));
                    }
                }
                self.found.seals += 1;
                self.found.newest = Some(seal);
            }
            if rows.is_empty() {
                break;
            }
        }
        let last = self.found.newest.as_ref().map_or(0, |seal| seal.number);
        Ok(kept.filter(|kept| kept.number > last).map(|kept| {
            format!("seal {} was kept, but the chain ends at seal {last}: its end was cut off", kept.number)
        }))
    }

    fn links(&self, seal: &Seal, kept: Option<&Kept>) -> Option<String> {
        let (number, previous) =
            self.found.newest.as_ref().map_or((1, BEGINNING), |last| (last.number + 1, last.hash));
        if seal.number > number {
            return Some(format!("seal {number} is missing"));
        }
        if seal.number < number {
            return Some(format!("seal {} was inserted", seal.number));
        }
        if seal.previous != previous || seal.hash != seal.computed() {
            return Some(format!("seal {number} was changed"));
        }
        if kept.is_some_and(|kept| kept.number == number && kept.hash != seal.hash) {
            return Some(format!("seal {number} is not the one that was kept: the chain was made anew"));
        }
        None
    }

    async fn stretch(
        &mut self,
        tx: &mut Tx,
        seal: &Seal,
        index: usize,
        source: Source,
        marks: &[u8],
    ) -> Result<Option<String>> {
        let sealed = &seal.stretches[index];
        let after = self.after[index].replace(sealed.up_to);
        if source == Source::Seen && self.removed_to.is_some_and(|removed| sealed.up_to <= removed) {
            if let Some((_, removed)) = &mut self.found.removed {
                *removed += sealed.count as u64;
            }
            return Ok(None);
        }
        if after == Some(sealed.up_to) && sealed.count == 0 {
            return Ok(None);
        }
        let (entries, broken) = read(tx, source, after, sealed).await?;
        if broken.is_some() {
            return Ok(broken);
        }
        if entries.digest() == sealed.digest && entries.0.len() as i64 == sealed.count {
            self.found.entries += sealed.count as u64;
            return Ok(None);
        }
        let what = source.what();
        Ok(Some(match entries.first_unlike(marks) {
            Some((seq, how)) => format!("{what} {seq} {how} (seal {})", seal.number),
            None => format!(
                "{what}: an entry after {} up to {} is not as it was (seal {})",
                after.unwrap_or(0),
                sealed.up_to,
                seal.number
            ),
        }))
    }
}

impl Source {
    fn what(self) -> &'static str {
        match self {
            Source::Log => "change log entry",
            Source::Acts => "audit entry",
            Source::Seen => "audit entry (seen)",
        }
    }
}

/// The entries under a seal as they were when they were sealed, and what is wrong with one that was redacted.
async fn read(
    tx: &mut Tx,
    source: Source,
    after: Option<i64>,
    sealed: &Stretch,
) -> Result<(Entries, Option<String>)> {
    let mut select = source.select();
    select
        .and_where(Expr::col(name("seq")).lte(sealed.up_to))
        .order_by(name("seq"), Order::Asc)
        // One more than there should be tells as much as all of them.
        .limit(std::cmp::min(sealed.count as u64, ENTRIES_LIMIT) + 1);
    if let Some(after) = after {
        select.and_where(Expr::col(name("seq")).gt(after));
    }
    let rows = tx.fetch(&select).await?;
    let steps = steps(tx, source, after.unwrap_or(i64::MIN), sealed.up_to).await?;
    let mut entries = vec![];
    for row in &rows {
        let (seq, mut hash) = (row.int(0)?, source::hash(source, row)?);
        for step in steps.get(&seq).into_iter().flatten().rev() {
            if step.after != source::text(&hash) {
                let text = format!("{} {seq} was changed after it was redacted", source.what());
                return Ok((Entries(entries), Some(text)));
            }
            hash = source::parse(&step.before).unwrap_or_default();
        }
        entries.push((seq, hash));
    }
    Ok((Entries(entries), None))
}

struct Step {
    before: String,
    after: String,
}

async fn steps(tx: &mut Tx, source: Source, after: i64, until: i64) -> Result<BTreeMap<i64, Vec<Step>>> {
    let select = Sql::select()
        .columns(["seq", "before", "after"].map(name))
        .from(name("audit_redaction"))
        .and_where(Expr::col(name("source")).eq(source.name()))
        .and_where(Expr::col(name("seq")).gt(after))
        .and_where(Expr::col(name("seq")).lte(until))
        .order_by(name("seq"), Order::Asc)
        .order_by(name("step"), Order::Asc)
        .to_owned();
    let mut steps: BTreeMap<i64, Vec<Step>> = BTreeMap::new();
    for row in tx.fetch(&select).await? {
        let step = Step { before: row.text(1)?, after: row.text(2)? };
        steps.entry(row.int(0)?).or_default().push(step);
    }
    Ok(steps)
}

/// Each redaction is an act in the chain, whose digest says what was redacted by it; what was redacted by none was forged.
async fn redactions(tx: &mut Tx, by: &mut BTreeMap<Option<Id>, u64>) -> Result<Option<String>> {
    let (mut last, mut told) = (i64::MIN, 0);
    loop {
        let acts = Sql::select()
            .columns(["seq", "user_id", "details"].map(name))
            .from(name("audit_act"))
            .and_where(Expr::col(name("act")).eq(super::Act::Redacted.name()))
            .and_where(Expr::col(name("seq")).gt(last))
            .order_by(name("seq"), Order::Asc)
            .limit(SEALS_LIMIT)
            .to_owned();
        let acts = tx.fetch(&acts).await?;
        if acts.is_empty() {
            break;
        }
        for act in &acts {
            last = act.int(0)?;
            let details: Json = serde_json::from_str(&act.text(2)?)?;
            let text = |key: &str| details.get(key).and_then(Json::as_str).unwrap_or_default();
            let redaction = text("redaction").parse().unwrap_or_default();
            let (count, digest) = told_by(tx, redaction).await?;
            if source::text(&digest) != text("digest") {
                return Ok(Some(format!("what redaction {redaction} (audit entry {last}) did was changed")));
            }
            *by.entry(act.opt_id(1)?).or_default() += count;
            told += count;
        }
    }
    let count = Sql::select().expr(Expr::cust("count(*)")).from(name("audit_redaction")).to_owned();
    let count = tx.fetch(&count).await?.first().map_or(Ok(0), |row| row.int(0))? as u64;
    Ok((count != told)
        .then(|| format!("{} entries were redacted by no redaction in the chain", count.abs_diff(told))))
}

/// What stands in the table of one redaction.
async fn told_by(tx: &mut Tx, redaction: Id) -> Result<(u64, Hash)> {
    let (mut count, mut hasher) = (0, Sha256::new());
    let mut last: Option<(String, i64, i64)> = None;
    loop {
        let mut select = Sql::select();
        select
            .columns(["source", "seq", "step", "before", "after"].map(name))
            .from(name("audit_redaction"))
            .and_where(Expr::col(name("redaction")).eq(redaction));
        if let Some((source, seq, step)) = &last {
            let seq_later = Expr::col(name("seq")).gt(*seq);
            let same = Expr::col(name("seq")).eq(*seq).and(Expr::col(name("step")).gt(*step));
            let source_same = Expr::col(name("source")).eq(source.as_str()).and(seq_later.or(same));
            select.and_where(Expr::col(name("source")).gt(source.as_str()).or(source_same));
        }
        for column in ["source", "seq", "step"] {
            select.order_by(name(column), Order::Asc);
        }
        let rows = tx.fetch(&select.limit(STEPS_LIMIT).to_owned()).await?;
        for row in &rows {
            let (source, seq, step) = (row.text(0)?, row.int(1)?, row.int(2)?);
            add_step(&mut hasher, &source, seq, step, [&row.text(3)?, &row.text(4)?]);
            count += 1;
            last = Some((source, seq, step));
        }
        if (rows.len() as u64) < STEPS_LIMIT {
            return Ok((count, hasher.finalize().into()));
        }
    }
}

/// The digest of a redaction is over its steps by table, number and step.
pub(super) fn add_step(hasher: &mut Sha256, source: &str, seq: i64, step: i64, hashes: [&str; 2]) {
    hasher.update(source);
    hasher.update(seq.to_le_bytes());
    hasher.update(step.to_le_bytes());
    for hash in hashes {
        hasher.update([0]);
        hasher.update(hash);
    }
}
