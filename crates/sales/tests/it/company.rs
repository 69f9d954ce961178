//! A company with an empty database of its own for each test, on each database.

use engine::{Actor, Engine, Error, Result};
use meta::{Decimal, Id, Record, Value, Values};
use std::future::Future;
use testkit::Modules;

pub struct Company {
    pub engine: Engine,
    pub actor: Actor,
}

fn modules() -> Modules {
    Modules { engine: vec![customers::module(), sales::module()], ..Modules::default() }
}

/// Runs `body` once per database; PostgreSQL where `ZHIKE_TEST_DATABASE_URL` says.
pub fn on_both<F, R>(body: F)
where
    F: Fn(Company) -> R,
    R: Future<Output = ()>,
{
    testkit::on_both(modules, async |test| {
        // An administrator, not the system: rules must hold for input from outside.
        let actor = Actor { role: engine::Role::Administrator, ..Actor::system() };
        body(Company { engine: test.engine.clone(), actor }).await;
    });
}

pub fn values<const N: usize>(fields: [(&str, Value); N]) -> Values {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub fn amount(text: &str) -> Value {
    Value::Decimal(text.parse().unwrap())
}

impl Company {
    pub async fn create<const N: usize>(&self, entity: &'static str, fields: [(&str, Value); N]) -> Id {
        self.try_create(entity, fields).await.unwrap()
    }
    pub async fn try_create<const N: usize>(
        &self,
        entity: &'static str,
        fields: [(&str, Value); N],
    ) -> Result<Id> {
        let fields = values(fields);
        self.engine.write(&self.actor, move |tx| Box::pin(tx.create(entity, fields))).await
    }
    pub async fn update<const N: usize>(
        &self,
        entity: &'static str,
        id: Id,
        fields: [(&str, Value); N],
    ) -> Result<i64> {
        let fields = values(fields);
        self.engine.write(&self.actor, move |tx| Box::pin(tx.update(entity, id, None, fields))).await
    }
    pub async fn delete(&self, entity: &'static str, id: Id) {
        self.engine.write(&self.actor, move |tx| Box::pin(tx.delete(entity, id, None))).await.unwrap();
    }
    pub async fn get(&self, entity: &str, id: Id) -> Record {
        self.engine.get(&self.actor, entity, id).await.unwrap()
    }
    pub async fn amounts<const N: usize>(
        &self,
        entity: &str,
        id: Id,
        fields: [&str; N],
    ) -> [Option<Decimal>; N] {
        let record = self.get(entity, id).await;
        fields.map(|field| record.get(field).as_decimal())
    }
    pub async fn versions(&self, orders: &[Id]) -> Vec<i64> {
        let mut versions = vec![];
        for id in orders {
            versions.push(self.get("order", *id).await.version);
        }
        versions
    }
    pub async fn rate(&self, currency: &str, from: &str, rate: &str) -> Id {
        let from: meta::NaiveDate = from.parse().unwrap();
        self.create(
            "exchange_rate",
            [("currency", currency.into()), ("valid_on", from.into()), ("rate", amount(rate))],
        )
        .await
    }
}

/// The fields an invalid write was refused for.
pub fn refused<T: std::fmt::Debug>(result: Result<T>) -> Vec<String> {
    match result {
        Err(Error::Invalid(problems)) => problems.into_iter().map(|problem| problem.field).collect(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

pub fn d(text: &str) -> Option<Decimal> {
    Some(text.parse().unwrap())
}
