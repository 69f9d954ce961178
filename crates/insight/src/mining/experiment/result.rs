//! What came of an experiment: both sides' orders between its first and last day, compared.

use super::{
    ENTITY,
    members::{self, Member},
    plan::{self, Before},
    uplift::{self, Money},
};
use crate::{mining::kept, settings::Settings, statistics::COUNTING_ORDERS};
use engine::{
    Actor, BoxFuture, Engine, JobContext, JobState, Query, Result, TryStreamExt, name,
    sea_query::{Expr, ExprTrait, JoinType, Query as Sql},
};
use meta::{DateTime, Id, NaiveDate, Record, Utc, Value};
use mining::effect::{
    Effect,
    difference::{Amounts, Rate, of_amounts, of_rates},
    heterogeneity::{self, Arms, Heterogeneity, Part},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

pub const KIND: &str = "experiment";
pub(super) const MONEY: f64 = 10_000.0;
/// Experiments looked at at once.
const PAGE: usize = 100;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    pub treated: u64,
    pub control: u64,
    pub from: NaiveDate,
    /// The last day counted so far.
    pub until: NaiveDate,
    /// Whether the last day is over: before nothing may be claimed.
    pub ended: bool,
    /// Share of customers who bought; told by [`Found::bought`].
    bought: Effect,
    /// Sales per customer in units of the company currency, those who bought nothing counting zero; told by [`Found::sales`].
    sales: Effect,
    /// What they did before; `None` in what an earlier version kept.
    #[serde(default)]
    pub plan: Option<Before>,
    /// The last day somebody was drawn; `None` if an earlier version drew them.
    #[serde(default)]
    pub drawn_on: Option<NaiveDate>,
    /// Whether what it is measured by differs between the customer groups of the day of the draw. `None` while it runs, if that day was
    /// not before the effect could begin, and with fewer than two groups large enough.
    #[serde(default)]
    pub by_group: Option<Heterogeneity>,
    /// By the group of the day of the draw: how many were reached, and left alone. Empty in what an earlier version kept.
    #[serde(default)]
    pub group_sizes: BTreeMap<i64, [u64; 2]>,
    /// Both sides by the region they were in on the day of the draw, as far as there are enough of them, by what it is measured by. None
    /// where `by_group` is none for its time, and in what an earlier version kept.
    #[serde(default)]
    pub regions: Vec<Part>,
    /// Both sides by what it is measured by; `None` in what an earlier version kept.
    #[serde(default)]
    pub arms: Option<Arms>,
    /// What the campaign costs and these customers' margin; `None` in what an earlier version kept.
    #[serde(default)]
    pub money: Option<Money>,
    /// Who met the condition at the draw and said no to the medium, or was erased; 0 in what an earlier version kept.
    #[serde(default)]
    pub left_out: u64,
}

/// A part of the customers, as it was when they were drawn; or a fifth of those judged by how they respond, from 1, who responds best.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Within {
    Group(i64),
    Region(String),
    Fifth(i64),
}

impl Found {
    /// How many of it were reached, and left alone; `None` if nobody was drawn from it, or of a region too few to be told of. Fifths are
    /// counted where they are learned.
    pub fn sizes_within(&self, within: &Within) -> Option<[u64; 2]> {
        match within {
            Within::Group(group) => self.group_sizes.get(group).copied(),
            Within::Region(region) => {
                self.regions.iter().find(|part| part.name == *region).map(|part| part.arms.customers())
            }
            Within::Fifth(_) => None,
        }
    }

    pub fn bought(&self) -> Effect {
        self.told(self.bought)
    }

    pub fn sales(&self) -> Effect {
        self.told(self.sales)
    }

    /// What it is measured by.
    pub fn effect(&self, by_sales: bool) -> Effect {
        if by_sales { self.sales() } else { self.bought() }
    }

    fn told(&self, effect: Effect) -> Effect {
        if self.ended { effect } else { effect.so_far() }
    }

    /// Whether it stands, unless orders of its days are changed: its days are the same since, and this version told it.
    fn is_last(&self, experiment: &Record) -> bool {
        let days = (day(experiment, "start_on"), day(experiment, "end_on"));
        let sized = self.by_group.is_none() || !self.group_sizes.is_empty();
        self.ended && self.plan.is_some() && self.arms.is_some() && sized && (self.from, self.until) == days
    }

    /// Whether they were drawn when customers may have been reached already.
    pub fn drawn_late(&self) -> bool {
        self.drawn_on.is_some_and(|day| day > self.from)
    }
}

/// The day on which the result is told: the first that counts no more.
pub fn told_from(experiment: &Record) -> NaiveDate {
    let end = day(experiment, "end_on");
    end.succ_opt().unwrap_or(end)
}

