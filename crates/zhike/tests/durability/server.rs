//! A PostgreSQL server of one test's own, to be killed: that of `script/with-postgres` belongs to all tests, and does not wait for the disk.

use sqlx::{Connection, PgConnection};
use std::{
    fs::{File, Permissions},
    net::TcpListener,
    ops::Range,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::{CommandExt, ExitStatusExt},
    },
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);
/// Below those the system gives to whoever wants any: while the server is dead, nobody else may come to its port.
const PORTS: Range<u16> = 20_000..30_000;
/// As a company's, whatever the defaults are: what is committed waits for the disk. Its log is read by the test.
const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=on",
    "synchronous_commit=on",
    "lc_messages=C",
];
/// PostgreSQL says so once after each death.
const RECOVERS: &str = "automatic recovery in progress";

pub struct Server {
    /// Where PostgreSQL's own programs are.
    programs: PathBuf,
    folder: tempfile::TempDir,
    /// User and group who run it, where root must not.
    owner: Option<(u32, u32)>,
    port: u16,
    postmaster: Option<Child>,
}

impl Server {
    /// Its folder made and nothing started; `None` where `script/with-postgres` found no programs of a server.
    pub fn of_its_own() -> Option<Server> {
        let programs = PathBuf::from(std::env::var_os("ZHIKE_TEST_POSTGRES_BIN")?);
        let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
        let owner = || {
            let given = Command::new("chown").arg("postgres:").arg(folder.path()).output().unwrap();
            assert!(given.status.success(), "{}", String::from_utf8_lossy(&given.stderr));
            let folder = std::fs::metadata(folder.path()).unwrap();
            (folder.uid(), folder.gid())
        };
        // initdb and postgres refuse to run as root.
        let owner = (std::fs::metadata(folder.path()).unwrap().uid() == 0).then(owner);
        let server = Server { programs, folder, owner, port: free_port(), postmaster: None };
        let mut command = server.command("initdb");
        command.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        let made = command.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Some(server)
    }

    pub fn address(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// One of PostgreSQL's programs on its data.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        // The folder of the tests may be closed to its owner.
        command.current_dir(self.folder.path()).arg("-D").arg(self.folder.path().join("data"));
        command
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// How often it had to recover from a death.
    pub fn recoveries(&self) -> usize {
        self.said().matches(RECOVERS).count()
    }

    /// Not by pg_ctl: a postmaster that is our own child is gone when it is dead, and does not linger where nobody collects the dead.
    fn begin(&mut self) {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut command = self.command("postgres");
        command.args(["-p", &self.port.to_string()]);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.postmaster = Some(command.spawn().unwrap());
    }

    /// Comes back when it takes connections.
    pub async fn start(&mut self) {
        self.begin();
        let (began, address) = (Instant::now(), self.address());
        while let Err(error) = PgConnection::connect(&address).await {
            self.must_be_on_its_way(began, &error.to_string());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Comes back when it has begun to recover from its death.
    pub async fn begin_to_recover(&mut self) {
        let before = self.recoveries();
        self.begin();
        let began = Instant::now();
        while self.recoveries() == before {
            self.must_be_on_its_way(began, "it recovers from nothing");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn must_be_on_its_way(&mut self, began: Instant, trouble: &str) {
        let runs = self.postmaster.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none());
        assert!(runs && began.elapsed() < PATIENCE, "{trouble}: {}", self.said());
    }

    /// `kill -9` of the postmaster and all it has started; returns how many these were.
    pub fn kill(&mut self) -> usize {
        let postmaster = self.postmaster.as_mut().expect("it was started");
        let id = postmaster.id().to_string();
        // It starts nobody any more while those it has are looked for.
        signal("-STOP", std::slice::from_ref(&id));
        let started = children(&id);
        let all: Vec<String> = std::iter::once(id).chain(started.iter().cloned()).collect();
        signal("-KILL", &all);
        assert_eq!(postmaster.wait().unwrap().signal(), Some(9), "it was dead before");
        self.postmaster = None;
        // The next one refuses to start beside what is left of this.
        let began = Instant::now();
        while started.iter().any(|id| lives(id)) {
            assert!(began.elapsed() < PATIENCE, "some of {started:?} outlive kill -9");
            std::thread::sleep(Duration::from_millis(5));
        }
        started.len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut postmaster) = self.postmaster.take() {
            // At once, but not without clearing away its shared memory.
            signal("-QUIT", &[postmaster.id().to_string()]);
            let _ = postmaster.wait();
        }
    }
}

/// Other tests of this kind begin to look elsewhere.
fn free_port() -> u16 {
    let first = PORTS.start + (std::process::id() % u32::from(PORTS.end - PORTS.start)) as u16;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (first..PORTS.end).chain(PORTS.start..first).find(is_free).expect("a free port")
}

/// Some may have ended by themselves meanwhile.
fn signal(name: &str, ids: &[String]) {
    Command::new("kill").arg(name).args(ids).output().unwrap();
}

fn status(id: &str) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{id}/status")).ok()
}

fn children(parent: &str) -> Vec<String> {
    let line = format!("PPid:\t{parent}");
    let all = std::fs::read_dir("/proc").unwrap();
    let names = all.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|id| status(id).is_some_and(|text| text.lines().any(|one| one == line))).collect()
}

/// One that is dead and not yet collected (`Z`) holds nothing any more.
fn lives(id: &str) -> bool {
    status(id).is_some_and(|text| !text.contains("\nState:\tZ"))
}
