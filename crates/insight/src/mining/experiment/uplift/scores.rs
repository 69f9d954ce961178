//! What reaching each customer is worth, as figures of the customer, so that lists filter and sort by it: told by the model of one
//! experiment, the one in use, of everybody whom its condition finds today, whether he took part or not.

use super::{Proven, model};
use crate::mining::{
    accounts,
    experiment::{ENTITY, LEASE, PRODUCT, candidates},
    kept::{self, WHOLE},
    lines::Sales,
    refresh,
};
use crate::settings::day_number;
use engine::{
    Actor, Engine, Erasing, Error, Result, TryStreamExt, Tx, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::{Field, Id, NaiveDate, Record, Value, Values, choice, money};
use mining::{effect::uplift::policy::Advice, reason::Reason};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

pub const ADVICE: &str = "contact_advice";
pub const WORTH: &str = "contact_worth";
const SCORES: &str = "uplift_scores";
const IN_USE: &str = "uplift_in_use";
/// Figures written in one transaction.
const BATCH: usize = 2_000;

/// How many customers each advice is given of, in the order of [`Advice::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advised {
    pub customers: [u64; 3],
}

pub fn fields() -> Vec<Field> {
    let fields = [
        choice(
            ADVICE,
            &[
                ("reach", "Worth reaching", "值得触达", "green"),
                ("not_worth", "Costs more than it brings", "不划算", "grey"),
                ("leave_alone", "Better left alone", "不宜打扰", "red"),
            ],
        )
        .label("Whether to reach him", "触达建议")
        .help(
            "By the uplift model of the experiment in use: worth reaching if what reaching him adds brings more than a contact costs, better left alone if it takes away. Empty where no experiment has proven that customers respond differently.",
            "由当前采用的效果实验的提升模型得出：触达带来的增量大于触达成本为“值得触达”，触达反而减少购买为“不宜打扰”。没有实验证实客户反应确有差别时为空。",
        ),
        money(WORTH)
            .in_company_currency()
            .label("Worth of a contact", "触达净收益")
            .help(
                "Expected margin (sales, where no cost of goods is known) that reaching him adds over the length of the experiment, less the cost of the contact.",
                "触达该客户在实验同样长的时间内预计增加的毛利（成本未知时为销售额），减去触达成本。",
            ),
    ];
    fields
        .into_iter()
        .map(|field| field.sure("uplift").apart().indexed().section("Value", "客户价值"))
        .collect()
}

/// The experiment whose model tells of customers; read anew, for what is told of everybody follows from it and another server may have
/// chosen it a moment ago.
pub async fn in_use(engine: &Engine) -> Result<Option<Id>> {
    let kept = kept::read::<Option<Id>>(engine, IN_USE, WHOLE).await?;
    Ok(kept.and_then(|kept| kept.body))
}

pub async fn put_in_use(engine: &Engine, experiment: Option<Id>, as_of: NaiveDate) -> Result<()> {
    kept::keep(engine, IN_USE, WHOLE, as_of, &experiment).await
}

pub async fn advised(engine: &Engine, experiment: Id) -> Result<Option<Arc<kept::Kept<Advised>>>> {
    kept::load(engine, SCORES, &experiment.to_string()).await
}

