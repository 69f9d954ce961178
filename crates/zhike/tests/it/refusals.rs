//! Whatever is wrong with a request to any operation of the whole program, the answer has the one shape its description promises.

use crate::modules;
use testkit::{Modules, on_sqlite, refusals::every_refusal};
use warehouse::Manner;

fn whole() -> Modules {
    Modules { engine: modules::engine_modules(), web: modules::web_modules() }
}

#[test]
fn every_refusal_of_every_operation_of_the_program_has_the_documented_shape() {
    on_sqlite(whole, async |test| {
        // Until its first refresh the warehouse answers no question.
        warehouse::refresh(&test.engine, Manner::default(), None).await.unwrap();
        let met = every_refusal(&test).await;
        for status in [400, 401, 404, 413, 422] {
            assert!(met.contains_key(&status), "the mistakes reach every kind of refusal: {met:?}");
        }
    });
}
