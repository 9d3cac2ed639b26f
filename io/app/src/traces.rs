//! Owns traces: a span for each request, with those of its transactions and of its calls to identity providers beneath it, on
//! their way to the operator's collector. Off unless the settings name one, and then nothing is made.
//!
//! Spans say what kind of thing was done, how long it took and how it ended. Nothing that a person typed or holds gets in: no
//! path, query, address, name, code or token (T-SEC-3). The moments of spans are the library's own, and count for nothing else.
//!
//! *Source*: decision 25; `docs/operate/traces.md`.

mod export;
mod queue;
pub(crate) mod settings;

use std::sync::Arc;

use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{IdGenerator, Sampler, SdkTracer, SdkTracerProvider};
use orgate_store::{Watch, Watched};

use crate::entropy::{Draw as _, Entropy};
use crate::outbound::OwnClient;
use export::Exporter;

pub use export::Trouble;
pub use opentelemetry::context::FutureExt;
pub use settings::TraceSettings;

/// The methods that spans name, as the semantic conventions have it; a visitor may write any other word there.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

/// The way to spans; clones share it.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Parts>>);

struct Parts {
    tracer: SdkTracer,
    exporter: Exporter,
    /// Owns the processor; spans of a tracer whose provider is gone go nowhere.
    _provider: SdkTracerProvider,
}

impl Traces {
    /// Spans to the collector of these settings, for [`Traces::run`] to send.
    pub fn new(settings: &TraceSettings, client: OwnClient, entropy: &Arc<dyn Entropy>) -> Self {
        let instance: [u8; 16] = entropy.bytes();
        let own = [
            KeyValue::new("service.name", settings.service_name.clone()),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", data_encoding::HEXLOWER.encode(&instance)),
        ];
        let more = settings.attributes.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
        // Empty at first, for the library would look around in the environment otherwise.
        let resource = Resource::builder_empty().with_attributes(more).with_attributes(own).build();
        let (queue, spans) = queue::new();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(queue)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample))))
            .with_id_generator(Ids(Arc::clone(entropy)))
            .with_resource(resource.clone())
            .build();
        let exporter = Exporter::new(settings.endpoint.clone(), client, &resource, spans);
        Self(Some(Arc::new(Parts { tracer: provider.tracer("orgate"), exporter, _provider: provider })))
    }

    /// Whether there are any.
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Begins the span of a request; nothing when traces are off. `parent` is the `traceparent` of a proxy that is trusted, and
    /// nobody else's: with it comes whether the trace is kept.
    pub fn request(&self, method: &str, route: &'static str, parent: Option<&str>) -> Option<RequestSpan> {
        let parts = self.0.as_ref()?;
        let above = parent.map_or_else(Context::new, parent_of);
        let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("_OTHER");
        let attributes = [KeyValue::new("http.request.method", method), KeyValue::new("http.route", route)];
        let builder = parts.tracer.span_builder(format!("{method} {route}")).with_kind(SpanKind::Server);
        let span = parts.tracer.build_with_context(builder.with_attributes(attributes), &above);
        Some(RequestSpan(above.with_span(span)))
    }

    /// Begins the span of a call to an identity provider, beneath the request that this task works for, if there is one.
    pub(crate) fn call(&self, call: &Call<'_>) -> Option<CallSpan> {
        let attributes = [
            KeyValue::new("http.request.method", call.method),
            KeyValue::new("server.address", call.host.to_owned()),
            KeyValue::new("orgate.peer", call.peer),
            KeyValue::new("orgate.purpose", call.purpose),
        ];
        Some(CallSpan(self.beneath(format!("identity provider {}", call.purpose), SpanKind::Client, &attributes)?))
    }

    /// Sends spans until `stop` is ready. What is left then waits for [`Traces::flush`].
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        match &self.0 {
            Some(parts) => parts.exporter.run(stop).await,
            None => stop.await,
        }
    }

    /// Sends what waits, within five seconds.
    pub async fn flush(&self) {
        if let Some(parts) = &self.0 {
            parts.exporter.flush().await;
        }
    }

    /// Whether the collector takes spans: it is sent none. Nothing when traces are off.
    ///
    /// *Errors*: why it does not.
    pub async fn probe(&self) -> Option<Result<(), Trouble>> {
        match &self.0 {
            Some(parts) => Some(parts.exporter.probe().await),
            None => None,
        }
    }

    fn beneath(
        &self,
        name: impl Into<std::borrow::Cow<'static, str>>,
        kind: SpanKind,
        attributes: &[KeyValue],
    ) -> Option<opentelemetry_sdk::trace::Span> {
        let parts = self.0.as_ref()?;
        let above = Context::current();
        // What nodes do by themselves makes no spans: it would be one a second, of no interest to anybody.
        if !above.span().is_recording() {
            return None;
        }
        let builder = parts.tracer.span_builder(name).with_kind(kind).with_attributes(attributes.iter().cloned());
        Some(parts.tracer.build_with_context(builder, &above))
    }
}

