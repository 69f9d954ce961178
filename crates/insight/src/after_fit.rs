//! What is computed anew after each fit, because it rests on everybody's figures: the history of classes, cycles, alarms, satisfaction, the seven P, contracts, before and after.
//! One after the other, in one job, from a warehouse that was brought up to the fit; each keeps its result for the pages.

use crate::{alarm, benefit, class_history, contract, cycle, satisfaction, settings::Settings, seven_p};
use engine::{
    BoxFuture, Engine, JobContext, Result, Tx, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::Id;
use serde_json::json;
use std::time::Instant;
use warehouse::Manner;

pub const JOB: &str = "value.after_fit";

pub async fn compute(engine: &Engine, job: Option<&JobContext>) -> Result<()> {
    let mut watch = Watch::new();
    let settings = Settings::load(engine).await?;
    class_history::keep(engine, &settings).await?;
    watch.done("class history");
    warehouse::refresh(engine, Manner::default(), job).await?;
    watch.done("warehouse");
    let due = cycle::compute(engine, &settings, job).await?;
    watch.done("cycles");
    let raised = alarm::run(engine, &settings, &due).await?;
    watch.done("alarms");
    satisfaction::compute(engine, &settings).await?;
    watch.done("satisfaction");
    seven_p::compute(engine, &settings).await?;
    watch.done("seven P");
    contract::compute(engine, &settings).await?;
    watch.done("contracts");
    benefit::compute(engine, &settings).await?;
    watch.done("before and after");
    let seconds = watch.started.elapsed().as_secs_f64();
    tracing::info!(raised, seconds, steps = watch.steps.join(", "), "what rests on the fit computed");
    Ok(())
}

/// How long each step took.
struct Watch {
    started: Instant,
    step: Instant,
    steps: Vec<String>,
}

impl Watch {
    fn new() -> Self {
        Watch { started: Instant::now(), step: Instant::now(), steps: vec![] }
    }

    fn done(&mut self, step: &str) {
        self.steps.push(format!("{step} {:.1} s", self.step.elapsed().as_secs_f64()));
        self.step = Instant::now();
    }
}

pub fn run(context: JobContext) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        compute(&context.engine, Some(&context)).await?;
        Ok(())
    })
}

/// Queues it unless one waits already.
pub async fn queue(tx: &mut Tx) -> Result<()> {
    let waiting = Sql::select()
        .column(name("id"))
        .from(name("job"))
        .and_where(Expr::col(name("state")).eq("queued"))
        .and_where(Expr::col(name("kind")).eq(JOB))
        .limit(1)
        .to_owned();
    if tx.fetch(&waiting).await?.is_empty() {
        let _: Id = tx.enqueue(JOB, json!({})).await?;
    }
    Ok(())
}
