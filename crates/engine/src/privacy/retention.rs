//! How long personal data is kept: rules of the company, carried out every night in small batches.

mod due;
mod nightly;

use super::allow;
use crate::{Actor, Engine, Error, Module, Result, Tx};
pub use due::Due;
use meta::{Entity, FieldProblem, Problem, label};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::sync::Arc;

/// The setting that holds the rules.
pub const RETENTION: &str = "privacy.retention";
pub(super) const MONTHS_LIMIT: u32 = 1_200;
const RULES_LIMIT: usize = 100;

/// What the months are counted from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Since {
    Created,
    /// The last record of any kind on its timeline, or its creation.
    Anything,
    /// The last record of this entity, such as an order, or its creation.
    Last(String),
}

impl From<String> for Since {
    fn from(text: String) -> Since {
        match text.as_str() {
            "created" => Since::Created,
            "anything" => Since::Anything,
            _ => Since::Last(text),
        }
    }
}

impl From<Since> for String {
    fn from(since: Since) -> String {
        match since {
            Since::Created => "created".to_owned(),
            Since::Anything => "anything".to_owned(),
            Since::Last(entity) => entity,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Personal fields are emptied, the record stays.
    Erase,
    /// The same, and the record goes.
    Delete,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    pub entity: String,
    pub months: u32,
    pub since: Since,
    pub ending: Ending,
}

pub(super) fn add(module: Module) -> Module {
    module
        .before_setting(RETENTION, |tx, value| Box::pin(check(tx, value)))
        .job(nightly::JOB, |context| Box::pin(nightly::run(context)))
        .start(|engine| Box::pin(nightly::every_night(engine)))
}

impl Engine {
    /// Entities a rule may be about. Users are erased one by one, for they work here.
    pub fn retainable(&self) -> impl Iterator<Item = &Arc<Entity>> {
        let personal = |entity: &&Arc<Entity>| entity.personal_fields().next().is_some();
        self.registry().entities().filter(personal).filter(|entity| !entity.internal && entity.name != "user")
    }

    pub async fn retention_rules(&self) -> Result<Vec<Rule>> {
        let setting = self.setting(RETENTION).await?.unwrap_or(Json::Array(vec![]));
        let rules: Vec<Rule> = serde_json::from_value(setting)?;
        // The company may have deleted what it had declared itself.
        let is_known = |rule: &Rule| self.retainable().any(|entity| entity.name == rule.entity);
        Ok(rules.into_iter().filter(is_known).collect())
    }

    pub async fn set_retention_rules(&self, actor: &Actor, rules: &[Rule]) -> Result<()> {
        allow(actor)?;
        let rules = serde_json::to_value(rules)?;
        self.write(actor, move |tx| Box::pin(async move { tx.change_setting(RETENTION, &rules).await })).await
    }
}

/// Problems name their rule as `[index].field`.
async fn check(tx: &mut Tx, value: &Json) -> Result<()> {
    let rules: Vec<Rule> = serde_json::from_value(value.clone())?;
    let mut problems = vec![];
    let mut refuse = |index: usize, field: &str, en: String, zh: String| {
        problems.push(FieldProblem::new(format!("[{index}].{field}"), Problem::Rule(label(en, zh))));
    };
    if rules.len() > RULES_LIMIT {
        refuse(
            RULES_LIMIT,
            "entity",
            format!("more than {RULES_LIMIT} rules: remove some"),
            format!("规则超过 {RULES_LIMIT} 条，请减少"),
        );
    }
    for (index, rule) in rules.iter().enumerate() {
        let entity = tx.engine.retainable().find(|entity| entity.name == rule.entity);
        let Some(entity) = entity else {
            let (en, zh) = ("has no personal data: choose another", "没有个人信息，请选择其他类型");
            refuse(index, "entity", en.into(), zh.into());
            continue;
        };
        if rule.months == 0 || rule.months > MONTHS_LIMIT {
            let en = format!("must be a whole number from 1 to {MONTHS_LIMIT}");
            refuse(index, "months", en, format!("应为 1 到 {MONTHS_LIMIT} 的整数"));
        }
        let known =
            |last: &str| due::happenings(tx.engine.registry(), entity).any(|(other, ..)| other.name == last);
        if matches!(&rule.since, Since::Last(last) if !known(last)) {
            let en = "is nothing that happens with these records: choose another";
            refuse(index, "since", en.into(), "与此类记录无关，请另选".into());
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
