//! Owns sending spans to a collector: by OTLP over HTTP, as protobuf. Whatever becomes of it, nobody who serves notices.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use prost::Message as _;
use tokio::sync::{Mutex, mpsc};
use tokio::time::{sleep, timeout};

use crate::outbound::OwnClient;

/// Spans that are sent together at most.
const TOGETHER: usize = 512;
/// How long a span waits for others to go with.
const GATHER: Duration = Duration::from_secs(1);
/// What may be left to send when the process ends.
const LAST: Duration = Duration::from_secs(5);

/// Why the collector takes no spans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble(String);

impl fmt::Display for Trouble {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The end of the queue at which spans leave.
pub(super) struct Exporter {
    endpoint: String,
    client: OwnClient,
    resource: ResourceAttributesWithSchema,
    spans: Mutex<mpsc::Receiver<SpanData>>,
    /// How often in a row nothing was taken.
    failures: AtomicU64,
}

impl Exporter {
    pub(super) fn new(
        endpoint: String,
        client: OwnClient,
        resource: &Resource,
        spans: mpsc::Receiver<SpanData>,
    ) -> Self {
        Self { endpoint, client, resource: resource.into(), spans: Mutex::new(spans), failures: AtomicU64::new(0) }
    }

    /// Sends until `stop` is ready; a sending that was begun is ended, which takes five seconds at most.
    pub(super) async fn run(&self, stop: impl Future<Output = ()>) {
        let mut spans = self.spans.lock().await;
        let mut is_stopping = false;
        tokio::pin!(stop);
        while !is_stopping {
            let mut batch = Vec::with_capacity(TOGETHER);
            // Nothing is lost by giving up this wait.
            tokio::select! {
                () = &mut stop => return,
                _ = spans.recv_many(&mut batch, TOGETHER) => {}
            }
            if batch.len() < TOGETHER {
                tokio::select! {
                    () = &mut stop => is_stopping = true,
                    () = sleep(GATHER) => {}
                }
                fill(&mut batch, &mut spans);
            }
            // The log and the count know what became of it.
            drop(self.send(batch).await);
        }
    }

    /// Sends what waits, as far as there is time. A collector that took nothing a moment ago is not waited for again.
    pub(super) async fn flush(&self) {
        if self.failures.load(Ordering::Relaxed) > 0 {
            return;
        }
        let mut spans = self.spans.lock().await;
        let sending = async {
            loop {
                let mut batch = Vec::new();
                fill(&mut batch, &mut spans);
                if batch.is_empty() || self.send(batch).await.is_err() {
                    return;
                }
            }
        };
        // What there was no time for is lost, as a trace may be.
        drop(timeout(LAST, sending).await);
    }

    /// Sends nothing, to see whether it would be taken.
    pub(super) async fn probe(&self) -> Result<(), Trouble> {
        self.post(Vec::new()).await
    }

    async fn send(&self, batch: Vec<SpanData>) -> Result<(), Trouble> {
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let sent = self.post(batch).await;
        let outcome = if sent.is_ok() { "sent" } else { "failed" };
        metrics::counter!("orgate_trace_spans_total", "outcome" => outcome).increment(count);
        match &sent {
            Ok(()) => {
                if self.failures.swap(0, Ordering::Relaxed) > 0 {
                    tracing::info!("the collector takes traces again");
                }
            }
            Err(trouble) => {
                let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
                // The first time, and ever more rarely.
                if failures.is_power_of_two() {
                    tracing::warn!(error = %trouble, traces.failures = failures, "the collector takes no traces; they are lost");
                }
            }
        }
        sent
    }

    async fn post(&self, batch: Vec<SpanData>) -> Result<(), Trouble> {
        let resource_spans =
            if batch.is_empty() { Vec::new() } else { group_spans_by_resource_and_scope(batch, &self.resource) };
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        let answer = self.client.post(&self.endpoint, "application/x-protobuf", body).await.map_err(Trouble)?;
        if (200..300).contains(&answer.status) { Ok(()) } else { Err(Trouble(format!("it answers {}", answer.status))) }
    }
}

/// Takes what is there.
fn fill(batch: &mut Vec<SpanData>, spans: &mut mpsc::Receiver<SpanData>) {
    while batch.len() < TOGETHER
        && let Ok(span) = spans.try_recv()
    {
        batch.push(span);
    }
}
