//! Traces for OpenTelemetry, if an endpoint is set: what each request and job spent its time on, sent in the background by
//! OTLP over HTTP. Names of routes, kinds of records and request ids go out, never what records hold or people search for.

use anyhow::{Context, bail};
use axum::body::Bytes;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use std::{future::Future, pin::Pin, time::Duration};
use tracing::{Level, Subscriber};
use tracing_subscriber::{Layer, filter::Targets, registry::LookupSpan};

const TIME_LIMIT: Duration = Duration::from_secs(5);

/// What is being sent; dropped without [`Traces::end`] the last spans are lost.
pub struct Traces(SdkTracerProvider);

/// Below `endpoint` (`http://localhost:4318`) there is `/v1/traces`. Must be called within the runtime that sends.
pub fn begin(endpoint: &str) -> anyhow::Result<Traces> {
    if !["http://", "https://"].iter().any(|scheme| endpoint.starts_with(scheme)) {
        bail!("otlp_endpoint must begin with http:// or https://, like http://localhost:4318");
    }
    let runtime = tokio::runtime::Handle::current();
    let http = web::http_client().timeout(TIME_LIMIT).build().context("http client for traces")?;
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_http_client(Client { http, runtime })
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(TIME_LIMIT)
        .build()
        .context("otlp_endpoint")?;
    let resource = Resource::builder()
        .with_service_name("zhike")
        .with_attribute(opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(Traces(SdkTracerProvider::builder().with_resource(resource).with_batch_exporter(exporter).build()))
}

impl Traces {
    /// Requests, and what the engine does for them, whatever the log shows.
    pub fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(&self) -> impl Layer<S> + use<S> {
        let ours = Targets::new().with_target("trace", Level::DEBUG).with_target("engine", Level::DEBUG);
        tracing_opentelemetry::layer().with_tracer(self.0.tracer("zhike")).with_filter(ours)
    }

    /// Sends what is left. The runtime must still run.
    pub fn end(self) {
        if let Err(error) = self.0.shutdown_with_timeout(TIME_LIMIT) {
            tracing::warn!("the last traces could not be sent: {error}");
        }
    }
}

/// The exporter works on a thread of its own, without the runtime that the connection needs.
#[derive(Debug)]
struct Client {
    http: reqwest::Client,
    runtime: tokio::runtime::Handle,
}

impl HttpClient for Client {
    fn send_bytes<'life, 'future>(
        &'life self,
        request: axum::http::Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<axum::http::Response<Bytes>, HttpError>> + Send + 'future>>
    where
        'life: 'future,
        Self: 'future,
    {
        let http = self.http.clone();
        let sent = self.runtime.spawn(async move {
            let answer = http.execute(request.try_into()?).await?;
            let mut response = axum::http::Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                response = response.header(name, value);
            }
            let response: Result<_, HttpError> = Ok(response.body(answer.bytes().await?)?);
            response
        });
        Box::pin(async move { sent.await? })
    }
}
