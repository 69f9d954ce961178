//! Passwords: hashed with Argon2id (19 MiB, 2 passes: OWASP's recommendation), a few at a time so that signing in can
//! exhaust neither memory nor processors.

use crate::{
    password_rules,
    ticket::{self, Purpose},
};
use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::SaltString,
};
use engine::{
    Actor, Engine, Error, Result, Role, Tx, name,
    sea_query::{Expr, ExprTrait, OnConflict, Query as Sql},
};
use meta::{Id, Lang, Values};
use std::sync::Arc;
use tokio::sync::Semaphore;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const AT_ONCE_LIMIT: usize = 4;

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None)
        .map_err(|error| Error::Internal(format!("argon2 parameters: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String> {
    let wrong = |error: argon2::password_hash::Error| Error::Internal(format!("password hash: {error}"));
    let salt = SaltString::encode_b64(&crate::secret::random::<16>()?).map_err(wrong)?;
    Ok(argon2()?.hash_password(password.as_bytes(), &salt).map_err(wrong)?.to_string())
}

fn verify_now(password: &str, hash: &str) -> bool {
    let (Ok(parsed), Ok(argon2)) = (PasswordHash::new(hash), argon2()) else { return false };
    argon2.verify_password(password.as_bytes(), &parsed).is_ok()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(format!("hashing: {error}")))
}

/// How many passwords are verified at once.
pub(crate) struct Gate(Arc<Semaphore>);

impl Gate {
    pub fn new() -> Self {
        Gate(Arc::new(Semaphore::new(AT_ONCE_LIMIT)))
    }

    /// With no hash (an unknown user) the same work is done, so that the time tells nothing.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        let _turn = self.0.acquire().await.map_err(|error| Error::Internal(format!("gate: {error}")))?;
        blocking(move || match hash {
            Some(hash) => verify_now(&password, &hash),
            None => {
                let _ = hash_now(&password);
                false
            }
        })
        .await
    }
}

/// Makes a user who can sign in: the first administrator, the demo's and tests' people.
pub async fn create_user(
    engine: &Engine,
    user_name: &str,
    email: &str,
    password: &str,
    role: Role,
    lang: Lang,
) -> Result<Id> {
    let hash = hash_of(password, vec![user_name.to_owned(), email.to_owned()]).await?;
    let role = if role == Role::User { "user" } else { "administrator" };
    let values = Values::from([
        ("name".to_owned(), user_name.into()),
        ("email".to_owned(), email.into()),
        ("role".to_owned(), role.into()),
        ("language".to_owned(), lang.code().into()),
    ]);
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let user = tx.create("user", values).await?;
                store(tx, user, hash).await?;
                Ok(user)
            })
        })
        .await
}

/// Gives a user a new password, ends his sessions, except the one with the token hash `keep`, and makes links sent to him
/// worthless.
pub async fn set_password(engine: &Engine, user: Id, password: &str, keep: Option<String>) -> Result<()> {
    let hash = hash_for(engine, user, password).await?;
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                tx.get("user", user).await?;
                renew(tx, user, hash, keep).await
            })
        })
        .await
}

/// The same by a link, which is used up; [`Error::NotFound`] if it has been before.
pub(crate) async fn set_password_by_ticket(
    engine: &Engine,
    user: Id,
    password: &str,
    purpose: Purpose,
    token: &str,
) -> Result<()> {
    let hash = hash_for(engine, user, password).await?;
    let token = token.to_owned();
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                if !ticket::take_in(tx, purpose, &token).await? {
                    return Err(Error::NotFound("link".into()));
                }
                renew(tx, user, hash, None).await
            })
        })
        .await
}

async fn hash_for(engine: &Engine, user: Id, password: &str) -> Result<String> {
    let record = engine.get(&Actor::system(), "user", user).await?;
    hash_of(password, ["name", "email"].map(|field| record.text(field).to_owned()).to_vec()).await
}

