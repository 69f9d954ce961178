//! A person's data: exported whole, erased everywhere, kept no longer than the company's rules say.

mod consent;
mod database;
mod derived;
mod erasing;
mod exporting;
mod keeping;
mod marks;

pub use database::places;
use engine::{Actor, Engine};
use testkit::Modules;

pub fn modules() -> Modules {
    Modules {
        engine: vec![
            customers::module(),
            sales::module(),
            insight::module(),
            import::module(),
            analysis::module(),
        ],
        web: insight::web_modules()
            .into_iter()
            .chain([customers::web_module(), import::web_module()])
            .collect(),
    }
}

/// `zhike doctor --deep` finds nothing wrong.
pub async fn is_sound(engine: &Engine) {
    let verdicts = engine.examine().await.unwrap();
    let wrong: Vec<_> =
        verdicts.iter().filter(|verdict| verdict.wrong > 0 && verdict.under_way.is_none()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

pub fn system() -> Actor {
    Actor::system()
}