pub fn by_sales(experiment: &Record) -> bool {
    experiment.text("outcome") == "sales"
}

pub async fn load(engine: &Engine, experiment: Id) -> Result<Option<Arc<kept::Kept<Found>>>> {
    kept::load(engine, KIND, &experiment.to_string()).await
}

pub fn day(record: &Record, field: &str) -> NaiveDate {
    match record.get(field) {
        Value::Date(day) => *day,
        _ => NaiveDate::default(),
    }
}

/// What a customer bought within some days, in ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bought {
    pub first_at: DateTime<Utc>,
    pub sales: i64,
    /// Of the orders whose cost is known, and the sales it was earned on.
    pub margin: i64,
    pub costed: i64,
}

/// Draws the customers if need be, compares, learns who responds, and keeps all of it; one experiment at a time, for what is advised of a
/// customer stands in one place.
pub async fn compute(engine: &Engine, experiment: &Record) -> Result<Found> {
    engine
        .alone(super::LEASE, |engine| Box::pin(async move { compute_alone(&engine, experiment).await }))
        .await
}

async fn compute_alone(engine: &Engine, experiment: &Record) -> Result<Found> {
    let before = load(engine, experiment.id).await?;
    let left_out = match Box::pin(members::draw(engine, experiment)).await?.left_out {
        None => before.map_or(0, |kept| kept.body.left_out),
        Some(left_out) => left_out,
    };
    let settings = Settings::load(engine).await?;
    let as_of = settings.as_of_day(engine.clock());
    let (from, end) = (day(experiment, "start_on"), day(experiment, "end_on"));
    let until = Ord::min(end, as_of);
    let members = members::all(engine, experiment.id).await?;
    let bought = sums(engine, Some(experiment.id), &settings, (from, until)).await?;
    // Before the first day nobody had the time to respond.
    if until >= from {
        members::respond(engine, experiment.id, &members, &bought).await?;
    }
    let customers: Vec<Id> = members.iter().map(|member| member.account).collect();
    let plan = Some(Before::of(engine, experiment, &settings, (Some(experiment.id), &customers)).await?);
    let drawn_on = members.iter().filter_map(|member| member.drawn_on).max();
    let money = Some(Money::of(experiment, &bought));
    let by_sales = by_sales(experiment);
    let compared = compare(&members, &bought, by_sales);
    let mut found = Found { from, until, ended: as_of > end, plan, drawn_on, money, left_out, ..compared };
    if found.ended && drawn_on.is_some() && !found.drawn_late() {
        let groups = parts(&members, |member| member.group, &bought, by_sales);
        found.by_group = heterogeneity::test(&groups);
        found.regions = parts(&members, |member| member.region.as_deref(), &bought, by_sales);
        // Of few customers nothing is told, and nothing is to be kept.
        found.regions.retain(Part::is_told);
    }
    for member in &members {
        if let Some(group) = member.group {
            found.group_sizes.entry(group).or_default()[usize::from(member.control)] += 1;
        }
    }
    kept::keep(engine, KIND, &experiment.id.to_string(), as_of, &found).await?;
    let sides: Vec<(Id, bool)> = members.iter().map(|member| (member.account, member.control)).collect();
    uplift::compute(engine, experiment, &found, &sides, &bought).await?;
    Ok(found)
}

/// What both sides did, a customer at a time.
#[derive(Default)]
struct Counted {
    rates: [Rate; 2],
    sales: [Vec<f64>; 2],
}

impl Counted {
    fn add(&mut self, control: bool, bought: Option<&Bought>) {
        let side = usize::from(control);
        self.rates[side].customers += 1;
        self.rates[side].did += u64::from(bought.is_some());
        self.sales[side].push(bought.map_or(0.0, |bought| bought.sales as f64 / MONEY));
    }

    fn amounts(&self) -> [Amounts; 2] {
        self.sales.each_ref().map(|sales| Amounts::of(sales))
    }

    fn arms(&self, by_sales: bool) -> Arms {
        if by_sales { Arms::Amounts(self.amounts()) } else { Arms::Rates(self.rates) }
    }
}

fn compare(members: &[Member], bought: &HashMap<Id, Bought>, by_sales: bool) -> Found {
    let mut counted = Counted::default();
    members.iter().for_each(|member| counted.add(member.control, bought.get(&member.account)));
    let (rates, [treated, control]) = (counted.rates, counted.amounts());
    Found {
        treated: rates[0].customers,
        control: rates[1].customers,
        from: NaiveDate::default(),
        until: NaiveDate::default(),
        ended: false,
        bought: of_rates(rates[0], rates[1]),
        sales: of_amounts(treated, control),
        plan: None,
        drawn_on: None,
        by_group: None,
        group_sizes: BTreeMap::new(),
        regions: vec![],
        arms: Some(counted.arms(by_sales)),
        money: None,
        left_out: 0,
    }
}

