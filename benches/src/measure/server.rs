//! The program under measurement: started on a free port, stopped whatever happens.

use super::process;
use anyhow::{Context, bail};
use engine::Database;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{sleep, timeout},
};

/// The first start after an upgrade may have to make indexes.
const START_LIMIT: Duration = Duration::from_secs(900);
const STOP_LIMIT: Duration = Duration::from_secs(15);
/// Background work such as a refit must have ended before anything is measured.
const QUIET_LIMIT: Duration = Duration::from_secs(1_800);
const QUIET_FOR: Duration = Duration::from_secs(3);
const QUIET_CPU_SHARE: f64 = 0.05;

/// How to start the program.
#[derive(Clone)]
pub struct Program {
    pub zhike: PathBuf,
    pub folder: PathBuf,
    pub database: Database,
}

impl Program {
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--data".to_owned(), self.folder.display().to_string()];
        if let Database::Postgres(url) = &self.database {
            arguments.extend(["--database-url".to_owned(), url.clone()]);
        }
        arguments
    }

    pub fn at(&self, folder: &Path) -> Program {
        Program { folder: folder.to_owned(), ..self.clone() }
    }

    pub async fn start(&self) -> anyhow::Result<Server> {
        let mut child = Command::new(&self.zhike)
            .args(self.arguments())
            .args(["--listen", "127.0.0.1:0", "--log", "warn", "serve"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.zhike.display()))?;
        let output = child.stdout.take().context("the server has no output")?;
        let mut lines = BufReader::new(output).lines();
        let address = timeout(START_LIMIT, async {
            while let Some(line) = lines.next_line().await? {
                if let Some((_, address)) = line.split_once("listens on ") {
                    return Ok(address.trim().to_owned());
                }
            }
            bail!("the server ended before it listened")
        });
        let address = address.await.context("the server does not listen")??;
        // Its output must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let process = child.id().context("the server has ended")?;
        Ok(Server { child, process, address })
    }
}

pub struct Server {
    child: Child,
    pub process: u32,
    /// `http://127.0.0.1:PORT`
    pub address: String,
}

impl Server {
    pub fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.process)
    }

    pub fn memory(&self) -> process::Memory {
        process::memory(self.process).unwrap_or_default()
    }

    /// Waits until nothing works in the background.
    pub async fn quiet(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        while began.elapsed() < QUIET_LIMIT {
            let before = self.cpu_seconds();
            sleep(QUIET_FOR).await;
            if self.cpu_seconds() - before <= QUIET_CPU_SHARE * QUIET_FOR.as_secs_f64() {
                return Ok(());
            }
        }
        bail!("the server still works in the background after {} s", QUIET_LIMIT.as_secs())
    }

    /// Asks it to end; after a while it is killed.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let asked = Command::new("kill").args(["-TERM", &self.process.to_string()]).status().await;
        asked.context("the program `kill` is missing")?;
        if timeout(STOP_LIMIT, self.child.wait()).await.is_err() {
            self.child.kill().await?;
        }
        Ok(())
    }
}
