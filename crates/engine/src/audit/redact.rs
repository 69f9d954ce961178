//! Content that a law wants gone is taken out of entries without breaking the chain: what the entry hashed to stays, the
//! redaction is an entry of its own, and its digest says which entries it changed and what they hash to now.

use super::{
    Act, Note, Via,
    seal::alone,
    source::{self, Source},
    verify::add_step,
};
use crate::{Error, LogKind, Result, Row, Tx, db::name};
use meta::Id;
use sea_query::{Cond, Expr, ExprTrait, Order, Query as Sql, Value as Bound};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Entries changed at once.
const CHUNK: u64 = 500;
const IDS_CHUNK: usize = 500;

/// What a redaction did.
#[derive(Clone, Debug, PartialEq)]
pub struct Redacted {
    pub redaction: Id,
    /// Entries of the change log and of acts.
    pub entries: u64,
}

/// An entry that was changed, and what it hashed to.
struct Step {
    source: Source,
    seq: i64,
    step: i64,
    before: String,
    after: String,
}

impl Tx {
    /// Takes what the change log tells of `fields` of these records (`None`: of all) out of it, and with all fields also what
    /// acts tell of the records. That something was changed, by whom and when stays. `reason` is kept and shown.
    ///
    /// Called after the records themselves were changed, in the same transaction, it also covers the entries of that change.
    /// For the program itself and administrators.
    pub async fn redact(
        &mut self,
        entity: &str,
        ids: &[Id],
        fields: Option<&[&str]>,
        reason: &str,
    ) -> Result<Redacted> {
        if !self.trusted && !self.actor.is_administrator() {
            return Err(Error::Forbidden("redact".into()));
        }
        alone(self).await?;
        let redaction = self.clock().new_id();
        let mut steps = vec![];
        for ids in ids.chunks(IDS_CHUNK) {
            let updates = Expr::col(name("kind")).eq(LogKind::Update.name());
            self.redact_table(Source::Log, entity, ids, updates, fields, &mut steps).await?;
            if fields.is_none() {
                let told = Expr::col(name("details")).ne("{}");
                self.redact_table(Source::Acts, entity, ids, told, None, &mut steps).await?;
            }
        }
        self.told(redaction, entity, json!({ "fields": fields, "reason": reason }), steps).await
    }

    /// Puts other content into entries that are about `entity`, or quote it, as whoever calls has made it of the old.
    pub(crate) async fn redact_entries(
        &mut self,
        source: Source,
        entity: &str,
        entries: Vec<(i64, Json)>,
        reason: &str,
    ) -> Result<Redacted> {
        alone(self).await?;
        let content = source.content();
        let redaction = self.clock().new_id();
        let mut steps = vec![];
        for entries in entries.chunks(IDS_CHUNK) {
            let among = Expr::col(name("seq")).is_in(entries.iter().map(|(seq, _)| *seq));
            let rows: Vec<Row> = self.conn.fetch(source.select().and_where(among)).await?;
            let mut changed = HashMap::new();
            for row in &rows {
                changed.insert(row.int(0)?, source::text(&source::hash(source, row)?));
            }
            for (seq, left) in entries {
                self.replace(source, content, *seq, left.to_string()).await?;
            }
            self.find_steps(source, changed, &mut steps).await?;
        }
        self.told(redaction, entity, json!({ "reason": reason }), steps).await
    }

    /// Keeps what was done and says so in the chain.
    async fn told(
        &mut self,
        redaction: Id,
        entity: &str,
        mut details: Json,
        steps: Vec<Step>,
    ) -> Result<Redacted> {
        let entries = steps.len() as u64;
        if entries > 0 {
            details["redaction"] = json!(redaction);
            details["digest"] = json!(self.keep_steps(redaction, steps).await?);
            let note = Note {
                user: self.actor.user,
                entity: Some(entity.to_owned()),
                count: Some(entries as i64),
                details,
                ..Note::new(Act::Redacted, Via::System)
            };
            self.note(note).await?;
        }
        Ok(Redacted { redaction, entries })
    }

