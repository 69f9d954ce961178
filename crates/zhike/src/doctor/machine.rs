//! The machine: settings, clock, port, front end, folder, disk.

use super::Finding;
use crate::{config::Config, open::without_password};
use meta::Clock;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

const FREE_MINIMUM_MIB: u64 = 200;
const FREE_COMFORTABLE_MIB: u64 = 2_000;
/// No clock that is right shows an earlier day: the program is younger.
const PROGRAM_YEAR: &str = "2026-01-01T00:00:00Z";

pub fn settings(config: &Config) -> String {
    let database = match &config.database_url {
        Some(url) => without_password(url),
        None => "SQLite".to_owned(),
    };
    format!("data {}, database {database}, listen {}", config.data.display(), config.listen)
}

pub fn clock() -> Finding {
    let now = Clock::system().now();
    if PROGRAM_YEAR.parse().is_ok_and(|earliest: meta::DateTime<meta::Utc>| now < earliest) {
        return Finding::problem(
            "clock",
            format!("{now:.0?} lies in the past"),
            "set the machine's clock (NTP): orders and sessions are dated by it",
        );
    }
    Finding::ok("clock", format!("{} UTC", now.format("%Y-%m-%d %H:%M:%S")))
}

pub async fn listening(address: SocketAddr) -> Finding {
    match tokio::net::TcpListener::bind(address).await {
        Ok(_) => Finding::ok("address", format!("{address} is free")),
        Err(error) => Finding::warning(
            "address",
            format!("{address}: {error}"),
            "fine if Zhike is running already; otherwise choose another with --listen ADDRESS:PORT",
        ),
    }
}

pub fn assets() -> Finding {
    if web::has_assets() {
        return Finding::ok("front end", "scripts and styles are in the program");
    }
    Finding::warning(
        "front end",
        "scripts and styles are missing: pages will be bare",
        "run script/assets, then build again",
    )
}

pub fn folder(data: &Path) -> Vec<Finding> {
    let Some(existing) = nearest_existing(data) else {
        return vec![Finding::problem(
            "data folder",
            format!("{} cannot be made", data.display()),
            "choose another with --data DIR",
        )];
    };
    let mut findings = vec![writable(data, &existing)];
    findings.extend(disk(&existing));
    findings
}

/// The folder itself, or the one it would be made in.
fn nearest_existing(data: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(data).ok()?;
    absolute.ancestors().find(|path| path.exists()).map(Path::to_owned)
}

fn writable(data: &Path, existing: &Path) -> Finding {
    if !existing.is_dir() {
        let found = format!("{} is a file", existing.display());
        return Finding::problem(
            "data folder",
            found,
            "choose another with --data DIR, or move that file away",
        );
    }
    let probe = existing.join(format!(".zhike-doctor-{}", std::process::id()));
    match std::fs::write(&probe, b"probe").and_then(|()| std::fs::remove_file(&probe)) {
        Ok(()) if data.exists() => Finding::ok("data folder", format!("{} is writable", data.display())),
        Ok(()) => Finding::ok("data folder", format!("{} will be made at the first start", data.display())),
        Err(error) => Finding::problem(
            "data folder",
            format!("{}: {error}", existing.display()),
            "give the user that runs Zhike the right to write there, or choose another with --data DIR",
        ),
    }
}

#[cfg(unix)]
fn disk(folder: &Path) -> Option<Finding> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let free_mib = disk.f_bavail.saturating_mul(disk.f_frsize) / (1024 * 1024);
    let found = format!("{free_mib} MiB free");
    let remedy = "make room, or move the data folder to a larger disk";
    Some(match free_mib {
        0..FREE_MINIMUM_MIB => Finding::problem("disk", found, remedy),
        FREE_MINIMUM_MIB..FREE_COMFORTABLE_MIB => Finding::warning("disk", found, remedy),
        _ => Finding::ok("disk", found),
    })
}

#[cfg(not(unix))]
fn disk(_folder: &Path) -> Option<Finding> {
    None
}
