//! A machine that computes: parts of questions come in, rows go out. It knows no company, only files.

use crate::{channels::Channels, link::Link, panics};
use anyhow::Context;
use datafusion_distributed::{ChannelResolver, DistributedExt, Worker, WorkerQueryContext};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpListener;
use tonic::{
    service::InterceptorLayer,
    transport::{Identity, Server, ServerTlsConfig, server::TcpIncoming},
};
use uuid::Uuid;
use warehouse::{
    Place,
    datafusion::{
        error::DataFusionError,
        execution::{FunctionRegistry, SessionState},
    },
};

/// Questions under way must not hold up the end for longer.
const END_LIMIT: Duration = Duration::from_secs(5);

pub struct Settings {
    pub place: Place,
    pub memory_bytes: usize,
    pub link: Link,
    /// PEM of the certificate and of its key.
    pub certificate: Option<(Vec<u8>, Vec<u8>)>,
    /// Tells this run of the worker from the one before.
    pub run: Uuid,
}

/// Works until `ended`. From the first call on, a panic ends the whole process.
pub async fn serve(
    listener: TcpListener,
    settings: Settings,
    ended: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    panics::abort_on_any();
    #[cfg(all(unix, debug_assertions))]
    panic_when_told()?;
    let link = settings.link;
    let channels: Arc<dyn ChannelResolver + Send + Sync> = Arc::new(Channels::new(link.clone()));
    let runtime = warehouse::runtime_at(&settings.place, settings.memory_bytes)?;
    let worker = Worker::from_session_builder(move |context| session(context, channels.clone()))
        .with_runtime_env(runtime)
        .with_version(format!("{} {}", link.program(), settings.run));
    let pause = link.patience / 2;
    let mut server =
        Server::builder().http2_keepalive_interval(Some(pause)).http2_keepalive_timeout(Some(pause));
    if let Some((certificate, key)) = settings.certificate {
        let tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
        server = server.tls_config(tls).context("worker_certificate")?;
    }
    let (ending, end) = tokio::sync::oneshot::channel::<()>();
    let working = server
        .layer(InterceptorLayer::new(move |request| link.check(request)))
        .add_service(worker.into_worker_server())
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), async {
            let _ = end.await;
        });
    let asked_to_end = async {
        ended.await;
        let _ = ending.send(());
        tokio::time::sleep(END_LIMIT).await;
    };
    tokio::select! {
        done = working => done.context("the worker stopped"),
        () = asked_to_end => Ok(()),
    }
}

/// As in process: the same options and functions.
async fn session(
    context: WorkerQueryContext,
    channels: Arc<dyn ChannelResolver + Send + Sync>,
) -> Result<SessionState, DataFusionError> {
    let mut builder = context.builder;
    warehouse::configure(builder.config().get_or_insert_default());
    let mut state = builder.with_distributed_channel_resolver(channels).build();
    for function in warehouse::functions() {
        state.register_udf(Arc::new(function))?;
    }
    for function in warehouse::aggregates() {
        state.register_udaf(Arc::new(function))?;
    }
    Ok(state)
}

/// For tests of what a panic does; in no release.
#[cfg(all(unix, debug_assertions))]
fn panic_when_told() -> anyhow::Result<()> {
    let mut told = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::user_defined1())?;
    tokio::spawn(async move {
        told.recv().await;
        panic!("told to by SIGUSR1");
    });
    Ok(())
}
