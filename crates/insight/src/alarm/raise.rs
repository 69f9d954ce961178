//! Writes alarms with their tasks, each once: not while one of the same rule and customer is open, and not again before he has bought.

use super::{
    ENTITY,
    behind::Within,
    group,
    receiver::Receivers,
    rule::{AlarmSettings, Rule},
    signal::{self, Signal},
};
use engine::{
    Actor, Engine, Result, Tx, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::{Id, Lang, NaiveDate, Value, Values};
use std::collections::{HashMap, HashSet};
use web::{Format, Zone};

/// Alarms written in one transaction.
const BATCH: usize = 100;
/// Alarms of one run; the rest is raised by the next.
const RAISED_LIMIT: usize = 1_000;
const LOOKUP: usize = 500;

/// What a rule found.
#[derive(Clone, Debug, PartialEq)]
pub struct Raised {
    pub rule: Rule,
    pub name: String,
    pub account: Option<Id>,
    /// If it is about several: the condition that selects them.
    pub customers: Option<String>,
    pub owner: Option<Id>,
    /// An alarm from before this day does not stand in the way: the customer has bought since.
    pub since: Option<NaiveDate>,
    pub signals: Vec<Signal>,
    /// Of which the orders are compared.
    pub weeks: Vec<Within>,
}

/// Who gets it, and what he reads.
struct Ready {
    raised: Raised,
    receiver: Option<Id>,
    subject: String,
    body: String,
}

/// Returns how many were new.
pub async fn raise(
    engine: &Engine,
    alarms: &AlarmSettings,
    found: Vec<Raised>,
    as_of: NaiveDate,
) -> Result<usize> {
    let receivers = Receivers::load(engine, alarms).await?;
    let currency = engine.company_currency().await?;
    let standing = Standing::load(engine, &found).await?;
    let mut prompts = standing.open_prompts.clone();
    let most = alarms.get("tasks_at_once");
    let mut ready = vec![];
    let mut nobodys = 0u32;
    for raised in found {
        let owner = receivers.owner(raised.owner);
        let mut receiver = owner.or_else(|| receivers.instead(raised.rule));
        if ready.len() >= RAISED_LIMIT || standing.blocks(&raised) {
            continue;
        }
        if raised.rule == Rule::ReorderDue {
            // A prompt is for somebody to act on; all that is due stands on the page of cycles.
            let Some(receiver) = receiver else { continue };
            let open = prompts.entry(receiver).or_insert(0);
            if *open as f64 >= most {
                continue;
            }
            *open += 1;
        }
        if raised.rule == Rule::CoreCustomer && owner.is_none() {
            // Where nobody has an owner all would come to one person: those worth most do, the others are only listed.
            nobodys += 1;
            receiver = receiver.filter(|_| f64::from(nobodys) <= most);
        }
        let lang = receiver.map_or(Lang::default(), |receiver| receivers.language(receiver));
        let body = signal::text(&raised.signals, Format { lang, zone: Zone::default() }, &currency);
        ready.push(Ready { subject: subject(&raised, lang), body, receiver, raised });
    }
    let count = ready.len();
    let mut rest = ready.into_iter();
    loop {
        let batch: Vec<Ready> = rest.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            return Ok(count);
        }
        engine.write(&Actor::system(), move |tx| Box::pin(write(tx, batch, as_of))).await?;
    }
}

fn subject(raised: &Raised, lang: Lang) -> String {
    let about = &raised.name;
    match (raised.rule, lang) {
        (Rule::CoreCustomer, Lang::En) => format!("Core customer falling: {about}"),
        (Rule::CoreCustomer, Lang::Zh) => format!("核心客户下滑：{about}"),
        (Rule::ReorderDue, Lang::En) => format!("Purchase due: {about}"),
        (Rule::ReorderDue, Lang::Zh) => format!("购买周期到期：{about}"),
        (Rule::GroupShrinking, Lang::En) => format!("Group shrinking: {about}"),
        (Rule::GroupShrinking, Lang::Zh) => format!("客户群萎缩：{about}"),
        (Rule::RegionFalling, Lang::En) => format!("Region falling behind: {about}"),
        (Rule::RegionFalling, Lang::Zh) => format!("区域销售下滑：{about}"),
    }
}

