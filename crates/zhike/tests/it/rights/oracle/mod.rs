//! Pages, API, files, search, timelines, figures, letters, imports and live pages of the whole program, compared with the plain
//! model of the engine's own test on companies made at random.

mod company;
mod figures;
mod jobs;
mod live;
#[path = "../../../../../engine/tests/it/rights/model.rs"]
mod model;
mod reading;
#[path = "../../../../../engine/tests/it/rights/staff.rs"]
mod staff;
mod writing;

use super::modules;
use company::Company;
use testkit::{TestApp, on_both, on_sqlite};

#[test]
fn every_road_of_the_program_leads_to_what_the_model_allows_and_nothing_else() {
    on_both(modules, async |test| walk(&test, 1).await);
    // Other people with other roles make conditions of the same kinds.
    on_sqlite(modules, async |test| walk(&test, 2).await);
}

async fn walk(test: &TestApp, seed: u64) {
    let company = Company::at_random(test, seed).await;
    for person in &company.people {
        reading::all(&company, person).await;
    }
    figures::all(test, &company).await;
    writing::all(&company).await;
    live::all(&company, seed).await;
    jobs::all(test, &company).await;
}
