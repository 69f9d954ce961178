//! Connections to workers: kept open, watched by pings, every request with the secret.

use crate::link::Link;
use async_trait::async_trait;
use datafusion_distributed::{
    ChannelResolver, WorkerChannel,
    grpc::{BoxCloneSyncChannel, create_worker_client},
};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tonic::{
    body::Body,
    codegen::http,
    transport::{Certificate, Channel, ClientTlsConfig},
};
use tower::ServiceBuilder;
use url::Url;
use warehouse::datafusion::error::DataFusionError;

const CONNECT_LIMIT: Duration = Duration::from_secs(2);

pub struct Channels {
    link: Link,
    open: Mutex<HashMap<Url, BoxCloneSyncChannel>>,
}

impl Channels {
    pub fn new(link: Link) -> Channels {
        Channels { link, open: Mutex::default() }
    }

    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    pub(crate) fn client(&self, url: &Url) -> Result<Box<dyn WorkerChannel>, DataFusionError> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = open.get(url) {
            return Ok(create_worker_client(channel.clone()));
        }
        let channel = self.connect(url)?;
        open.insert(url.clone(), channel.clone());
        Ok(create_worker_client(channel))
    }

    /// What went wrong with a connection must not be met again.
    pub(crate) fn forget(&self, url: &Url) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(url);
    }

    fn connect(&self, url: &Url) -> Result<BoxCloneSyncChannel, DataFusionError> {
        let wrong = |error: &dyn std::fmt::Display| {
            DataFusionError::Configuration(format!("worker {url} cannot be connected to: {error}"))
        };
        let pause = self.link.patience / 2;
        let mut endpoint = Channel::from_shared(url.to_string())
            .map_err(|error| wrong(&error))?
            .connect_timeout(CONNECT_LIMIT)
            .http2_keep_alive_interval(pause)
            .keep_alive_timeout(pause)
            .keep_alive_while_idle(true);
        if let Some(pem) = &self.link.authority {
            let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
            endpoint = endpoint.tls_config(tls).map_err(|error| wrong(&error))?;
        }
        let headers = self.link.headers().map_err(|error| wrong(&error))?;
        let with_headers = move |mut request: http::Request<Body>| {
            request.headers_mut().extend(headers.clone());
            request
        };
        let channel = ServiceBuilder::new().map_request(with_headers).service(endpoint.connect_lazy());
        Ok(BoxCloneSyncChannel::new(channel))
    }
}

#[async_trait]
impl ChannelResolver for Channels {
    async fn get_worker_client_for_url(&self, url: &Url) -> Result<Box<dyn WorkerChannel>, DataFusionError> {
        self.client(url)
    }
}
