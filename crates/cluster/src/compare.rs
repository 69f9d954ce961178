//! Every night a sample of measures is asked of the workers and computed here, and the catalog says whether both are the same. If not, no
//! worker is asked until a comparison finds them the same again.

use crate::coordinator;
use engine::{Actor, Engine, JobContext, Module, Result, every_night};
use meta::label;
use serde_json::Value as Json;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use warehouse::{
    Elsewhere, Quality,
    semantic::{self, Cut, Question},
};

pub const JOB: &str = "warehouse.compare";
/// The setting that says which night was the last.
const LAST: &str = "warehouse.compared_last_on";
const HOUR: u32 = 3;
/// Questions of one night; another night asks others.
pub const SAMPLE: usize = 24;
/// The setting with the night whose questions were answered otherwise. They are asked again instead of others until both are the same.
const DIFFERED: &str = "warehouse.differed_night";
/// Until every process of the company knows what one of them found.
const HEEDED_EVERY: Duration = Duration::from_secs(60);

pub fn module() -> Module {
    Module::new("cluster").labels("Workers", "工作节点").job(JOB, |context| Box::pin(run(context))).start(
        |engine| {
            Box::pin(async move {
                tokio::join!(every_night(engine.clone(), LAST, JOB, HOUR), heeding(engine));
            })
        },
    )
}

async fn heeding(engine: Engine) {
    loop {
        if let Err(error) = heed(&engine).await {
            tracing::warn!("the last comparison of workers cannot be read: {error}");
        }
        tokio::time::sleep(HEEDED_EVERY).await;
    }
}

/// Workers are asked if the last comparison, whichever process made it, found that they answer as the server does.
pub async fn heed(engine: &Engine) -> Result<()> {
    let Some(coordinator) = coordinator::of(engine) else { return Ok(()) };
    coordinator.trust(differed(engine).await?.is_none());
    Ok(())
}

async fn differed(engine: &Engine) -> Result<Option<u64>> {
    Ok(engine.setting(DIFFERED).await?.and_then(|night| night.as_u64()))
}

async fn run(context: JobContext) -> anyhow::Result<()> {
    let engine = &context.engine;
    // Without workers there is nothing to compare.
    let Some(coordinator) = coordinator::of(engine) else { return Ok(()) };
    let tonight = (engine.clock().now().timestamp() / (24 * 60 * 60)).unsigned_abs();
    let night = differed(engine).await?.unwrap_or(tonight);
    let checks = compare(engine, Arc::new(coordinator.always()), night).await?;
    conclude(engine, night, checks).await?;
    Ok(())
}

/// Keeps what the questions of a night have shown, and heeds it.
pub async fn conclude(engine: &Engine, night: u64, checks: Vec<Quality>) -> Result<()> {
    for check in checks.iter().filter(|check| !check.good) {
        tracing::error!(
            table = check.table,
            found = check.found,
            "workers answer otherwise than this process"
        );
    }
    let is_good = checks.iter().all(|check| check.good);
    let differed = if is_good { Json::Null } else { night.into() };
    engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.set_setting(DIFFERED, &differed).await }))
        .await?;
    warehouse::note(engine, checks).await?;
    heed(engine).await
}

/// For each fact, how many of the night's questions are answered otherwise there than here.
pub async fn compare(engine: &Engine, there: Arc<dyn Elsewhere>, night: u64) -> Result<Vec<Quality>> {
    let mut differ: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (fact, question) in sample(engine, night as usize) {
        let wrong = differ.entry(fact).or_default();
        let (own, other) = semantic::ask_both(engine, &Actor::system(), &question, there.clone()).await?;
        if own != other {
            wrong.push(question.measures.join(", "));
        }
    }
    let checks = differ.into_iter().map(|(table, wrong)| Quality {
        found: match wrong.len() {
            0 => "0".to_owned(),
            number => format!("{number} ({})", wrong.join("; ")),
        },
        ..Quality::of_rows(
            &table,
            "workers",
            label(
                "Questions of last night's sample that workers answer otherwise than the server",
                "昨夜抽查中工作节点与服务器计算结果不一致的问题数",
            ),
            wrong.len() as u64,
        )
    });
    Ok(checks.collect())
}

/// Measures of every fact with one of their dimensions each: every so many-th, others each night, and when all had their turn, by their
/// next dimension.
fn sample(engine: &Engine, night: usize) -> Vec<(String, Question)> {
    let model = semantic::model(engine.registry());
    let step = model.measures.len().div_ceil(SAMPLE).max(1);
    let (first, round) = (night % step, night / step);
    let one = |at: usize| {
        let measure = &model.measures[at];
        let dimensions = model.common(&[measure.name.to_owned()]);
        let cut = dimensions.get((at + round) % dimensions.len().max(1)).map(|dimension| Cut {
            dimension: dimension.name.clone(),
            level: dimension.levels.first().copied(),
        });
        let fact = model.facts_of(measure.name).into_iter().next().unwrap_or_default().to_owned();
        let question = Question {
            measures: vec![measure.name.to_owned()],
            cuts: cut.into_iter().collect(),
            ..Question::default()
        };
        (fact, question)
    };
    (first..model.measures.len()).step_by(step).map(one).collect()
}
