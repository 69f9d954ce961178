//! A server that speaks S3, over a temporary folder, for as long as it is kept.

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{
    S3Result,
    access::{S3Access, S3AccessContext},
    auth::SimpleAuth,
    s3_error,
    service::S3ServiceBuilder,
};
use s3s_fs::FileSystem;
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::net::TcpListener;

pub struct S3 {
    pub endpoint: String,
    folder: tempfile::TempDir,
    server: tokio::task::JoinHandle<()>,
    keeps: Arc<AtomicBool>,
}

/// Whoever has the key may do everything, but deletes nothing while the server keeps what it has.
struct Rights(Arc<AtomicBool>);

#[async_trait::async_trait]
impl S3Access for Rights {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let deletes = context.s3_op().name().starts_with("Delete");
        if context.credentials().is_none() || deletes && self.0.load(Ordering::Relaxed) {
            return Err(s3_error!(AccessDenied));
        }
        Ok(())
    }
}

impl S3 {
    pub const BUCKET: &'static str = "zhike";
    pub const KEY: &'static str = "key-of-the-test";
    pub const SECRET: &'static str = "secret-of-the-test";

    pub async fn start() -> S3 {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join(Self::BUCKET)).expect("a bucket");
        let mut service = S3ServiceBuilder::new(FileSystem::new(folder.path()).expect("a file system of S3"));
        service.set_auth(SimpleAuth::from_single(Self::KEY, Self::SECRET));
        let keeps = Arc::new(AtomicBool::new(false));
        service.set_access(Rights(keeps.clone()));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let server = Builder::new(TokioExecutor::new());
                    // Whoever hangs up in between has read enough.
                    let _ = server.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        S3 { endpoint, folder, server, keeps }
    }

    /// Whether whoever deletes something is refused.
    pub fn keep(&self, keeps: bool) {
        self.keeps.store(keeps, Ordering::Relaxed);
    }

    /// What `object_store` needs to reach it.
    pub fn options(&self) -> Vec<(String, String)> {
        let options = [
            ("aws_endpoint", self.endpoint.as_str()),
            ("aws_allow_http", "true"),
            ("aws_region", "us-east-1"),
            ("aws_access_key_id", Self::KEY),
            ("aws_secret_access_key", Self::SECRET),
        ];
        options.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
    }

    /// Every object there is, by its name.
    pub fn objects(&self) -> Vec<String> {
        let root = self.folder.path().join(Self::BUCKET);
        let (mut found, mut open): (Vec<String>, Vec<PathBuf>) = (vec![], vec![root.clone()]);
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
                let path = entry.path();
                match path.is_dir() {
                    true => open.push(path),
                    false => found.extend(path.strip_prefix(&root).map(|name| name.display().to_string())),
                }
            }
        }
        found.sort();
        found
    }

    pub fn bytes(&self, object: &str) -> Vec<u8> {
        std::fs::read(self.folder.path().join(Self::BUCKET).join(object)).expect("an object")
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        self.server.abort();
    }
}