async fn renew(tx: &mut Tx, user: Id, hash: String, keep: Option<String>) -> Result<()> {
    store(tx, user, hash).await?;
    ticket::revoke_all(tx, user).await?;
    let mut others = Sql::delete();
    others.from_table(name("session")).and_where(Expr::col(name("user_id")).eq(user));
    if let Some(keep) = keep {
        others.and_where(Expr::col(name("token_hash")).ne(keep));
    }
    tx.mark_changed(crate::session::CHANGED);
    tx.execute(&others).await.map(drop)
}

/// Refused if the rules refuse it; `about` is what is known of the user.
async fn hash_of(password: &str, about: Vec<String>) -> Result<String> {
    let password = password.to_owned();
    blocking(move || {
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        password_rules::check(&password, &about)?;
        hash_now(&password)
    })
    .await?
}

async fn store(tx: &mut Tx, user: Id, hash: String) -> Result<()> {
    let now = tx.clock().now();
    let insert = Sql::insert()
        .into_table(name("credential"))
        .columns([name("user_id"), name("password_hash"), name("changed_at")])
        .values_panic([user.into(), hash.into(), now.into()])
        .on_conflict(
            OnConflict::column(name("user_id"))
                .update_columns([name("password_hash"), name("changed_at")])
                .to_owned(),
        )
        .to_owned();
    tx.execute(&insert).await.map(drop)
}

/// The id and password hash of the active user with this e-mail address.
pub(crate) async fn credential(engine: &Engine, email: &str) -> Result<Option<(Id, String)>> {
    let Some(email) = meta::normalise_email(email) else { return Ok(None) };
    let col = |table: &str, column: &str| Expr::col((name(table), name(column)));
    let select = Sql::select()
        .column((name("user"), name("id")))
        .column((name("credential"), name("password_hash")))
        .from(name("user"))
        .inner_join(name("credential"), col("credential", "user_id").equals((name("user"), name("id"))))
        .and_where(col("user", "email").eq(email))
        .and_where(col("user", "deleted_at").is_null())
        .and_where(col("user", "active").eq(true))
        .to_owned();
    let rows = engine.fetch(&select).await?;
    rows.first().map(|row| Ok((row.id(0)?, row.text(1)?))).transpose()
}

/// The active user with this e-mail address.
pub(crate) async fn active_user(engine: &Engine, email: &str) -> Result<Option<Id>> {
    let Some(email) = meta::normalise_email(email) else { return Ok(None) };
    let select = Sql::select()
        .column(name("id"))
        .from(name("user"))
        .and_where(Expr::col(name("email")).eq(email))
        .and_where(Expr::col(name("deleted_at")).is_null())
        .and_where(Expr::col(name("active")).eq(true))
        .to_owned();
    engine.fetch(&select).await?.first().map(|row| row.id(0)).transpose()
}

/// Whether the user is known to a provider and has no password here.
pub(crate) async fn signs_in_elsewhere(engine: &Engine, user: Id) -> Result<bool> {
    let select = Sql::select()
        .column(name("user_id"))
        .from(name("identity"))
        .and_where(Expr::col(name("user_id")).eq(user))
        .limit(1)
        .to_owned();
    Ok(!engine.fetch(&select).await?.is_empty() && hash_of_user(engine, user).await?.is_none())
}

pub(crate) async fn hash_of_user(engine: &Engine, user: Id) -> Result<Option<String>> {
    let select = Sql::select()
        .column(name("password_hash"))
        .from(name("credential"))
        .and_where(Expr::col(name("user_id")).eq(user))
        .to_owned();
    engine.fetch(&select).await?.first().map(|row| row.text(0)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_verified_only_by_itself() {
        let hash = hash_now("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_now("correct horse", &hash));
        assert!(!verify_now("correct horsf", &hash));
        assert!(!verify_now("correct horse", "not a hash"));
        assert_ne!(hash, hash_now("correct horse").unwrap(), "the salt differs");
    }
}