async fn experiment_of(engine: &Engine, id: Id) -> Result<Option<Record>> {
    match engine.get(&Actor::system(), ENTITY, id).await {
        Ok(record) => Ok(Some(record).filter(|record| record.deleted_at.is_none())),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// After the model of an experiment was proven: it is used unless that of another one is.
pub async fn begin(engine: &Engine, experiment: &Record, sales: &Arc<Sales>) -> Result<()> {
    let used = match in_use(engine).await? {
        Some(other) if other != experiment.id => experiment_of(engine, other).await?.is_some(),
        Some(_) => true,
        None => false,
    };
    if !used {
        put_in_use(engine, Some(experiment.id), sales.until).await?;
    }
    tell(engine, experiment, sales).await
}

/// After the model of an experiment turned out to be none.
pub async fn withdraw(engine: &Engine, experiment: Id, as_of: NaiveDate) -> Result<()> {
    if in_use(engine).await? != Some(experiment) {
        return Ok(());
    }
    put_in_use(engine, None, as_of).await?;
    write(engine, BTreeMap::new()).await
}

/// Tells anew of everybody by the model in use, as of the last day of `sales`.
pub async fn refresh(engine: &Engine, sales: &Arc<Sales>) -> Result<()> {
    engine.alone(LEASE, |engine| Box::pin(async move { refresh_alone(&engine, sales).await })).await
}

async fn refresh_alone(engine: &Engine, sales: &Arc<Sales>) -> Result<()> {
    let Some(used) = in_use(engine).await? else { return Ok(()) };
    match experiment_of(engine, used).await? {
        Some(experiment) => tell(engine, &experiment, sales).await,
        None => withdraw(engine, used, sales.until).await,
    }
}

/// Everybody's worth in ten-thousandths, and the advice.
type Told = BTreeMap<Id, (i64, Advice)>;

async fn tell(engine: &Engine, experiment: &Record, sales: &Arc<Sales>) -> Result<()> {
    let kept = model(engine, experiment.id).await?;
    if kept.as_ref().is_none_or(|kept| kept.body.is_none()) {
        return Ok(());
    }
    let accounts = match candidates::everybody(engine, experiment).await {
        // Nothing is told of its product any more: what was advised last stands.
        Err(Error::Invalid(_)) if experiment.reference(PRODUCT).is_some() => return Ok(()),
        accounts => accounts?,
    };
    let profiles = accounts::read(engine, &accounts).await?;
    let (sales, as_of) = (sales.clone(), sales.until);
    let told = refresh::computed(move || -> std::result::Result<Told, Reason> {
        let Some(proven) = kept.as_ref().and_then(|kept| kept.body.as_ref()) else { return Ok(Told::new()) };
        let rows = proven.encoder.rows(&accounts, &profiles, &sales, day_number(sales.until));
        let effects = proven.model.effects(&rows)?;
        Ok(accounts
            .into_iter()
            .zip(effects)
            .map(|(account, effect)| (account, worth(proven, effect)))
            .collect())
    })
    .await?;
    let told = told.map_err(|reason| Error::Internal(reason.to_string()))?;
    let count = |advice| told.values().filter(|(_, given)| *given == advice).count() as u64;
    let advised = Advised { customers: Advice::ALL.map(count) };
    if in_use(engine).await? == Some(experiment.id) {
        write(engine, told).await?;
    }
    // Last: the page that tells how many they are opens the list of them.
    kept::keep(engine, SCORES, &experiment.id.to_string(), as_of, &advised).await
}

fn worth(proven: &Proven, effect: f64) -> (i64, Advice) {
    let worth = value::money::from_units(effect * proven.value - proven.cost);
    (worth, Advice::of(effect, proven.break_even))
}

/// Writes what changed, and takes it from those of whom nothing is told any more.
async fn write(engine: &Engine, told: Told) -> Result<()> {
    let former = written(engine).await?;
    let values = |told: Option<&(i64, Advice)>| {
        let (worth, advice) = match told {
            Some((worth, advice)) => {
                (Value::Decimal(meta::unscaled(*worth, meta::MONEY_SCALE)), Value::from(advice.name()))
            }
            None => (Value::Null, Value::Null),
        };
        Values::from([(WORTH.to_owned(), worth), (ADVICE.to_owned(), advice)])
    };
    let same = |id: &Id, (worth, advice): &(i64, Advice)| {
        former.get(id).is_some_and(|(had, was)| *had == Some(*worth) && was == advice.name())
    };
    let changed =
        told.iter().filter(|(id, told)| !same(id, told)).map(|(id, told)| (*id, values(Some(told))));
    let gone = former.keys().filter(|id| !told.contains_key(id)).map(|id| (*id, values(None)));
    let figures: Vec<(Id, Values)> = changed.chain(gone).collect();
    for batch in figures.chunks(BATCH) {
        let batch = batch.to_vec();
        engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move {
                    tx.set_figures("account", &batch).await?;
                    tx.count_change(&engine::figures_reader("account")).await
                })
            })
            .await?;
    }
    Ok(())
}

/// Takes what is told of erased people; returns of how many something was.
pub async fn forget(tx: &mut Tx, erasing: &Erasing) -> Result<u64> {
    let table = engine::schema::figures_table_name("account");
    let mut told: Vec<Id> = vec![];
    for ids in erasing.ids.chunks(BATCH) {
        let select = Sql::select()
            .column(name("id"))
            .from(name(&table))
            .and_where(Expr::col(name("id")).is_in(engine::among(ids)))
            .and_where(Expr::col(name(ADVICE)).is_not_null())
            .to_owned();
        let rows = tx.fetch(&select).await?;
        told.extend(rows.iter().map(|row| row.id(0)).collect::<Result<Vec<Id>>>()?);
    }
    if !erasing.dry {
        let nothing = || Values::from([(WORTH.to_owned(), Value::Null), (ADVICE.to_owned(), Value::Null)]);
        let figures: Vec<(Id, Values)> = told.iter().map(|id| (*id, nothing())).collect();
        tx.set_figures("account", &figures).await?;
    }
    Ok(told.len() as u64)
}

async fn written(engine: &Engine) -> Result<BTreeMap<Id, (Option<i64>, String)>> {
    let table = engine::schema::figures_table_name("account");
    let select = Sql::select()
        .columns(["id", WORTH, ADVICE].map(name))
        .from(name(&table))
        .and_where(Expr::col(name(ADVICE)).is_not_null())
        .to_owned();
    let (mut rows, mut found) = (engine.stream(&select), BTreeMap::new());
    while let Some(row) = rows.try_next().await? {
        found.insert(row.id(0)?, (row.opt_int(1)?, row.text(2)?));
    }
    Ok(found)
}
