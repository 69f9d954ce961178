//! Databases of PostgreSQL as a whole: each company of an installation has its own.

use crate::{Error, Result};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, postgres::PgConnectOptions};
use std::str::FromStr;

/// Names go into the statement as text, which takes no parameters here.
fn checked(name: &str) -> Result<&str> {
    let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if !name.is_empty() && name.len() <= 63 && name.chars().all(plain) {
        return Ok(name);
    }
    Err(Error::Internal(format!("“{name}” cannot name a database")))
}

async fn run(server: &str, sql: String) -> Result<()> {
    let mut conn: PgConnection = PgConnectOptions::from_str(server)?.connect().await?;
    conn.execute(AssertSqlSafe(sql)).await?;
    Ok(conn.close().await?)
}

/// `server` is the URL of any database there whose user may create others.
pub async fn create_database(server: &str, name: &str) -> Result<()> {
    run(server, format!("CREATE DATABASE \"{}\"", checked(name)?)).await
}

/// Ends whoever is connected; one that is not there is no fault.
pub async fn drop_database(server: &str, name: &str) -> Result<()> {
    run(server, format!("DROP DATABASE IF EXISTS \"{}\" WITH (FORCE)", checked(name)?)).await
}
