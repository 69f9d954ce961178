//! What of a customer's archive goes into models, by the customers' numbers.

use engine::{
    Engine, Result, TryStreamExt, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::Id;

#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub company: bool,
    pub industry: Option<String>,
    /// Province, or country where provinces are not known of most.
    pub region: Option<String>,
    pub employees: Option<i64>,
}

/// In the order of the accounts asked for, and which field regions are (`province` or `country`).
pub struct Profiles {
    pub of: Vec<Profile>,
    pub region_field: &'static str,
}

/// Of `accounts`, which are in order of their ids.
pub async fn read(engine: &Engine, accounts: &[Id]) -> Result<Profiles> {
    let mut select = Sql::select();
    select
        .columns(["id", "kind", "industry", "province", "country", "size_employees"].map(name))
        .from(name("account"))
        .and_where(Expr::col(name("deleted_at")).is_null());
    let mut of = vec![Profile::default(); accounts.len()];
    let mut countries = vec![None; accounts.len()];
    let mut rows = engine.stream(&select);
    while let Some(row) = rows.try_next().await? {
        let Ok(at) = accounts.binary_search(&row.id(0)?) else { continue };
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        of[at] = Profile {
            company: row.opt_text(1)?.is_some_and(|kind| kind == "company"),
            industry: filled(row.opt_text(2)?),
            region: filled(row.opt_text(3)?),
            employees: row.opt_int(5)?,
        };
        countries[at] = filled(row.opt_text(4)?);
    }
    let known = of.iter().filter(|profile| profile.region.is_some()).count();
    let region_field = if 2 * known >= of.len().max(1) { "province" } else { "country" };
    if region_field == "country" {
        for (profile, country) in of.iter_mut().zip(countries) {
            profile.region = country;
        }
    }
    Ok(Profiles { of, region_field })
}
