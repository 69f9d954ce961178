//! The full fit: reads everybody's statistics, fits the models, keeps them, scores everybody again.

use crate::{
    adoption::Adopters,
    after_fit,
    classes::{Classes, Earned, ProfitsKnown},
    kept, live,
    order_days::{Collected, OrderDays},
    overview::Overview,
    profitability,
    scoring::{Fitted, Scorer},
    settings::{Settings, day_number},
    statistics::{self, Statistics, UpTo},
    store::{self, StoredModel},
    trial::{Sample, Trial},
};
use engine::{
    Actor, BoxFuture, Engine, Error, JobContext, JobState, Result, TryStreamExt, Tx, name,
    sea_query::{Expr, ExprTrait, Order},
};
use meta::{Id, NaiveDate, Values};
use serde_json::json;
use std::{collections::HashMap, sync::Arc, time::Instant};
use value::{
    history::{Purchase, Summary},
    model::Model,
    rhythm::{GAPS_MINIMUM, Pool},
};

pub const JOB: &str = "value.refit";
const LEASE: &str = "value.refit";
/// Customers read between two words on the progress.
const TELL_EVERY: usize = 50_000;

/// Says how far a refit is: to the job's page, or, without a job, to nobody.
pub(crate) async fn tell(job: Option<&JobContext>, step: &str, done: usize, total: usize) -> Result<()> {
    match job {
        Some(job) => job.progress(json!({ "step": step, "done": done, "total": total })).await,
        None => Ok(()),
    }
}

/// Fits and scores everybody; one refit at a time.
pub async fn refit(engine: &Engine, job: Option<&JobContext>) -> Result<Arc<StoredModel>> {
    let refit = engine.alone(LEASE, |engine| {
        Box::pin(async move {
            let everybody = read(&engine, job).await?;
            complete(&engine, everybody, job).await
        })
    });
    refit.await
}

/// What a refit read. Others go on writing meanwhile: whoever they concern is scored again at its end.
pub struct Everybody {
    settings: Settings,
    as_of: NaiveDate,
    /// The last entry of the log there was before anything was read.
    since: i64,
    /// In order of their ids.
    customers: Vec<(Id, Statistics)>,
    chosen: HashMap<Id, Values>,
    sample: Sample,
    order_days: OrderDays,
}

pub async fn read(engine: &Engine, job: Option<&JobContext>) -> Result<Everybody> {
    let started = Instant::now();
    let since = live::seen(engine).await?;
    let settings = Settings::load(engine).await?;
    let as_of = settings.as_of_day(engine.clock());
    let mut customers: Vec<(Id, Statistics)> = vec![];
    let mut chosen = HashMap::new();
    let mut select = store::choices();
    select.and_where(Expr::col(name("deleted_at")).is_null()).order_by(name("id"), Order::Asc);
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let id = row.id(0)?;
        customers.push((id, Statistics::default()));
        let by_hand = store::chosen_in(&row)?;
        if !by_hand.is_empty() {
            chosen.insert(id, by_hand);
        }
        if customers.len().is_multiple_of(TELL_EVERY) {
            tell(job, "read", 0, customers.len()).await?;
        }
    }
    drop(rows);
    let up_to = UpTo { day: as_of, settings: &settings };
    let (mut sample, mut days) = (Sample::of(customers.len()), Collected::until(day_number(as_of)));
    let seen = |at, purchase: Purchase| {
        if days.add(purchase.day) {
            sample.add(at, purchase);
        }
    };
    statistics::of_everybody(engine, &mut customers, &up_to, seen, job).await?;
    tracing::info!(customers = customers.len(), seconds = started.elapsed().as_secs_f64(), "everybody read");
    let order_days = days.told();
    Ok(Everybody { settings, as_of, since, customers, chosen, sample, order_days })
}