/// The span of a request. Dropped, it ends without a status: nobody waited for the answer.
pub struct RequestSpan(Context);

impl RequestSpan {
    /// What the handler runs in, so that what it does comes beneath.
    pub fn context(&self) -> Context {
        self.0.clone()
    }

    /// The number of the trace, where it is kept.
    pub fn trace_id(&self) -> Option<String> {
        let span = self.0.span();
        span.is_recording().then(|| span.span_context().trace_id().to_string())
    }

    /// Ends it. `reference` is the number that a person sees of a failure.
    pub fn end(self, status: u16, reference: Option<&str>) {
        let span = self.0.span();
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        if let Some(reference) = reference {
            span.set_attribute(KeyValue::new("orgate.reference", reference.to_owned()));
        }
        if status >= 500 {
            span.set_attribute(KeyValue::new("error.type", status.to_string()));
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// A call to an identity provider.
pub(crate) struct Call<'c> {
    /// GET or POST.
    pub(crate) method: &'static str,
    /// The host alone.
    pub(crate) host: &'c str,
    /// Whose provider: a word of ours.
    pub(crate) peer: &'static str,
    /// What for: a word of ours.
    pub(crate) purpose: &'static str,
}

/// Its span.
pub(crate) struct CallSpan(opentelemetry_sdk::trace::Span);

impl CallSpan {
    /// Ends it with the status of the answer, or with our word for why there is none.
    pub(crate) fn end(mut self, outcome: Result<u16, &'static str>) {
        match outcome {
            Ok(status) => self.0.set_attribute(KeyValue::new("http.response.status_code", i64::from(status))),
            Err(word) => {
                self.0.set_attribute(KeyValue::new("error.type", word));
                self.0.set_status(Status::error(""));
            }
        }
        self.0.end();
    }
}

/// Transactions come beneath the request that they are part of.
impl Watch for Traces {
    fn begin(&self, what: &'static str) -> Option<Box<dyn Watched>> {
        let attributes = [KeyValue::new("orgate.transaction", what)];
        let span = self.beneath("transaction", SpanKind::Internal, &attributes)?;
        Some(Box::new(TransactionSpan(span)))
    }
}

struct TransactionSpan(opentelemetry_sdk::trace::Span);

impl Watched for TransactionSpan {
    fn end(mut self: Box<Self>, is_kept: bool) {
        self.0.set_attribute(KeyValue::new("orgate.transaction.outcome", if is_kept { "kept" } else { "undone" }));
        self.0.end();
    }
}

/// Ids of spans are drawn as everything else is.
struct Ids(Arc<dyn Entropy>);

impl std::fmt::Debug for Ids {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Ids")
    }
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> opentelemetry::TraceId {
        opentelemetry::TraceId::from_bytes(self.0.bytes())
    }

    fn new_span_id(&self) -> opentelemetry::SpanId {
        opentelemetry::SpanId::from_bytes(self.0.bytes())
    }
}

/// The one header that is read. *Source*: W3C Trace Context, 3.2.
struct TraceParent<'p>(&'p str);

impl Extractor for TraceParent<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

fn parent_of(header: &str) -> Context {
    TraceContextPropagator::new().extract_with_context(&Context::new(), &TraceParent(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_and_nonsense_is_none() {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let read = |header: &str| parent_of(header).span().span_context().clone();
        assert!(read(header).is_sampled() && read(header).is_remote());
        assert_eq!(read(header).trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        for wrong in ["", "00", &header[..50], &header.replace('0', "g"), "00-0-0-0", &header.to_uppercase()] {
            assert!(!read(wrong).is_valid(), "{wrong}");
        }
    }

    #[test]
    fn without_settings_there_is_no_span() {
        let off = Traces::default();
        assert!(off.request("GET", "/check", None).is_none() && off.begin("read").is_none());
    }
}
