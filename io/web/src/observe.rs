//! Owns what is measured and written about requests: one log line and one measurement each, by the template of the route.
//! Paths, queries, cookies and tokens never get here (T-SEC-3).

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use metrics::{Histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use orgate_app::traces::RequestSpan;
use orgate_core::id::Reference;

use crate::route::{Route, Surface};

const DURATION: &str = "orgate_http_request_duration_seconds";
/// *Units*: seconds.
const BUCKETS: [f64; 10] = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];
/// How often durations are added to their buckets. So little is done at once that nobody waits for it.
const ADD_UP_EVERY: Duration = Duration::from_secs(1);

/// The process's recorder of measurements; the first call installs it.
pub fn recorder() -> PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER
        .get_or_init(|| {
            let builder = PrometheusBuilder::new();
            let builder = match builder.set_buckets_for_metric(Matcher::Full(DURATION.to_owned()), &BUCKETS) {
                Ok(builder) => builder,
                Err(_) => PrometheusBuilder::new(),
            };
            let recorder = builder.build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another recorder of measurements was installed before; /metrics stays empty");
            }
            orgate_app::measurements::begin();
            gauge!("orgate_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
            handle
        })
        .clone()
}

/// Adds up what was measured, again and again: the recorder keeps each duration by itself until then, and where nobody reads
/// `/metrics` it would keep all of them for ever.
pub async fn add_up() -> Infallible {
    let recorder = recorder();
    let mut due = tokio::time::interval(ADD_UP_EVERY);
    loop {
        due.tick().await;
        recorder.run_upkeep();
    }
}

/// The measurements of one route: found once, so that a request takes no look-up by name.
#[derive(Clone)]
pub struct Meter {
    route: Arc<Route>,
    /// By the first digit of the status.
    durations: Arc<[OnceLock<Histogram>; 6]>,
}

impl Meter {
    /// For a route.
    pub fn new(route: Route) -> Self {
        Self { route: Arc::new(route), durations: Arc::default() }
    }

    /// Starts the clock.
    #[expect(clippy::disallowed_methods, reason = "durations are measured here and nowhere else")]
    pub fn begin() -> Instant {
        Instant::now()
    }

    /// Counts and writes down one answer. What programs ask many times a second is written only when it failed.
    pub fn end(&self, began: Instant, status: StatusCode, reference: Option<&Reference>, span: Option<RequestSpan>) {
        let took = began.elapsed();
        let class = status.as_u16() / 100;
        if let Some(slot) = self.durations.get(usize::from(class)) {
            slot.get_or_init(|| self.histogram(class)).record(took);
        }
        if self.route.surface != Surface::Bare || status.is_server_error() {
            self.log(took, status, reference, span.as_ref().and_then(RequestSpan::trace_id));
        }
        if let Some(span) = span {
            span.end(status.as_u16(), reference.map(Reference::as_str));
        }
    }

    fn histogram(&self, class: u16) -> Histogram {
        histogram!(
            DURATION,
            "method" => self.route.method.to_string(),
            "route" => self.route.path,
            "status" => format!("{class}xx"),
        )
    }

    fn log(&self, took: Duration, status: StatusCode, reference: Option<&Reference>, trace: Option<String>) {
        let (method, route) = (self.route.method.as_str(), self.route.path);
        tracing::info!(
            request.method = method,
            request.route = route,
            request.reference = reference.map(Reference::as_str),
            request.trace = trace,
            response.status = status.as_u16(),
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "{method} {route} answered {}",
            status.as_u16(),
        );
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use axum::http::Method;
    use orgate_testkit::memory;

    use super::*;
    use crate::access::Access;

    const ROUNDS: u64 = 40;
    const ANSWERS: u64 = 100_000;
    /// What durations take that nobody adds up, 16 bytes each. *Units*: KiB.
    const KEPT: u64 = ROUNDS * ANSWERS * 16 / 1024;

    /// What is due of it at once, which is before anything later.
    async fn add_up_once() {
        tokio::select! {
            biased;
            never = add_up() => match never {},
            () = tokio::time::sleep(Duration::from_millis(1)) => {}
        }
    }

    #[tokio::test]
    async fn l4_answers_take_no_memory_where_nobody_reads_the_measurements() {
        let route = Route { method: Method::GET, path: "/l4", surface: Surface::Bare, access: Access::Public };
        let (meter, recorder) = (Meter::new(route), recorder());
        let answers = || (0..ANSWERS).for_each(|_| meter.end(Meter::begin(), StatusCode::OK, None, None));
        answers();
        add_up_once().await;
        let before = memory::resident(None);
        for _ in 0..ROUNDS {
            answers();
            add_up_once().await;
        }
        let grown = memory::resident(None).saturating_sub(before);
        assert!(grown < KEPT / 4, "{grown} KiB");
        let said = recorder.render();
        let count =
            format!("{DURATION}_count{{method=\"GET\",route=\"/l4\",status=\"2xx\"}} {}", (ROUNDS + 1) * ANSWERS);
        assert!(said.contains(&count), "{said}");
    }
}