    async fn redact_table(
        &mut self,
        source: Source,
        entity: &str,
        ids: &[Id],
        which: Expr,
        fields: Option<&[&str]>,
        steps: &mut Vec<Step>,
    ) -> Result<()> {
        let content = source.content();
        let mut last = i64::MIN;
        loop {
            let rows = self
                .conn
                .fetch(
                    source
                        .select()
                        .expr(Expr::col(name(content)))
                        .cond_where(
                            Cond::all()
                                .add(Expr::col(name("record_id")).is_in(ids.iter().copied()))
                                .add(Expr::col(name("entity")).eq(entity))
                                .add(Expr::col(name("seq")).gt(last))
                                .add(which.clone()),
                        )
                        .order_by(name("seq"), Order::Asc)
                        .limit(CHUNK),
                )
                .await?;
            let Some(end) = rows.last().map(|row| row.int(0)).transpose()? else { return Ok(()) };
            last = end;
            let mut changed = HashMap::new();
            for row in &rows {
                let Some(left) = without(&row.text(source.width())?, fields)? else { continue };
                self.replace(source, content, row.int(0)?, left).await?;
                changed.insert(row.int(0)?, source::text(&source::hash(source, row)?));
            }
            self.find_steps(source, changed, steps).await?;
        }
    }

    /// The salt goes with the content, so that nobody finds it again by trying.
    async fn replace(&mut self, source: Source, content: &str, seq: i64, left: String) -> Result<()> {
        let update = Sql::update()
            .table(name(source.table()))
            .value(name(content), left)
            .value(name("salt"), Bound::Uuid(None))
            .and_where(Expr::col(name("seq")).eq(seq))
            .to_owned();
        self.conn.execute(&update).await.map(drop)
    }

    /// Reads what was changed again, for what it hashes to now.
    async fn find_steps(
        &mut self,
        source: Source,
        changed: HashMap<i64, String>,
        steps: &mut Vec<Step>,
    ) -> Result<()> {
        if changed.is_empty() {
            return Ok(());
        }
        let among = Expr::col(name("seq")).is_in(changed.keys().copied());
        let earlier = Sql::select()
            .column(name("seq"))
            .expr(Expr::col(name("step")).max())
            .from(name("audit_redaction"))
            .and_where(Expr::col(name("source")).eq(source.name()))
            .and_where(among.clone())
            .group_by_col(name("seq"))
            .to_owned();
        let earlier = self.conn.fetch(&earlier).await?;
        let earlier: HashMap<i64, i64> =
            earlier.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect::<Result<_>>()?;
        let now: Vec<Row> = self.conn.fetch(source.select().and_where(among)).await?;
        for row in &now {
            let seq = row.int(0)?;
            steps.push(Step {
                source,
                seq,
                step: earlier.get(&seq).copied().unwrap_or(0) + 1,
                before: changed.get(&seq).cloned().unwrap_or_default(),
                after: source::text(&source::hash(source, row)?),
            });
        }
        Ok(())
    }

    /// Keeps the steps and returns their digest.
    async fn keep_steps(&mut self, redaction: Id, mut steps: Vec<Step>) -> Result<String> {
        steps.sort_by_key(|step| (step.source.name(), step.seq, step.step));
        let (mut hasher, mut values) = (Sha256::new(), Vec::<Bound>::new());
        for step in steps {
            add_step(&mut hasher, step.source.name(), step.seq, step.step, [&step.before, &step.after]);
            values.extend([step.source.name().into(), step.seq.into(), step.step.into(), redaction.into()]);
            values.extend([Bound::from(step.before), step.after.into()]);
        }
        let columns = ["source", "seq", "step", "redaction", "before", "after"];
        self.conn.insert_rows("audit_redaction", &columns, values).await?;
        Ok(source::text(&hasher.finalize().into()))
    }
}

/// The object without these fields (`None`: without any); `None` if it has none of them.
fn without(content: &str, fields: Option<&[&str]>) -> Result<Option<String>> {
    let mut content: Json = serde_json::from_str(content)?;
    let Some(object) = content.as_object_mut() else { return Ok(None) };
    let before = object.len();
    object.retain(|key, _| fields.is_some_and(|fields| !fields.contains(&key.as_str())));
    Ok((object.len() < before).then(|| content.to_string()))
}
