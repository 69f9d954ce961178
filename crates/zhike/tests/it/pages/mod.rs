//! The pages every entity has.

mod board;
mod every_entity;
mod form;
mod list;
mod record;
mod search;

use engine::{Actor, Engine};
use meta::{Id, Value, Values};
use testkit::Modules;

pub fn modules() -> Modules {
    Modules { engine: vec![customers::module(), sales::module(), insight::module()], web: vec![] }
}

pub async fn create(engine: &Engine, entity: &'static str, values: &[(&str, Value)]) -> Id {
    let values: Values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    engine
        .write(&Actor::system(), move |tx| Box::pin(async move { tx.create(entity, values).await }))
        .await
        .expect("a record")
}

pub async fn account(engine: &Engine, name: &str) -> Id {
    create(engine, "account", &[("name", name.into())]).await
}

/// The text of the first `tag` with `mark` in it, up to where the next begins.
pub fn between<'t>(page: &'t str, from: &str, to: &str) -> &'t str {
    let rest = page.split_once(from).unwrap_or_else(|| panic!("no {from} in {page}")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} after {from}")).0
}

/// Addresses are escaped in HTML.
pub fn unescaped(text: &str) -> String {
    text.replace("&amp;", "&").replace("&#x2f;", "/").replace("&quot;", "\"").replace("&#x3d;", "=")
}

/// What the answer tells the browser to show at once.
pub fn toast(answer: &testkit::Answer) -> serde_json::Value {
    serde_json::from_str(answer.header("hx-trigger")).expect("a toast")
}
