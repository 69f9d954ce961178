//! The second factor: codes of an authenticator app (TOTP, RFC 6238), each good once, and recovery codes for the day the
//! phone is lost. The app's secret is kept sealed, recovery codes as SHA-256.

mod recovery;
mod rule;

pub(crate) use recovery::{left as recovery_codes_left, renew as renew_recovery_codes};
pub(crate) use rule::{KEY as RULE_KEY, Rule};

use crate::{App, session::CHANGED, ticket};
use chrono::{DateTime, Utc};
use engine::{
    Actor, Engine, Error, Result, name,
    sea_query::{Expr, ExprTrait, OnConflict, Query as Sql},
};
use meta::Id;
use qrcode::{QrCode, render::svg};
use totp_rs::{Builder, Totp};

/// 160 bits, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
const ISSUER: &str = "Zhike";
/// Codes of the half minute before and after are taken, for clocks that differ.
const SKEW: u16 = 1;
const QR_PIXELS: u32 = 180;

pub(crate) struct Factor {
    pub secret: Vec<u8>,
    pub confirmed_at: Option<DateTime<Utc>>,
    last_step: i64,
}

fn place(user: Id) -> String {
    format!("second_factor:{user}")
}

fn of_user(user: Id) -> Expr {
    Expr::col(name("user_id")).eq(user)
}

pub(crate) async fn find(app: &App, user: Id) -> Result<Option<Factor>> {
    let select = Sql::select()
        .columns(["secret", "confirmed_at", "last_step"].map(name))
        .from(name("second_factor"))
        .and_where(of_user(user))
        .to_owned();
    let rows = app.engine().fetch(&select).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let secret = app.seal().unseal(&place(user), &row.text(0)?)?;
    Ok(Some(Factor { secret, confirmed_at: row.opt_instant(1)?, last_step: row.int(2)? }))
}

/// Since when the user must give a code to sign in.
pub(crate) async fn since(engine: &Engine, user: Id) -> Result<Option<DateTime<Utc>>> {
    let select = Sql::select()
        .column(name("confirmed_at"))
        .from(name("second_factor"))
        .and_where(of_user(user))
        .to_owned();
    Ok(engine.fetch(&select).await?.first().map(|row| row.opt_instant(0)).transpose()?.flatten())
}

pub(crate) async fn is_on(engine: &Engine, user: Id) -> Result<bool> {
    Ok(since(engine, user).await?.is_some())
}

/// A new secret that counts once a code has shown that the app has it.
pub(crate) async fn begin(app: &App, user: Id) -> Result<()> {
    let secret = app.seal().close(&place(user), &crate::secret::random::<SECRET_BYTES>()?)?;
    app.engine()
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let now = tx.clock().now();
                let insert = Sql::insert()
                    .into_table(name("second_factor"))
                    .columns(["user_id", "secret", "created_at", "last_step"].map(name))
                    .values_panic([user.into(), secret.into(), now.into(), 0i64.into()])
                    .on_conflict(
                        OnConflict::column(name("user_id"))
                            .update_columns(["secret", "created_at", "last_step"].map(name))
                            .action_and_where(
                                Expr::col((name("second_factor"), name("confirmed_at"))).is_null(),
                            )
                            .to_owned(),
                    )
                    .to_owned();
                tx.execute(&insert).await.map(drop)
            })
        })
        .await
}

fn totp(secret: &[u8], account: &str) -> Result<Totp> {
    // The account's name stands before a colon in the address the app reads.
    let account = account.replace(':', " ");
    Builder::new()
        .with_skew(SKEW)
        .with_secret(secret)
        .with_account_name(account)
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(|error| Error::Internal(format!("second factor: {error}")))
}

/// What the app is told: as a picture, and as text for who cannot take pictures.
pub(crate) struct Invitation {
    pub svg: String,
    pub key: String,
}

pub(crate) fn invitation(factor: &Factor, email: &str) -> Result<Invitation> {
    let wrong = |error: String| Error::Internal(format!("second factor: {error}"));
    let totp = totp(&factor.secret, email)?;
    let address = totp.to_url().map_err(|error| wrong(error.to_string()))?;
    let code = QrCode::new(address).map_err(|error| wrong(error.to_string()))?;
    let svg = code.render::<svg::Color<'_>>().min_dimensions(QR_PIXELS, QR_PIXELS).build();
    // Inside a page there is no XML declaration.
    let svg = svg.split_once("?>").map(|(_, svg)| svg.to_owned()).unwrap_or(svg);
    let key = totp.secret().to_base32();
    let groups: Vec<&str> =
        key.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    Ok(Invitation { svg, key: groups.join(" ") })
}

/// What a code that was given is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    Code,
    RecoveryCode,
}

/// Takes a code of the app or a recovery code, and never the same again.
pub(crate) async fn accept(app: &App, user: Id, typed: &str) -> Result<Option<Given>> {
    let typed: String = typed.chars().filter(|letter| letter.is_ascii_alphanumeric()).collect();
    if typed.len() > 6 {
        let used = recovery::use_up(app.engine(), user, &typed).await?;
        return Ok(used.then_some(Given::RecoveryCode));
    }
    let Some(factor) = find(app, user).await? else { return Ok(None) };
    let now = u64::try_from(app.engine().clock().now().timestamp()).unwrap_or(0);
    let Some(step) = totp(&factor.secret, "")?.check(&typed, now) else { return Ok(None) };
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    if step <= factor.last_step {
        return Ok(None);
    }
    // Of two requests with the same code only one finds the old step.
    let taken = app
        .engine()
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let update = Sql::update()
                    .table(name("second_factor"))
                    .value(name("last_step"), step)
                    .and_where(of_user(user))
                    .and_where(Expr::col(name("last_step")).lt(step))
                    .to_owned();
                tx.execute(&update).await
            })
        })
        .await?;
    Ok((taken > 0).then_some(Given::Code))
}

/// From now on the user gives codes. His other sessions, begun without one, end; `kept_csrf` names this one.
pub(crate) async fn confirm(app: &App, user: Id, kept_csrf: &str) -> Result<Vec<String>> {
    app.live().end_sessions_of(user, Some(kept_csrf));
    let kept_csrf = kept_csrf.to_owned();
    let (codes, hashes) = recovery::make()?;
    app.engine()
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                let now = tx.clock().now();
                let update = Sql::update()
                    .table(name("second_factor"))
                    .value(name("confirmed_at"), now)
                    .and_where(of_user(user))
                    .to_owned();
                tx.execute(&update).await?;
                recovery::store(tx, user, hashes).await?;
                let others = Sql::delete()
                    .from_table(name("session"))
                    .and_where(of_user(user))
                    .and_where(Expr::col(name("csrf")).ne(kept_csrf))
                    .to_owned();
                tx.execute(&others).await?;
                ticket::revoke_all(tx, user).await?;
                tx.mark_changed(CHANGED);
                Ok(())
            })
        })
        .await?;
    Ok(codes)
}

/// No second factor any more.
pub async fn turn_off(engine: &Engine, user: Id) -> Result<()> {
    engine
        .write(&Actor::system(), move |tx| {
            Box::pin(async move {
                for table in ["second_factor", "recovery_code"] {
                    let delete = Sql::delete().from_table(name(table)).and_where(of_user(user)).to_owned();
                    tx.execute(&delete).await?;
                }
                tx.mark_changed(CHANGED);
                Ok(())
            })
        })
        .await
}
