//! Owns what happens around every handler, in one place and in one order: the clock starts, the door is checked, the
//! handler runs within its time, a panic is caught, a failure is shown, the headers are set, the clock stops.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;

use crate::access;
use crate::cookies;
use crate::error::{self, Asked, Failure, RequestRefusal};
use crate::headers;
use crate::nul;
use crate::observe::Meter;
use crate::page::site;
use crate::pages::Site;
use crate::route::{Route, Surface};
use crate::state::Web;

/// A handler that has not answered by then never will. Longer than an exchange with an identity provider may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// What surrounds one route's handler.
#[derive(Clone)]
pub struct Edge {
    web: Web,
    route: Arc<Route>,
    meter: Meter,
    https: bool,
}

impl Edge {
    /// For a route.
    pub fn new(web: &Web, route: Route) -> Self {
        let https = web.app.settings.public_url.is_https();
        Self { web: web.clone(), meter: Meter::new(route.clone()), route: Arc::new(route), https }
    }
}

/// Passes a request through.
pub async fn pass(State(edge): State<Edge>, request: Request, next: Next) -> Response {
    let began = Meter::begin();
    let asked = edge.asked(&request);
    let checked = access::check(
        &edge.web,
        edge.route.access,
        edge.route.surface,
        request.method(),
        request.headers(),
        request.extensions(),
    );
    let holds_nul = request.uri().path_and_query().is_some_and(|text| nul::is_in_encoded(text.as_str().as_bytes()));
    let response = match checked {
        Ok(()) if holds_nul => nul::refusal().into_response(),
        Ok(()) => handled(next.run(request)).await.unwrap_or_else(Failure::into_response),
        Err(failure) => failure.into_response(),
    };
    let (mut response, reference) = error::show(&edge.web, &asked, response);
    headers::secure(response.headers_mut(), edge.route.surface, edge.https);
    edge.meter.end(began, response.status(), reference.as_ref());
    response
}

async fn handled(answer: impl Future<Output = Response>) -> Result<Response, Failure> {
    match tokio::time::timeout(TIME_LIMIT, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(panic)) => {
            let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(Failure::Panic(said.unwrap_or_default()))
        }
        Err(_) => Err(RequestRefusal::TimedOut.into()),
    }
}

impl Edge {
    fn asked(&self, request: &Request) -> Asked {
        let bare = self.route.surface == Surface::Bare;
        Asked {
            method: request.method().clone(),
            route: self.route.path,
            uri: request.uri().clone(),
            surface: self.route.surface,
            site: if bare { Site::default() } else { site(&self.web, request.headers()) },
            had_cookie: !bare && has_session_cookie(request.headers()),
        }
    }
}

fn has_session_cookie(headers: &HeaderMap) -> bool {
    cookies::value(headers, cookies::SESSION).is_some()
}
