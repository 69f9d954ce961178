//! All records of somebody who leaves go to somebody else, those in the trash, too: whatever is restored later is in good
//! hands.

use crate::{Engine, Error, JobContext, LogKind, Module, Result, Tx, db::name};
use meta::{Entity, Id, Problem, Value, Values, label};
use sea_query::{Expr, ExprTrait, Query as Sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::BTreeMap, sync::Arc};

const JOB: &str = "hand_over";
/// Records in one transaction.
const BATCH: u64 = 500;

/// What is handed over, and how much of it has been, by entity.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Handed {
    pub from: Id,
    pub to: Id,
    pub entities: Vec<String>,
    #[serde(default)]
    pub done: BTreeMap<String, u64>,
}

pub(crate) fn add(module: Module) -> Module {
    module.job(JOB, |context| Box::pin(run(context)))
}

/// What people own by a field that can be changed.
fn ownable(entity: &Entity) -> Option<&str> {
    let owner = entity.owner().filter(|field| entity.get(field).is_some_and(|field| !field.computed));
    owner.filter(|_| entity.personal.is_none() && entity.parent.is_none() && !entity.internal)
}

impl Engine {
    /// Whatever somebody owns: entity and number of records, most first.
    pub async fn owned_by(&self, user: Id) -> Result<Vec<(Arc<Entity>, u64)>> {
        let mut owned = vec![];
        for entity in self.registry().entities() {
            let Some(owner) = ownable(entity) else { continue };
            let count = Sql::select()
                .expr(Expr::cust("COUNT(*)"))
                .from(name(&entity.name))
                .and_where(Expr::col(name(owner)).eq(user))
                .to_owned();
            let number = crate::store::number(&self.fetch(&count).await?)?;
            if number > 0 {
                owned.push((entity.clone(), number));
            }
        }
        owned.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
        Ok(owned)
    }
}

impl Tx {
    /// Gives everything of these entities that `from` owns to `to`, in the background.
    pub async fn hand_over(&mut self, from: Id, to: Id, entities: Vec<String>) -> Result<Id> {
        if !self.actor.is_administrator() {
            return Err(Error::Forbidden("hand over".to_owned()));
        }
        let active = self.get("user", to).await.is_ok_and(|user| user.get("active").as_bool() != Some(false));
        if from == to || !active {
            let text = label("choose another user who is active", "请选择另一位在用的用户");
            return Err(Error::invalid("to", Problem::Rule(text)));
        }
        for entity in &entities {
            let known = self.engine.entity(entity)?;
            if ownable(known).is_none() {
                let text =
                    label("records of this kind have no owner to change", "此类数据没有可变更的负责人");
                return Err(Error::invalid("entities", Problem::Rule(text)));
            }
        }
        self.enqueue(JOB, json!(Handed { from, to, entities, done: BTreeMap::new() })).await
    }

    /// One batch; how many there were. The rules for input are not asked: an old record may lack what new ones need.
    async fn hand_over_some(&mut self, entity: &Entity, from: Id, to: Id) -> Result<u64> {
        let Some(owner) = ownable(entity) else { return Ok(0) };
        let select = Sql::select()
            .column(name("id"))
            .from(name(&entity.name))
            .and_where(Expr::col(name(owner)).eq(from))
            .limit(BATCH)
            .to_owned();
        let ids: Vec<Id> = self.fetch(&select).await?.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
        let mut entries = vec![];
        for before in self.whole(entity, &ids).await? {
            let values = Values::from([(owner.to_owned(), Value::Id(to))]);
            self.write_update(entity, &before, &values).await?;
            entries.push((before.id, json!({ owner: [from, to] })));
        }
        self.log(&entity.name, LogKind::Update, &entries).await?;
        self.touch(&entity.name, ids.iter().copied());
        Ok(ids.len() as u64)
    }
}

/// Each batch leaves less to do, so that a job that is run again goes on where it was.
async fn run(context: JobContext) -> anyhow::Result<()> {
    let mut handed: Handed = serde_json::from_value(context.job.payload.clone())?;
    let actor = match context.job.user {
        Some(user) => crate::Actor::user(user, crate::Role::System, meta::Lang::En),
        None => crate::Actor::system(),
    };
    for entity in handed.entities.clone() {
        let entity = context.engine.entity(&entity)?.clone();
        loop {
            let (target, from, to) = (entity.clone(), handed.from, handed.to);
            let moved = context
                .engine
                .write(&actor, move |tx| Box::pin(async move { tx.hand_over_some(&target, from, to).await }))
                .await?;
            *handed.done.entry(entity.name.clone()).or_default() += moved;
            context.progress(json!(handed)).await?;
            if moved == 0 {
                break;
            }
        }
    }
    Ok(())
}
