//! Workers: processes of the real program.

use crate::company::SECRET;
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

pub struct Worker {
    process: Child,
    pub address: SocketAddr,
    storage: String,
}

/// With nothing of this machine's environment; `environment` comes on top.
pub fn command(program: &Path, listen: &str, storage: &str, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .args(["worker", "--listen", listen, "--storage", storage])
        .envs([("ZHIKE_WORKER_SECRET", SECRET), ("ZHIKE_WORKER_PATIENCE", "4"), ("ZHIKE_LOG", "warn")])
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

impl Worker {
    pub fn start(storage: &str) -> Worker {
        Worker::begin(Path::new(env!("CARGO_BIN_EXE_zhike")), "127.0.0.1:0", storage, &[])
    }

    pub fn begin(program: &Path, listen: &str, storage: &str, environment: &[(&str, &str)]) -> Worker {
        Worker::of(command(program, listen, storage, environment), storage)
    }

    pub fn of(mut command: Command, storage: &str) -> Worker {
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit(' ').next().and_then(|text| text.parse().ok());
        let address = address.unwrap_or_else(|| panic!("a worker did not begin: {line:?}"));
        Worker { process, address, storage: storage.to_owned() }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success(), "kill {signal}");
    }

    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.process.wait().unwrap()
    }

    /// At the same address.
    pub fn begin_anew(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let program = Path::new(env!("CARGO_BIN_EXE_zhike"));
        *self = Worker::begin(program, &self.address.to_string(), &self.storage.clone(), &[]);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn fleet(number: usize, storage: &str) -> Vec<Worker> {
    (0..number).map(|_| Worker::start(storage)).collect()
}

pub fn urls(fleet: &[Worker]) -> Vec<String> {
    fleet.iter().map(Worker::url).collect()
}

/// One test after the other: they count on the machine not being overrun.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
