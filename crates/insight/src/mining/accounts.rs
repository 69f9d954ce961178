//! What of a customer's archive goes into models, by the customers' numbers.

use crate::facts::ask;
use engine::{Engine, Result, aside};
use meta::Id;
use std::{collections::HashSet, sync::Arc};
use warehouse::{
    Answer,
    arrow::array::{Array, AsArray},
};

#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub company: bool,
    pub industry: Option<Arc<str>>,
    /// Province, or country where provinces are not known of most.
    pub region: Option<Arc<str>>,
}

/// In the order of the accounts asked for, and which field regions are (`province` or `country`).
pub struct Profiles {
    pub of: Vec<Profile>,
    pub region_field: &'static str,
}

/// Of `accounts`, which are in order of their ids, as the warehouse has them: who asks has read lines from it.
pub async fn read(engine: &Engine, accounts: &[Id]) -> Result<Profiles> {
    let answer =
        ask(engine, "SELECT id, kind = 'company' AS company, industry, province, country FROM account")
            .await?;
    Ok(aside(|| profiles(answer, accounts)))
}

fn profiles(answer: Answer, accounts: &[Id]) -> Profiles {
    let mut of = vec![Profile::default(); accounts.len()];
    let mut countries = vec![None; accounts.len()];
    let mut known: HashSet<Arc<str>> = HashSet::new();
    let mut filled = |text: &str| {
        let text = Some(text).filter(|text| !text.trim().is_empty())?;
        Some(known.get(text).cloned().unwrap_or_else(|| {
            let text: Arc<str> = text.into();
            known.insert(text.clone());
            text
        }))
    };
    for batch in answer.batches {
        let (ids, company) = (batch.column(0).as_fixed_size_binary(), batch.column(1).as_boolean());
        let [industry, province, country] = [2, 3, 4].map(|at| batch.column(at).as_string_view());
        for row in 0..batch.num_rows() {
            let Some(at) =
                Id::from_slice(ids.value(row)).ok().and_then(|id| accounts.binary_search(&id).ok())
            else {
                continue;
            };
            of[at] = Profile {
                company: company.is_valid(row) && company.value(row),
                industry: filled(industry.value(row)),
                region: filled(province.value(row)),
            };
            countries[at] = filled(country.value(row));
        }
    }
    let known = of.iter().filter(|profile| profile.region.is_some()).count();
    let region_field = if 2 * known >= of.len().max(1) { "province" } else { "country" };
    if region_field == "country" {
        for (profile, country) in of.iter_mut().zip(countries) {
            profile.region = country;
        }
    }
    Profiles { of, region_field }
}
