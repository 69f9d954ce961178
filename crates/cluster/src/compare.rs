//! Every night a sample of measures is asked of the workers and computed here, and the catalog says whether both are the same. If not, no
//! worker is asked until the questions that were answered otherwise are answered the same again.

use crate::coordinator;
use engine::{Actor, Engine, Error, JobContext, Module, Result, every_night};
use meta::{Lang, label};
use serde_json::Value as Json;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use warehouse::{
    Elsewhere, Quality, here,
    semantic::{self, Cut, Question},
};

pub const JOB: &str = "warehouse.compare";
/// The setting that says which night was the last.
const LAST: &str = "warehouse.compared_last_on";
const HOUR: u32 = 3;
/// Questions of one night, those that differed before among them; another night asks others.
pub const SAMPLE: usize = 24;
/// The setting with the questions that were answered otherwise, each with its fact. They are asked again every night before others.
const DIFFERED: &str = "warehouse.differed";
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
    coordinator.trust(differed(engine).await?.is_empty());
    Ok(())
}

async fn differed(engine: &Engine) -> Result<Vec<(String, Question)>> {
    let kept = engine.setting(DIFFERED).await?;
    // What cannot be read any more cannot be asked any more.
    let questions = kept.iter().filter_map(Json::as_array).flatten();
    Ok(questions.filter_map(|one| serde_json::from_value(one.clone()).ok()).collect())
}

async fn run(context: JobContext) -> anyhow::Result<()> {
    let engine = &context.engine;
    // Without workers there is nothing to compare.
    let Some(coordinator) = coordinator::of(engine) else { return Ok(()) };
    let tonight = (engine.clock().now().timestamp() / (24 * 60 * 60)).unsigned_abs();
    let compared = compare(engine, Arc::new(coordinator.always()), tonight).await?;
    conclude(engine, compared).await?;
    Ok(())
}

/// What the questions of a night have shown.
pub struct Compared {
    pub checks: Vec<Quality>,
    /// Those answered otherwise, and those answered otherwise before that could not be asked there again; each with its fact.
    pub differing: Vec<(String, Question)>,
}

/// Keeps what the questions of a night have shown, and heeds it. An error if none of them could be compared.
pub async fn conclude(engine: &Engine, Compared { checks, differing }: Compared) -> Result<()> {
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
    let differing = serde_json::to_value(differing)?;
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move { tx.set_setting(DIFFERED, &differing).await })
        })
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
pub async fn compare(engine: &Engine, there: Arc<dyn Elsewhere>, night: u64) -> Result<Compared> {
    let mut facts: BTreeMap<String, Shown> = BTreeMap::new();
    let mut differing = vec![];
    let before = differed(engine).await?;
    let others = sample(engine, night as usize).into_iter().filter(|one| !before.contains(one));
    let others = others.take(SAMPLE.saturating_sub(before.len()));
    let asked = before.iter().cloned().map(|one| (one, true)).chain(others.map(|one| (one, false)));
    for ((fact, question), differed) in asked {
        let shown = facts.entry(fact.clone()).or_default();
        let measures = question.measures.join(", ");
        match semantic::ask_both(engine, &Actor::system(), &question, there.clone()).await {
            Ok((own, other)) if own == other => shown.same += 1,
            Ok(_) => {
                shown.otherwise.push(measures);
                differing.push((fact, question));
            }
            // Nobody can ask it any more.
            Err(_) if differed && is_refused_here(engine, &question).await => {}
            Err(error) => {
                tracing::error!(measures, "a question could not be compared with the workers: {error}");
                shown.not_compared.push((measures, error));
                if differed {
                    differing.push((fact, question));
                }
            }
        }
    }
    let checks = facts.iter().flat_map(|(table, shown)| shown.checks(table)).collect();
    Ok(Compared { checks, differing })
}

/// Whether the server itself has no answer and never will: it is too large for it, or of what an upgrade took away.
async fn is_refused_here(engine: &Engine, question: &Question) -> bool {
    let own = here(semantic::ask(engine, &Actor::system(), question)).await;
    matches!(own, Err(Error::Limit(_) | Error::Invalid(_)))
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
    let model = semantic::model(engine);
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
