//! Every night a sample of measures is asked of the workers and computed here, and the catalog says whether both are the same. If not, no
//! worker is asked until a comparison finds them the same again.

use crate::coordinator;
use engine::{Actor, Engine, Error, JobContext, Module, Result, every_night};
use meta::{Lang, label};
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
/// The check of questions that were answered both there and here, and that of the others.
const COMPARED: &str = "workers";
const NOT_COMPARED: &str = "workers_not_compared";
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
    let checks = compare(engine, Arc::new(coordinator.always()), night).await;
    conclude(engine, night, checks).await?;
    Ok(())
}

/// Keeps what the questions of a night have shown, and heeds it. An error if none of them could be compared.
pub async fn conclude(engine: &Engine, night: u64, checks: Vec<Quality>) -> Result<()> {
    let [compared, not_compared] = [COMPARED, NOT_COMPARED].map(|name| {
        let named = checks.iter().filter(|check| check.name == name);
        named.cloned().collect::<Vec<Quality>>()
    });
    for check in compared.iter().filter(|check| !check.good) {
        tracing::error!(
            table = check.table,
            found = check.found,
            "workers answer otherwise than this process"
        );
    }
    // What differed and was not compared again still differs.
    let still = !not_compared.is_empty() && differed(engine).await?.is_some();
    let is_good = compared.iter().all(|check| check.good) && !still;
    let differed = if is_good { Json::Null } else { night.into() };
    engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.set_setting(DIFFERED, &differed).await }))
        .await?;
    warehouse::note(engine, checks).await?;
    heed(engine).await?;
    if compared.is_empty() && !not_compared.is_empty() {
        return Err(Error::NotReady(label(
            "no question of the night could be compared with the workers: the data catalog says why",
            "昨夜抽查的问题均未能与工作节点比对，原因见数据目录",
        )));
    }
    Ok(())
}

/// What the questions about one fact have shown.
#[derive(Default)]
struct Shown {
    same: usize,
    /// The measures of those that are answered otherwise.
    otherwise: Vec<String>,
    /// Of those that were not answered, there or here.
    not_compared: Vec<(String, Error)>,
}

/// For each fact, how many of the night's questions are answered otherwise there than here, and how many could not be compared.
pub async fn compare(engine: &Engine, there: Arc<dyn Elsewhere>, night: u64) -> Vec<Quality> {
    let mut facts: BTreeMap<String, Shown> = BTreeMap::new();
    for (fact, question) in sample(engine, night as usize) {
        let shown = facts.entry(fact).or_default();
        let measures = question.measures.join(", ");
        match semantic::ask_both(engine, &Actor::system(), &question, there.clone()).await {
            Ok((own, other)) if own == other => shown.same += 1,
            Ok(_) => shown.otherwise.push(measures),
            Err(error) => {
                tracing::error!(measures, "a question could not be compared with the workers: {error}");
                shown.not_compared.push((measures, error));
            }
        }
    }
    facts.iter().flat_map(|(table, shown)| shown.checks(table)).collect()
}

impl Shown {
    fn checks(&self, table: &str) -> impl Iterator<Item = Quality> {
        let (compared, not_compared) = (self.same + self.otherwise.len(), self.not_compared.len());
        let differing = (compared > 0).then(|| Quality {
            found: match self.otherwise.len() {
                0 => "0".to_owned(),
                number => format!("{number} ({})", self.otherwise.join("; ")),
            },
            ..Quality::of_rows(
                table,
                COMPARED,
                label(
                    format!(
                        "Questions that workers answer otherwise than the server: of last night's sample {compared} compared, {not_compared} not"
                    ),
                    format!(
                        "工作节点与服务器计算结果不一致的问题数（昨夜抽查：已比对 {compared} 个，未比对 {not_compared} 个）"
                    ),
                ),
                self.otherwise.len() as u64,
            )
        });
        let missing = (not_compared > 0).then(|| {
            Quality::of_rows(
                table,
                NOT_COMPARED,
                label(
                    format!(
                        "Questions of last night's sample that were not compared: {}",
                        self.why(Lang::En)
                    ),
                    format!("昨夜抽查中未能比对的问题数：{}", self.why(Lang::Zh)),
                ),
                not_compared as u64,
            )
        });
        differing.into_iter().chain(missing)
    }

    fn why(&self, lang: Lang) -> String {
        // Addresses of machines are in the log only.
        let silent = label("workers or database do not answer", "工作节点或数据库没有响应");
        let one = |(measures, error): &(String, Error)| match error {
            Error::Unavailable(_) => format!("{measures} ({})", silent.get(lang)),
            _ => format!("{measures} ({})", error.message(lang)),
        };
        self.not_compared.iter().map(one).collect::<Vec<String>>().join("; ")
    }
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
