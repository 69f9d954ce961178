//! Recovery codes: ten at a time, each good once.

use crate::secret::{digest, random};
use engine::{
    Actor, Engine, Result, Tx, name,
    sea_query::{Expr, ExprTrait, Query as Sql},
};
use meta::Id;

const CODES: usize = 10;
/// Letters that are not mistaken for one another: 16 of them are 80 bits.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const LENGTH: usize = 16;

/// New codes as they are shown, and what is kept of them.
pub(super) fn make() -> Result<(Vec<String>, Vec<String>)> {
    let mut codes = vec![];
    for _ in 0..CODES {
        let bytes = random::<LENGTH>()?;
        let code: String =
            bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
        codes.push(code);
    }
    let hashes = codes.iter().map(|code| digest(code)).collect();
    let shown = codes.iter().map(|code| {
        let groups: Vec<&str> = (0..LENGTH).step_by(4).map(|at| &code[at..at + 4]).collect();
        groups.join("-")
    });
    Ok((shown.collect(), hashes))
}

/// In place of the old ones.
pub(super) async fn store(tx: &mut Tx, user: Id, hashes: Vec<String>) -> Result<()> {
    let own = Expr::col(name("user_id")).eq(user);
    tx.execute(&Sql::delete().from_table(name("recovery_code")).and_where(own).to_owned()).await?;
    let now = tx.clock().now();
    let mut insert = Sql::insert();
    insert.into_table(name("recovery_code")).columns(["code_hash", "user_id", "created_at"].map(name));
    for hash in hashes {
        insert.values_panic([hash.into(), user.into(), now.into()]);
    }
    tx.execute(&insert).await.map(drop)
}

/// New codes; the old ones are worthless.
pub(crate) async fn renew(engine: &Engine, user: Id) -> Result<Vec<String>> {
    let (codes, hashes) = make()?;
    engine.write(&Actor::system(), move |tx| Box::pin(store(tx, user, hashes))).await?;
    Ok(codes)
}

/// Whether it was one that had not been used.
pub(super) async fn use_up(engine: &Engine, user: Id, code: &str) -> Result<bool> {
    let hash = digest(&code.to_ascii_lowercase());
    let used = engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let now = tx.clock().now();
                let update = Sql::update()
                    .table(name("recovery_code"))
                    .value(name("used_at"), now)
                    .and_where(Expr::col(name("code_hash")).eq(hash))
                    .and_where(Expr::col(name("user_id")).eq(user))
                    .and_where(Expr::col(name("used_at")).is_null())
                    .to_owned();
                tx.execute(&update).await
            })
        })
        .await?;
    Ok(used > 0)
}

pub(crate) async fn left(engine: &Engine, user: Id) -> Result<usize> {
    let select = Sql::select()
        .column(name("code_hash"))
        .from(name("recovery_code"))
        .and_where(Expr::col(name("user_id")).eq(user))
        .and_where(Expr::col(name("used_at")).is_null())
        .to_owned();
    Ok(engine.fetch(&select).await?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_new_readable_and_kept_as_hashes() {
        let (codes, hashes) = make().unwrap();
        assert_eq!((codes.len(), hashes.len()), (CODES, CODES));
        assert!(codes.iter().all(|code| code.len() == 19 && code.matches('-').count() == 3), "{codes:?}");
        assert_eq!(digest(&codes[0].replace('-', "")), hashes[0]);
        assert_ne!(codes[0], make().unwrap().0[0]);
    }
}