/// Fits, makes the fit the one in force and writes everybody's figures.
pub async fn complete(
    engine: &Engine,
    everybody: Everybody,
    job: Option<&JobContext>,
) -> Result<Arc<StoredModel>> {
    let started = Instant::now();
    let Everybody { settings, as_of, since, customers, chosen, sample, order_days } = everybody;
    let count = customers.len();
    tell(job, "fit", 0, count).await?;
    let fitting = tokio::task::spawn_blocking(move || {
        let trial = Trial::of(sample, customers.len(), &settings.question());
        let scorer = fit(&customers, settings, as_of, &trial);
        let mut overview = Overview::of(&scorer, customers.iter().map(|(_, one)| one));
        overview.trial = Some(trial);
        overview.order_days = order_days;
        let profits = profitability::Report::of(&scorer, customers.iter().map(|(_, one)| one));
        (scorer, (overview, profits), customers)
    });
    let (scorer, (overview, profits), customers) =
        fitting.await.map_err(|error| Error::Internal(format!("the fit was interrupted: {error}")))?;
    let fitted_after = started.elapsed().as_secs_f64();
    let fitted = scorer.fitted.clone();
    let fit = engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                kept::keep(tx, profitability::REPORT, as_of, &profits).await?;
                store::keep(tx, as_of, &fitted, &overview).await
            })
        })
        .await?;
    let mut score = scorer.many();
    let accounts: Vec<Id> = customers.iter().map(|(id, _)| *id).collect();
    let figures = |at: usize| {
        let (id, statistics) = &customers[at];
        let mut values = scorer.values(&score(statistics));
        values.extend(chosen.get(id).cloned().unwrap_or_default());
        values
    };
    tell(job, "score", 0, count).await?;
    store::write_all(engine, fit, since, &accounts, figures).await?;
    Box::pin(live::catch_up(engine)).await?;
    tell(job, "score", count, count).await?;
    let seconds = started.elapsed().as_secs_f64();
    tracing::info!(customers = count, %as_of, fitted_after, seconds, "models fitted");
    store::newest_model(engine).await?.ok_or_else(|| Error::Internal("the fit was not kept".into()))
}

/// Models first, then the classes, which compare everybody's figures.
fn fit(customers: &[(Id, Statistics)], settings: Settings, as_of: NaiveDate, trial: &Trial) -> Scorer {
    let summaries: Vec<Summary> = customers.iter().filter_map(|(_, one)| one.summary).collect();
    let model =
        Model { rules: trial.rules, ..Model::fit_family(&summaries, day_number(as_of), trial.chosen()) };
    let mut scorer = Scorer::new(
        Fitted {
            model,
            classes: Classes::default(),
            rhythm_sd: rhythm_sd(customers),
            settings: settings.mark(),
        },
        settings,
        as_of,
    );
    let (mut net_sales, mut values) = (vec![], vec![]);
    let (mut earned, mut profits) = (Earned::default(), ProfitsKnown::default());
    let buyers = || customers.iter().map(|(_, one)| one).filter(|one| one.summary.is_some());
    for one in buyers().map(scorer.many()) {
        net_sales.push(one.statistics.net_sales());
        values.push(one.clv);
        earned.add(&one.statistics);
        profits.add(&one.statistics);
    }
    let by = profits.value_by(scorer.settings.measured_by);
    let adopters = Adopters::fit(customers.iter().map(|(_, one)| one.adoption));
    let known = Classes { by, profits, earned, adopters, ..Classes::default() };
    // What everybody earned together is a part of what each may bring.
    let worth = buyers().zip(values).filter_map(|(one, clv)| known.worth(one, clv));
    let (current, potential): (Vec<i64>, Vec<i64>) =
        worth.map(|(current, potential)| (current, potential.unwrap_or(0))).unzip();
    let limits = Classes::fit(&net_sales, &current, &potential, &scorer.settings.importance_rule);
    scorer.fitted.classes = Classes { by, profits, earned, adopters, ..limits };
    scorer
}

/// Of those with a rhythm, whatever they buy.
fn rhythm_sd(customers: &[(Id, Statistics)]) -> Option<f64> {
    let mut pool = Pool::default();
    let rhythms = customers.iter().filter_map(|(_, one)| one.rhythm());
    rhythms.filter(|rhythm| rhythm.gaps >= GAPS_MINIMUM).for_each(|rhythm| pool.add(&rhythm));
    pool.sd()
}

/// The job: fits in the background and shows how far it is.
pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        refit(&context.engine, Some(&context)).await?;
        context.engine.write(&Actor::system(), |tx| Box::pin(after_fit::queue(tx))).await?;
        Ok(())
    })
}

/// Queues a refit unless one waits already; returns the job.
pub async fn queue(tx: &mut Tx) -> Result<Id> {
    tx.enqueue_unless(&[JobState::Queued], JOB, json!({})).await
}
