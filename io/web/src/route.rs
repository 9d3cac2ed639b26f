//! Owns what a route is and how one is added: with its declared access, or not at all.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, any, on};
use orgate_core::refusal::Refusal;
use tower_http::compression::CompressionLayer;

use crate::access::Access;
use crate::edge::{self, Edge};
use crate::error::{Failure, RequestRefusal};
use crate::state::Web;

/// *Units*: bytes.
const BODY_LIMIT: usize = 64 * 1024;

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

/// The routes so far; with a [`Web`] they are mounted, without one only listed.
#[derive(Default)]
pub struct Routes {
    web: Option<Web>,
    list: Vec<Route>,
    pages: Router<Web>,
    api: Router<Web>,
    bare: Router<Web>,
}

impl Routes {
    /// Mounted on this deployment.
    pub fn mounted(web: &Web) -> Self {
        Self { web: Some(web.clone()), ..Self::default() }
    }

    /// A page or form.
    pub fn page<H: Handler<T, Web>, T: 'static>(
        self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Route { method, path, surface: Surface::Page, access }, handler)
    }

    /// Where an identity provider sends browsers.
    pub fn entry<H: Handler<T, Web>, T: 'static>(
        self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Route { method, path, surface: Surface::Entry, access }, handler)
    }

    /// A call.
    pub fn api<H: Handler<T, Web>, T: 'static>(
        self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Route { method, path, surface: Surface::Api, access }, handler)
    }

    /// A file.
    pub fn asset<H: Handler<T, Web>, T: 'static>(
        self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Route { method, path, surface: Surface::Asset, access }, handler)
    }

    /// What proxies and monitors ask.
    pub fn bare<H: Handler<T, Web>, T: 'static>(
        self,
        method: Method,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Route { method, path, surface: Surface::Bare, access }, handler)
    }

    /// The routes so far.
    pub fn into_list(self) -> Vec<Route> {
        self.list
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

    /// The service.
    pub fn finish(self, web: Web) -> Router {
        let pages = no_such_method(self.pages, &web, Surface::Page);
        let api = no_such_method(self.api, &web, Surface::Api).route(
            "/api/{*rest}",
            any(no_such_path).layer(from_fn_with_state(unmatched(&web, Surface::Api), edge::pass)),
        );
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
    Edge::new(web, Route { method: Method::GET, path: "unmatched", surface, access: Access::Public })
}
