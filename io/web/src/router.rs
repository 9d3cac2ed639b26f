//! Owns the list of all routes, each with its declared access, and what surrounds their handlers. A route cannot be added
//! without saying who may call it: the functions that add one take it.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, any, on};
use tower_http::compression::CompressionLayer;

use crate::access::Access::{self, Account, Monitor, Public, Session};
use crate::edge::{self, Edge};
use crate::error::{Failure, RequestRefusal};
use crate::state::Web;
use crate::{assets, check, console, health, sign_in};
use orgate_core::refusal::Refusal;

/// *Units*: bytes.
const BODY_LIMIT: usize = 64 * 1024;
const GET: Method = Method::GET;
const POST: Method = Method::POST;

/// How a route is spoken to. It decides how failures look and which headers an answer carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surface {
    /// By a browser: pages and forms.
    Page,
    /// By a browser that an identity provider sent: outside the same-origin check, for that is what these are for.
    Entry,
    /// By a program: JSON.
    Api,
    /// By a browser: files that may be kept.
    Asset,
    /// By proxies and monitors, many times a second: nothing around it that it does not need.
    Bare,
}

impl Surface {
    /// The word in the list of routes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Entry => "entry",
            Self::Api => "api",
            Self::Asset => "asset",
            Self::Bare => "bare",
        }
    }

    /// Whether what changes something has to come from our own pages.
    pub const fn asks_for_same_origin(self) -> bool {
        match self {
            Self::Page | Self::Api => true,
            Self::Entry | Self::Asset | Self::Bare => false,
        }
    }
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its method; GET answers HEAD too.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: &'static str,
    /// How it is spoken to.
    pub surface: Surface,
    /// Who may call it.
    pub access: Access,
}

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
    static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| table(Routes::default()).list);
    &ROUTES
}

/// Whether this path shows a page.
pub fn has_page(path: &str) -> bool {
    routes().iter().any(|route| route.path == path && route.method == GET && route.surface == Surface::Page)
}

fn table(routes: Routes) -> Routes {
    let routes = operations(routes);
    let routes = sign_in_pages(routes);
    console_pages(routes)
}

fn operations(routes: Routes) -> Routes {
    routes
        .bare(GET, "/check", Public, check::check)
        .bare(GET, "/healthz", Public, health::healthz)
        .bare(GET, "/readyz", Public, health::readyz)
        .bare(GET, "/metrics", Monitor, health::metrics)
        .asset(GET, "/static/console.css", Public, assets::stylesheet)
        .asset(GET, "/static/console.js", Public, assets::script)
        .asset(GET, "/static/icon.svg", Public, assets::icon)
}

fn sign_in_pages(routes: Routes) -> Routes {
    routes
        .page(GET, "/", Public, sign_in::password::home)
        .page(GET, "/sign-in", Public, sign_in::password::show)
        .page(POST, "/sign-in", Public, sign_in::password::create)
        .page(GET, "/sign-up", Public, sign_in::sign_up::show)
        .page(POST, "/sign-up", Public, sign_in::sign_up::create)
        .page(GET, "/sign-up/{id}", Public, sign_in::sign_up::show_code)
        .page(POST, "/sign-up/{id}", Public, sign_in::sign_up::verify)
        .page(POST, "/sign-up/{id}/code", Public, sign_in::sign_up::resend)
}

fn console_pages(routes: Routes) -> Routes {
    routes
        .page(GET, "/organizations", Session, console::organizations::index)
        .page(POST, "/organizations", Account, console::organizations::create)
        .page(GET, "/organizations/new", Account, console::organizations::new)
}

/// The routes so far; with a [`Web`] they are mounted, without one only listed.
#[derive(Default)]
struct Routes {
    web: Option<Web>,
    list: Vec<Route>,
    pages: Router<Web>,
    api: Router<Web>,
    bare: Router<Web>,
}

impl Routes {
    fn mounted(web: &Web) -> Self {
        Self { web: Some(web.clone()), ..Self::default() }
    }

    fn page<H: Handler<T, Web>, T: 'static>(self, method: Method, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Route { method, path, surface: Surface::Page, access }, handler)
    }

    fn asset<H: Handler<T, Web>, T: 'static>(self, method: Method, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Route { method, path, surface: Surface::Asset, access }, handler)
    }

    fn bare<H: Handler<T, Web>, T: 'static>(self, method: Method, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Route { method, path, surface: Surface::Bare, access }, handler)
    }

    fn add<H: Handler<T, Web>, T: 'static>(mut self, route: Route, handler: H) -> Self {
        // Only methods that axum has a filter for are written in the table.
        if let (Some(web), Ok(filter)) = (&self.web, MethodFilter::try_from(route.method.clone())) {
            let edge = Edge::new(web, route.clone());
            let methods = on(filter, handler).route_layer(from_fn_with_state(edge, edge::pass));
            let group = match route.surface {
                Surface::Page | Surface::Entry | Surface::Asset => &mut self.pages,
                Surface::Api => &mut self.api,
                Surface::Bare => &mut self.bare,
            };
            *group = std::mem::take(group).route(route.path, methods);
        }
        self.list.push(route);
        self
    }

    fn finish(self, web: Web) -> Router {
        let pages = no_such_method(self.pages, &web, Surface::Page);
        let api = no_such_method(self.api, &web, Surface::Api)
            .route("/api/{*rest}", any(no_such_path).layer(from_fn_with_state(unmatched(&web, Surface::Api), edge::pass)));
        let bare = no_such_method(self.bare, &web, Surface::Bare);
        pages
            .merge(api)
            .fallback(no_such_path.layer(from_fn_with_state(unmatched(&web, Surface::Page), edge::pass)))
            .layer(CompressionLayer::new())
            .merge(bare)
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .with_state(web)
    }
}

fn no_such_method(router: Router<Web>, web: &Web, surface: Surface) -> Router<Web> {
    let handler = async || Failure::from(RequestRefusal::Method);
    router.method_not_allowed_fallback(handler.layer(from_fn_with_state(unmatched(web, surface), edge::pass)))
}

async fn no_such_path() -> Failure {
    Refusal::NotFound.into()
}

/// What surrounds the answers to requests that match no route; they are measured under one name.
fn unmatched(web: &Web, surface: Surface) -> Edge {
    Edge::new(web, Route { method: GET, path: "unmatched", surface, access: Public })
}
