//! Which user somebody at the provider is: the one he was before, else the one with his verified e-mail address, else, if
//! the company wants it, a new one.

use crate::auth;
use engine::{
    Actor, Engine, Query, Result, Tx, name,
    sea_query::{Expr, ExprTrait, OnConflict, Query as Sql},
};
use meta::{Id, Lang, Value, Values};

/// What the provider says of somebody.
pub(super) struct Person {
    pub issuer: String,
    pub subject: String,
    pub email: Option<String>,
    /// The provider has seen that the address is his.
    pub verified: bool,
    pub name: Option<String>,
}

/// What somebody new gets.
pub(super) struct Newcomers {
    pub role: Option<String>,
    pub lang: Lang,
}

/// Nobody new becomes a user without `newcomers`.
pub(super) async fn user(
    engine: &Engine,
    person: &Person,
    newcomers: Option<Newcomers>,
) -> Result<Option<Id>> {
    if let Some(user) = known(engine, person).await? {
        return Ok(is_active(engine, user).await?.then_some(user));
    }
    // Anybody can give himself any address at a provider that does not verify it.
    let Some(email) = person.email.as_deref().filter(|_| person.verified) else { return Ok(None) };
    let Some(email) = meta::normalise_email(email) else { return Ok(None) };
    if let Some(user) = auth::active_user(engine, &email).await? {
        let (issuer, subject) = (person.issuer.clone(), person.subject.clone());
        engine.write(&Actor::system(), move |tx| Box::pin(link(tx, user, issuer, subject))).await?;
        return Ok(Some(user));
    }
    let Some(newcomers) = newcomers else { return Ok(None) };
    if exists(engine, &email).await? {
        return Ok(None);
    }
    let role = match role(engine, newcomers.role.as_deref()).await? {
        Ok(role) => role,
        Err(why) => {
            tracing::warn!("nobody becomes a user by single sign-on: {why}");
            return Ok(None);
        }
    };
    make(engine, person, email, role, newcomers.lang).await.map(Some)
}

/// The role of newcomers. Whoever has no role works on everything: where a company has roles, nobody comes in without one.
async fn role(engine: &Engine, wanted: Option<&str>) -> Result<std::result::Result<Option<Id>, String>> {
    let system = Actor::system();
    let Some(wanted) = wanted else {
        let any = engine.list(&system, &Query::new("role").limit(1)).await?.records;
        let missing = "the company has roles, and oidc_role does not say which they get";
        return Ok(if any.is_empty() { Ok(None) } else { Err(missing.into()) });
    };
    let quoted = wanted.replace('\\', "\\\\").replace('\'', "\\'");
    let query = Query::new("role").filter(format!("name == '{quoted}'")).limit(1);
    let found = engine.list(&system, &query).await?.records.first().map(|role| role.id);
    Ok(found.map(Some).ok_or_else(|| format!("there is no role “{wanted}”, which oidc_role names")))
}

async fn known(engine: &Engine, person: &Person) -> Result<Option<Id>> {
    let select = Sql::select()
        .column(name("user_id"))
        .from(name("identity"))
        .and_where(Expr::col(name("issuer")).eq(person.issuer.as_str()))
        .and_where(Expr::col(name("subject")).eq(person.subject.as_str()))
        .to_owned();
    engine.fetch(&select).await?.first().map(|row| row.id(0)).transpose()
}

async fn is_active(engine: &Engine, user: Id) -> Result<bool> {
    let found = engine.get_many(&Actor::system(), "user", &[user]).await?;
    Ok(found
        .first()
        .is_some_and(|user| user.deleted_at.is_none() && user.get("active").as_bool() != Some(false)))
}

/// Somebody who was taken out of use does not come back by himself.
async fn exists(engine: &Engine, email: &str) -> Result<bool> {
    let select = Sql::select()
        .column(name("id"))
        .from(name("user"))
        .and_where(Expr::col(name("email")).eq(email))
        .to_owned();
    Ok(!engine.fetch(&select).await?.is_empty())
}

async fn make(engine: &Engine, person: &Person, email: String, role: Option<Id>, lang: Lang) -> Result<Id> {
    let called =
        person.name.clone().unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
    let values = Values::from([
        ("name".to_owned(), called.as_str().into()),
        ("email".to_owned(), email.as_str().into()),
        ("role".to_owned(), "user".into()),
        ("language".to_owned(), lang.code().into()),
    ]);
    let (issuer, subject) = (person.issuer.clone(), person.subject.clone());
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let user = tx.create("user", values).await?;
                if let Some(role) = role {
                    let has = [("user", user), ("role", role)];
                    let has = has.map(|(field, id)| (field.to_owned(), Value::Id(id)));
                    tx.create("user_role", Values::from(has)).await?;
                }
                link(tx, user, issuer, subject).await?;
                Ok(user)
            })
        })
        .await
}

async fn link(tx: &mut Tx, user: Id, issuer: String, subject: String) -> Result<()> {
    let now = tx.clock().now();
    let insert = Sql::insert()
        .into_table(name("identity"))
        .columns(["issuer", "subject", "user_id", "created_at"].map(name))
        .values_panic([issuer.into(), subject.into(), user.into(), now.into()])
        .on_conflict(OnConflict::columns(["issuer", "subject"].map(name)).do_nothing().to_owned())
        .to_owned();
    tx.execute(&insert).await.map(drop)
}
