//! Customers on both databases, through the engine and the API.
#![allow(clippy::unwrap_used)]

mod accounts;
mod activities;

use engine::{Actor, Engine, Error, Result, Role};
use meta::{Id, Value, Values};
use testkit::{Modules, TestApp};

fn modules() -> Modules {
    Modules { engine: vec![customers::module()], ..Modules::default() }
}

fn on_both(body: impl AsyncFn(TestApp)) {
    testkit::on_both(modules, body);
}

/// An administrator, not the system: rules must hold for input from outside.
fn actor() -> Actor {
    Actor { role: Role::Administrator, ..Actor::system() }
}

fn values<const N: usize>(fields: [(&str, Value); N]) -> Values {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn create<const N: usize>(
    engine: &Engine,
    entity: &'static str,
    fields: [(&str, Value); N],
) -> Result<Id> {
    let fields = values(fields);
    engine.write(&actor(), move |tx| Box::pin(tx.create(entity, fields))).await
}

async fn update<const N: usize>(
    engine: &Engine,
    entity: &'static str,
    id: Id,
    fields: [(&str, Value); N],
) -> Result<i64> {
    let fields = values(fields);
    engine.write(&actor(), move |tx| Box::pin(tx.update(entity, id, None, fields))).await
}

/// The fields an invalid write was refused for.
fn refused<T: std::fmt::Debug>(result: Result<T>) -> Vec<String> {
    match result {
        Err(Error::Invalid(problems)) => problems.into_iter().map(|problem| problem.field).collect(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}
