//! Owns the list of all routes, each with its declared access: pages in `pages`, calls of the API in `calls`, what
//! proxies and monitors ask here.

mod calls;
mod pages;

use std::sync::LazyLock;

use axum::Router;
use axum::http::Method;

use crate::access::Access::{Monitor, Public};
use crate::route::{Route, Routes, Surface};
use crate::state::Web;
use crate::{assets, check, health};

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

/// The whole program as a service.
pub fn router(web: Web) -> Router {
    table(Routes::mounted(&web)).finish(web)
}

/// The same with `GET /empty`, which answers 204 behind the layers of `/check` and does nothing: what `/check` is
/// measured against.
pub fn router_with_empty_route(web: Web) -> Router {
    table(Routes::mounted(&web)).bare(GET, "/empty", Public, health::empty).finish(web)
}

/// Every route.
pub fn routes() -> &'static [Route] {
    static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| table(Routes::default()).into_list());
    &ROUTES
}

/// Whether this path shows a page.
pub fn has_page(path: &str) -> bool {
    routes().iter().any(|route| route.path == path && route.method == GET && route.surface == Surface::Page)
}

fn table(routes: Routes) -> Routes {
    let routes = routes
        .bare(GET, "/check", Public, check::check)
        .bare(GET, "/healthz", Public, health::healthz)
        .bare(GET, "/readyz", Public, health::readyz)
        .bare(GET, "/metrics", Monitor, health::metrics)
        .asset(GET, "/static/console.css", Public, assets::stylesheet)
        .asset(GET, "/static/console.js", Public, assets::script)
        .asset(GET, "/static/passkeys.js", Public, assets::passkeys)
        .asset(GET, "/static/icon.svg", Public, assets::icon);
    calls::all(pages::all(routes))
}
