//! The server: opens the database, listens, ends cleanly.

use crate::{
    company,
    config::{Config, sign_in},
    modules::web_modules,
    open,
    running::{Current, Running},
};
use anyhow::Context;
use axum::Router;
use engine::{Engine, Query};
use std::{net::SocketAddr, time::Duration};
use tokio::net::TcpListener;
use web::{Options, Pages, Rates};

/// A slow request must not hold up the end for longer.
const END_LIMIT: Duration = Duration::from_secs(5);

pub async fn run(config: &Config) -> anyhow::Result<()> {
    if company::is_hosted(config) {
        return company::hosted::run(config).await;
    }
    let listener = listen(config.listen).await?;
    let engine = open::engine(config).await?;
    let asked = asked_to_end()?;
    println!("Zhike listens on {}", address(listener.local_addr()?));
    if has_no_users(&engine).await? {
        println!("Nobody can sign in yet. Create an administrator (with the same settings):");
        println!("  zhike user create --name \"Your Name\" --email you@example.com --role administrator");
    }
    serve(config, engine, listener, options(config)?, asked).await
}

pub fn options(config: &Config) -> anyhow::Result<Options> {
    let rates = Rates {
        token_per_minute: config.api_rate_per_minute,
        address_per_minute: config.api_address_rate_per_minute,
    };
    let options = Options { secure_cookies: config.secure_cookies, rates, ..Options::default() };
    sign_in::options(config, options)
}

async fn has_no_users(engine: &Engine) -> anyhow::Result<bool> {
    let query = Query::new("user").filter("active == true");
    Ok(engine.count(&engine::Actor::system(), &query, 1).await?.number == 0)
}

pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: is the port taken? Choose another with --listen ADDRESS:PORT")
    })
}

/// Something a browser can open.
pub fn address(listening: SocketAddr) -> String {
    let host =
        if listening.ip().is_unspecified() { "localhost".to_owned() } else { listening.ip().to_string() };
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    format!("http://{host}:{}", listening.port())
}

pub async fn serve(
    config: &Config,
    engine: Engine,
    listener: TcpListener,
    options: Options,
    asked: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let pages = Pages::read(web_modules())?;
    let current = Current::new(Running::start(engine, pages.clone(), options.clone())?);
    if let Some(address) = config.metrics_listen {
        let listener = listen(address).await?;
        tracing::info!("metrics on {}/metrics", self::address(listener.local_addr()?));
        tokio::spawn(axum::serve(listener, current.metrics_routes()).into_future());
    }
    let ending = current.clone();
    let served = until_asked_to_end(listener, current.router(), asked, move || ending.app().live().end());
    // A task of its own: while it opens, new connections are taken.
    let following = tokio::spawn(current.clone().follow(config.clone(), pages, options));
    let ended = served.await;
    following.abort();
    current.end().await;
    ended
}

/// `end` makes streams that would never end by themselves do so.
pub async fn until_asked_to_end(
    listener: TcpListener,
    router: Router,
    asked: impl Future<Output = ()> + Send + 'static,
    end: impl FnOnce() + Send + 'static,
) -> anyhow::Result<()> {
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    let (ending, mut ended) = tokio::sync::watch::channel(false);
    let asked = async move {
        asked.await;
        tracing::info!("ending: open requests are finished first");
        end();
        let _ = ending.send(true);
    };
    let server = axum::serve(listener, router).with_graceful_shutdown(asked);
    tokio::select! {
        done = server => done.context("the server stopped"),
        () = async { let _ = ended.changed().await; tokio::time::sleep(END_LIMIT).await } => {
            tracing::info!("connections still open after {} s are closed", END_LIMIT.as_secs());
            Ok(())
        }
    }
}

/// Ctrl-C, or the SIGTERM of a service manager. From the call on, not from the first poll: whoever reads that the server listens may
/// end it at once.
pub fn asked_to_end() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let (mut interrupt, mut terminate) = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    Ok(async move {
        #[cfg(unix)]
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_can_be_opened_in_a_browser() {
        assert_eq!(address("0.0.0.0:8080".parse().unwrap()), "http://localhost:8080");
        assert_eq!(address("[::1]:80".parse().unwrap()), "http://[::1]:80");
    }
}
