//! Looks at every rule, writes what is new, and says what became of what was raised before.

use super::{
    core_customer, fall, follow_up, group,
    raise::{self, Raised},
    reorder,
    rule::{AlarmSettings, Rule},
};
use crate::{cycle::Due, kept, settings::Settings, store};
use engine::{Actor, Engine, Result};

/// `due` are the purchases that [`crate::cycle`] found due. Nothing is raised while the figures are held at an earlier day.
pub async fn run(engine: &Engine, settings: &Settings, due: &[Due]) -> Result<usize> {
    let as_of = settings.as_of_day(engine.clock());
    let alarms = AlarmSettings::load(engine).await?;
    let mut found: Vec<Raised> = vec![];
    if alarms.is_on(Rule::CoreCustomer)
        && let Some(model) = store::newest_model(engine).await?
    {
        let (falling, replay) = core_customer::find(engine, settings, &alarms, &model.fitted).await?;
        found.extend(falling);
        engine
            .write(&Actor::system(), move |tx| {
                Box::pin(async move { kept::keep(tx, core_customer::REPORT, as_of, &replay).await })
            })
            .await?;
    }
    if alarms.is_on(Rule::ReorderDue) {
        found.extend(reorder::find(engine, due).await?);
    }
    found.extend(fall::find(engine, settings, &alarms).await?);
    if alarms.is_on(Rule::GroupShrinking) {
        found.extend(group::find(engine, &alarms).await?);
    }
    follow_up::follow_up(engine, settings, &found).await?;
    let raised = match settings.as_of {
        Some(_) => 0,
        None => raise::raise(engine, &alarms, found, as_of).await?,
    };
    follow_up::summarize(engine, as_of).await?;
    Ok(raised)
}
