//! Owns the queue between those who end spans and who sends them. It is bounded, and who finds it full goes on without: a trace
//! is never worth waiting for.

use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use tokio::sync::mpsc;

/// Spans that wait at most; each is some hundred bytes.
const WAITING: usize = 4_096;

/// The end at which spans get in.
#[derive(Debug)]
pub(super) struct Queue(mpsc::Sender<SpanData>);

/// Both ends.
pub(super) fn new() -> (Queue, mpsc::Receiver<SpanData>) {
    let (queue, spans) = mpsc::channel(WAITING);
    (Queue(queue), spans)
}

impl SpanProcessor for Queue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.0.try_send(span).is_err() {
            metrics::counter!("orgate_trace_spans_total", "outcome" => "dropped").increment(1);
        }
    }

    /// Who receives flushes.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::trace::SdkTracerProvider;

    use super::*;

    #[test]
    fn a_full_queue_drops_and_nobody_waits() {
        let (queue, mut spans) = new();
        let provider = SdkTracerProvider::builder().with_span_processor(queue).build();
        let tracer = provider.tracer("test");
        for number in 0..WAITING + 100 {
            tracer.start(number.to_string()).end();
        }
        let kept: Vec<_> = std::iter::from_fn(|| spans.try_recv().ok()).collect();
        assert_eq!((kept.len(), kept.first().unwrap().name.as_ref()), (WAITING, "0"));
        // There is room again.
        tracer.start("later").end();
        assert_eq!(spans.try_recv().unwrap().name, "later");
    }
}