/// Both sides by what each customer was a part of when he was drawn.
fn parts<'m, P: Ord + ToString>(
    members: &'m [Member],
    part: impl Fn(&'m Member) -> Option<P>,
    bought: &HashMap<Id, Bought>,
    by_sales: bool,
) -> Vec<Part> {
    let mut parts: BTreeMap<P, Counted> = BTreeMap::new();
    for member in members {
        if let Some(part) = part(member) {
            parts.entry(part).or_default().add(member.control, bought.get(&member.account));
        }
    }
    let told =
        |(name, counted): (&P, &Counted)| Part { name: name.to_string(), arms: counted.arms(by_sales) };
    parts.iter().map(told).collect()
}

/// Of everybody who bought within the days, and takes part if an experiment is given.
pub(super) async fn sums(
    engine: &Engine,
    experiment: Option<Id>,
    settings: &Settings,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<HashMap<Id, Bought>> {
    let order = |column: &str| Expr::col((name("order"), name(column)));
    let member = |column: &str| Expr::col((name(members::TABLE), name(column)));
    let begin = settings.end_of(from.pred_opt().unwrap_or(from));
    let mut select = Sql::select();
    select
        .exprs(["account", "net_base", "margin_base", "ordered_at"].map(order))
        .from(name("order"))
        .and_where(order("account").is_not_null())
        .and_where(order("deleted_at").is_null())
        .and_where(order("status").is_in(COUNTING_ORDERS))
        .and_where(order("ordered_at").gte(begin))
        .and_where(order("ordered_at").lt(settings.end_of(until)))
        .and_where(order("net_base").gt(0));
    if let Some(experiment) = experiment {
        select
            .join(JoinType::InnerJoin, name(members::TABLE), order("account").eq(member("account")))
            .and_where(member("experiment").eq(experiment));
    }
    let (mut rows, mut found) = (engine.stream(&select), HashMap::new());
    while let Some(row) = rows.try_next().await? {
        let (at, sales) = (row.instant(3)?, row.opt_int(1)?.unwrap_or(0));
        let sum: &mut Bought =
            found.entry(row.id(0)?).or_insert_with(|| Bought { first_at: at, ..Bought::default() });
        sum.first_at = Ord::min(sum.first_at, at);
        sum.sales = sum.sales.saturating_add(sales);
        if let Some(margin) = row.opt_int(2)? {
            sum.margin = sum.margin.saturating_add(margin);
            sum.costed = sum.costed.saturating_add(sales);
        }
    }
    Ok(found)
}

/// Compares anew whatever was drawn and runs, had not ended when it was last compared, or was compared by an earlier version: how it
/// stands so far, or what came of it. Of others that have not ended it is told anew what they can show.
pub async fn follow(engine: &Engine) -> Result<()> {
    let today = Settings::load(engine).await?.as_of_day(engine.clock());
    let mut query = Query::new(ENTITY).sort("-start_on").limit(PAGE);
    loop {
        let page = engine.list(&Actor::system(), &query).await?;
        for experiment in &page.records {
            let learned = uplift::is_learned(engine, experiment.id).await?;
            let done = match load(engine, experiment.id).await? {
                Some(kept) if kept.body.is_last(experiment) && learned => continue,
                Some(_) => compute(engine, experiment).await.map(drop),
                None if day(experiment, "end_on") < today => continue,
                None => plan::compute(engine, experiment).await,
            };
            // One that cannot be compared keeps no other from it.
            if let Err(error) = done {
                tracing::warn!(experiment = %experiment.id, "an experiment could not be compared: {error}");
            }
        }
        match page.next {
            Some(next) => query = query.after(Some(next)),
            None => return Ok(()),
        }
    }
}

/// The job for one experiment.
pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let id: Id = serde_json::from_value(context.job.payload["experiment"].clone())?;
        let experiment = context.engine.get(&Actor::system(), ENTITY, id).await?;
        compute(&context.engine, &experiment).await?;
        Ok(())
    })
}

/// Queues the job unless one waits: one that runs may have read what has been changed since.
pub async fn queue(engine: &Engine, experiment: Id) -> Result<()> {
    let payload = json!({ "experiment": experiment });
    let actor = Actor::system();
    let queued = engine.write(&actor, move |tx| {
        Box::pin(async move { tx.enqueue_unless(&[JobState::Queued], super::JOB, payload).await })
    });
    queued.await.map(drop)
}

pub async fn in_progress(engine: &Engine, experiment: Id) -> Result<bool> {
    engine.is_under_way(super::JOB, &json!({ "experiment": experiment })).await
}
