//! Users from the command line of the machine's owner: the first administrator, forgotten passwords.

use crate::{config::Config, open};
use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use engine::{Actor, Engine, Query, Role};
use meta::Id;
use rand::{TryRng, rngs::SysRng};
use std::io::Read;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Create a user who can sign in
    Create {
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: String,
        #[arg(long, value_enum, default_value = "user")]
        role: RoleName,
        /// Read the password from standard input; without it one is made and printed
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give a user a new password and end his sessions
    ResetPassword {
        email: String,
        /// Read the password from standard input; without it one is made and printed
        #[arg(long)]
        password_stdin: bool,
    },
    /// Take a user's second factor away, whose phone and recovery codes are lost
    RemoveSecondFactor { email: String },
    /// Lift the limits on the networks people work from, when administrators have locked themselves out
    AllowEverywhere,
    /// List the users
    List,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleName {
    Administrator,
    User,
}

const USERS_LIMIT: usize = 1_000;

pub async fn run(arguments: Arguments, config: &Config) -> anyhow::Result<()> {
    let engine = open::engine(config).await?;
    match arguments.action {
        Action::Create { name, email, role, password_stdin } => {
            let (password, made) = password(password_stdin)?;
            let role = match role {
                RoleName::Administrator => Role::Administrator,
                RoleName::User => Role::User,
            };
            web::auth::create_user(&engine, &name, &email, &password, role, config.lang())
                .await
                .map_err(open::explain)?;
            println!("Created {name} <{email}>.");
            tell(&password, made);
        }
        Action::ResetPassword { email, password_stdin } => {
            let user = find(&engine, &email).await?;
            let (password, made) = password(password_stdin)?;
            web::auth::set_password(&engine, user, &password, None).await.map_err(open::explain)?;
            println!("{email} has a new password; all sessions have ended.");
            tell(&password, made);
        }
        Action::RemoveSecondFactor { email } => {
            let user = find(&engine, &email).await?;
            web::second_factor::turn_off(&engine, user).await.map_err(open::explain)?;
            println!("{email} signs in with the password alone until a new second factor is set up.");
        }
        Action::AllowEverywhere => {
            web::security::allow_everywhere(&engine).await.map_err(open::explain)?;
            println!("Everybody may work from everywhere; set new limits on the page Security.");
        }
        Action::List => list(&engine).await?,
    }
    Ok(())
}

pub fn tell(password: &str, made: bool) {
    if made {
        println!("Password: {password}");
    }
}

async fn find(engine: &Engine, email: &str) -> anyhow::Result<Id> {
    let wanted =
        meta::normalise_email(email).with_context(|| format!("“{email}” is not an e-mail address"))?;
    let query = Query::new("user").filter(format!("email == '{}'", wanted.replace('\'', "\\'"))).limit(1);
    let found = engine.list(&Actor::system(), &query).await.map_err(open::explain)?;
    match found.records.first() {
        Some(user) => Ok(user.id),
        None => bail!("there is no user {wanted}: `zhike user list` shows all"),
    }
}

async fn list(engine: &Engine) -> anyhow::Result<()> {
    let users = engine.list(&Actor::system(), &Query::new("user").limit(USERS_LIMIT)).await?;
    for user in users.records {
        let active = if user.get("active").as_bool() == Some(false) { "  (not active)" } else { "" };
        println!("{:<14} {}  {}{active}", user.text("role"), user.text("email"), user.text("name"));
    }
    Ok(())
}

/// The password, and whether it was made here.
pub fn password(from_stdin: bool) -> anyhow::Result<(String, bool)> {
    if from_stdin {
        let mut text = String::new();
        std::io::stdin()
            .take(10_000)
            .read_to_string(&mut text)
            .context("reading the password from standard input")?;
        return Ok((text.trim_end_matches(['\r', '\n']).to_owned(), false));
    }
    Ok((make_password()?, true))
}

/// 16 characters that are not mistaken for one another: 80 bits.
fn make_password() -> anyhow::Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0u8; 16];
    SysRng.try_fill_bytes(&mut bytes).context("the system gives no randomness")?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_password_is_long_enough_and_new_each_time() {
        let (a, b) = (make_password().unwrap(), make_password().unwrap());
        assert!(a.len() >= web::PASSWORD_MINIMUM && a != b);
    }
}