async fn write(tx: &mut Tx, batch: Vec<Ready>, as_of: NaiveDate) -> Result<()> {
    let now = tx.clock().now();
    for Ready { raised, receiver, subject, body } in batch {
        let mut alarm: Values = [
            ("name", Value::from(raised.name)),
            ("rule", raised.rule.name().into()),
            ("account", raised.account.into()),
            ("customers", raised.customers.into()),
            ("owner", receiver.into()),
            ("raised_on", Value::Date(as_of)),
            ("signals", Value::Json(serde_json::to_value(&raised.signals)?)),
            ("weeks", Value::Json(serde_json::to_value(&raised.weeks)?)),
        ]
        .map(|(field, value)| (field.to_owned(), value))
        .into();
        if let Some(receiver) = receiver {
            let task: Values = [
                ("subject", Value::from(subject)),
                ("kind", "task".into()),
                ("account", raised.account.into()),
                ("owner", receiver.into()),
                ("due_at", (now + chrono::Duration::days(raised.rule.due_in_days())).into()),
                ("done", false.into()),
                ("body", body.into()),
            ]
            .map(|(field, value)| (field.to_owned(), value))
            .into();
            let task = tx.create("activity", task).await?;
            alarm.insert("task".to_owned(), task.into());
        }
        tx.create(ENTITY, alarm).await?;
    }
    Ok(())
}

/// The alarms there are.
#[derive(Default)]
struct Standing {
    /// Rule and account, or rule and what it is about, of those that are not closed.
    open: HashSet<(String, Option<Id>, String)>,
    /// The newest day of closed ones by rule and account.
    last: HashMap<(String, Id), NaiveDate>,
    /// Open prompts by receiver.
    open_prompts: HashMap<Id, usize>,
}

impl Standing {
    async fn load(engine: &Engine, found: &[Raised]) -> Result<Standing> {
        let accounts: Vec<Id> = found.iter().filter_map(|one| one.account).collect();
        let mut standing = Standing::default();
        for accounts in accounts.chunks(LOOKUP) {
            let own = Expr::col(name("account")).is_in(accounts.iter().copied());
            standing.add(engine, own).await?;
        }
        standing
            .add(engine, Expr::col(name("account")).is_null().and(Expr::col(name("state")).ne("closed")))
            .await?;
        let prompts = Sql::select()
            .column(name("owner"))
            .from(name(ENTITY))
            .and_where(Expr::col(name("state")).eq("open"))
            .and_where(Expr::col(name("rule")).eq(Rule::ReorderDue.name()))
            .and_where(Expr::col(name("deleted_at")).is_null())
            .to_owned();
        for row in engine.fetch(&prompts).await? {
            if let Some(owner) = row.opt_id(0)? {
                *standing.open_prompts.entry(owner).or_insert(0) += 1;
            }
        }
        Ok(standing)
    }

    async fn add(&mut self, engine: &Engine, condition: Expr) -> Result<()> {
        let select = Sql::select()
            .columns(["rule", "account", "name", "state", "raised_on"].map(name))
            .from(name(ENTITY))
            .and_where(condition)
            .and_where(Expr::col(name("deleted_at")).is_null())
            .to_owned();
        for row in engine.fetch(&select).await? {
            let (rule, account, about) = (row.text(0)?, row.opt_id(1)?, row.text(2)?);
            if row.text(3)? != "closed" {
                let about = if account.is_some() { String::new() } else { group::about(&about).to_owned() };
                self.open.insert((rule, account, about));
            } else if let Some(account) = account {
                let day = row.date(4)?;
                let last = self.last.entry((rule, account)).or_insert(day);
                *last = Ord::max(*last, day);
            }
        }
        Ok(())
    }

    fn blocks(&self, raised: &Raised) -> bool {
        let rule = raised.rule.name().to_owned();
        let Some(account) = raised.account else {
            return self.open.contains(&(rule, None, group::about(&raised.name).to_owned()));
        };
        let last = self.last.get(&(rule.clone(), account));
        self.open.contains(&(rule, Some(account), String::new()))
            || last.zip(raised.since).is_some_and(|(last, since)| *last >= since)
    }
}
