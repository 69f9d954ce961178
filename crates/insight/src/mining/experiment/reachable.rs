//! Whom a campaign may address of the customers its condition finds. Who said no to the channel, or was erased, is left out of both sides
//! before chance decides: taken out of one side afterwards he would make the two differ by more than the campaign.

use engine::{
    Engine, Result, Row, among,
    consent::{self, Decision},
    name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::Id;
use std::collections::{HashMap, HashSet};

/// What campaigns are for.
const PURPOSE: &str = "marketing";

/// Every channel of consents but that which stands for all.
const CHANNELS: [&str; 6] = ["email", "sms", "phone", "post", "visit", "wechat"];

/// The channels by which a medium may address people. Where the medium says nothing of it, or is not chosen yet, any of them: who refused
/// them all is not addressed. None of what addresses nobody by name.
fn channels(medium: &str) -> &'static [&'static str] {
    match medium {
        "email" => &["email"],
        "sms" => &["sms"],
        "call" => &["phone"],
        "letter" => &["post"],
        "visit" => &["visit"],
        "social" => &["wechat"],
        "web" | "advertising" => &[],
        _ => &CHANNELS,
    }
}

/// Whether people decide about being reached by this medium.
pub fn is_decided(medium: &str) -> bool {
    !channels(medium).is_empty()
}

/// Those of `customers` who may not take part in an experiment with this medium.
pub(super) async fn not(engine: &Engine, medium: &str, customers: &[Id]) -> Result<HashSet<Id>> {
    let mut not = erased(engine, customers).await?;
    not.extend(refused(engine, medium, customers).await?);
    Ok(not)
}

/// Those of `customers` who said no to the medium. Whoever was never asked did not: whether that is enough depends on the law and on what the
/// campaign says (docs/privacy.md).
pub async fn refused(engine: &Engine, medium: &str, customers: &[Id]) -> Result<HashSet<Id>> {
    if !is_decided(medium) {
        return Ok(HashSet::new());
    }
    let now = engine.clock().now();
    let refuses = |own: &[Decision]| {
        channels(medium).iter().all(|channel| {
            let verdict = consent::decide(own, channel, PURPOSE, now);
            !verdict.allowed && verdict.decision.is_some()
        })
    };
    let decisions = decisions(engine, customers).await?;
    Ok(decisions.into_iter().filter(|(_, own)| refuses(own)).map(|(customer, _)| customer).collect())
}

async fn erased(engine: &Engine, customers: &[Id]) -> Result<HashSet<Id>> {
    let select = Sql::select()
        .column(name("record_id"))
        .from(name("erased"))
        .and_where(Expr::col(name("entity")).eq("account"))
        .and_where(Expr::col(name("record_id")).is_in(among(customers)))
        .to_owned();
    engine.fetch(&select).await?.iter().map(|row| row.id(0)).collect()
}

/// What the customers themselves decided; a contact of theirs decides for himself.
async fn decisions(engine: &Engine, customers: &[Id]) -> Result<HashMap<Id, Vec<Decision>>> {
    let select = Sql::select()
        .columns(["account", "id", "channel", "purpose", "state", "decided_at", "expires_at"].map(name))
        .from(name("consent"))
        .and_where(Expr::col(name("account")).is_in(among(customers)))
        .and_where(Expr::col(name("contact")).is_null())
        .and_where(Expr::col(name("deleted_at")).is_null())
        .to_owned();
    let decision = |row: &Row| {
        Ok::<_, engine::Error>(Decision {
            id: row.id(1)?,
            channel: row.text(2)?,
            purpose: row.text(3)?,
            state: row.text(4)?,
            decided_at: row.instant(5)?,
            expires_at: row.opt_instant(6)?,
        })
    };
    let mut found: HashMap<Id, Vec<Decision>> = HashMap::new();
    for row in &engine.fetch(&select).await? {
        found.entry(row.id(0)?).or_default().push(decision(row)?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use customers::consent::CHANNELS as KNOWN;
    use engine::consent::ANY;

    #[test]
    fn channels_are_those_that_people_decide_about() {
        let all: Vec<&str> = KNOWN.iter().map(|(channel, ..)| *channel).filter(|one| *one != ANY).collect();
        let (mut known, mut all) = (CHANNELS.to_vec(), all);
        known.sort_unstable();
        all.sort_unstable();
        assert_eq!(known, all);
        for medium in ["email", "sms", "call", "letter", "visit", "social"] {
            assert_eq!(channels(medium).len(), 1, "{medium}");
        }
        assert!(!is_decided("advertising") && !is_decided("web"));
        for unsaid in ["", "event", "other"] {
            assert_eq!(channels(unsaid), CHANNELS, "{unsaid}");
        }
    }
}
