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

use crate::access::Access::{
    self, Account, Member, Monitor, Operator, Owner, Project, Public, RecentOwner, Session,
};
use crate::edge::{self, Edge};
use crate::error::{Failure, RequestRefusal};
use crate::state::Web;
use crate::{api, assets, check, console, health, sign_in};
use orgate_core::refusal::Refusal;

/// *Units*: bytes.
const BODY_LIMIT: usize = 64 * 1024;
const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const PATCH: Method = Method::PATCH;
const DELETE: Method = Method::DELETE;

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
    let routes = api_calls(operations(routes));
    let routes = sign_in_pages(routes);
    let routes = console_pages(routes);
    connection_pages(routes)
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
        .page(GET, "/sign-in/sso", Public, sign_in::organization::ask)
        .page(POST, "/sign-in/sso", Public, sign_in::organization::find)
        .page(GET, "/sign-in/{slug}", Public, sign_in::organization::show)
        .page(POST, "/sign-in/{slug}", Public, sign_in::organization::create)
        .page(GET, "/sign-in/{slug}/attempts/{reference}", Public, sign_in::organization::refused)
        .page(GET, "/sign-in/attempts/{id}", Public, sign_in::attempt::show)
        .page(POST, "/sign-in/attempts/{id}", Public, sign_in::attempt::verify)
        .page(POST, "/sign-in/attempts/{id}/code", Public, sign_in::attempt::resend)
        .page(POST, "/sign-in/attempts/{id}/choice", Public, sign_in::attempt::choose)
        .entry(GET, "/sso/oidc/{id}/callback", Public, sign_in::attempt::come_back)
        .entry(GET, "/sso/oidc/{id}/initiate", Public, sign_in::attempt::from_tile)
        .entry(POST, "/sso/oidc/{id}/initiate", Public, sign_in::attempt::from_tile_form)
        .page(GET, "/account/proof", Session, sign_in::proof::show)
        .page(POST, "/account/proof", Session, sign_in::proof::create)
        .page(GET, "/account/proof/code", Session, sign_in::proof::show_code)
        .page(POST, "/account/proof/code", Session, sign_in::proof::verify)
        .page(POST, "/account/proof/code/again", Session, sign_in::proof::resend)
}

/// Between a stranger and a session: passwords, invitations, the way out.
fn account_access_pages(routes: Routes) -> Routes {
    routes
        .page(GET, "/forgotten-password", Public, sign_in::forgotten_password::show)
        .page(POST, "/forgotten-password", Public, sign_in::forgotten_password::create)
        .page(GET, "/password-reset/{token}", Public, sign_in::password_reset::show)
        .page(POST, "/password-reset/{token}", Public, sign_in::password_reset::update)
        .page(GET, "/invitations/{token}", Public, sign_in::invitation::show)
        .page(POST, "/invitations/{token}/acceptance", Session, sign_in::invitation::accept)
        .page(GET, "/invitations/{token}/code", Session, sign_in::invitation::show_code)
        .page(POST, "/invitations/{token}/code", Session, sign_in::invitation::create_code)
        .page(POST, "/sign-out", Public, sign_in::sign_out::create)
        .page(GET, "/signed-out", Public, sign_in::sign_out::show)
}

fn account_pages(routes: Routes) -> Routes {
    routes
        .page(GET, "/account", Session, console::account::index)
        .page(GET, "/account/profile", Session, console::account::show_profile)
        .page(POST, "/account/profile", Session, console::account::update_profile)
        .page(POST, "/account/appearance", Session, console::account::update_appearance)
        .page(GET, "/account/security", Account, console::account::show_security)
        .page(POST, "/account/password", Account, console::account::update_password)
        .page(GET, "/account/address-proof", Session, console::account::show_address_code)
        .page(POST, "/account/address-proof", Session, console::account::mail_address_code)
        .page(POST, "/account/address-proof/code", Session, console::account::prove_address)
        .page(POST, "/account/sessions/{id}/removal", Account, console::account::remove_session)
        .page(GET, "/account/other-sessions/removal", Account, console::account::ask_removal_of_others)
        .page(POST, "/account/other-sessions/removal", Account, console::account::remove_other_sessions)
        .page(GET, "/account/organizations", Session, console::account::memberships)
}

fn organization_pages(routes: Routes) -> Routes {
    routes
        .page(GET, "/organizations", Session, console::organizations::index)
        .page(POST, "/organizations", Account, console::organizations::create)
        .page(GET, "/organizations/new", Account, console::organizations::new)
        .page(GET, "/organizations/{slug}", Member, console::organizations::enter)
        .page(GET, "/organizations/{slug}/settings", Member, console::settings::show)
        .page(POST, "/organizations/{slug}/settings", Owner, console::settings::update)
        .page(GET, "/organizations/{slug}/departure", Member, console::departure::new)
        .page(POST, "/organizations/{slug}/departure", Member, console::departure::create)
        .page(GET, "/organizations/{slug}/deletion", RecentOwner, console::deletion::new)
        .page(POST, "/organizations/{slug}/deletion", RecentOwner, console::deletion::create)
        .page(POST, "/organizations/{slug}/deletion/removal", Owner, console::deletion::remove)
        .page(GET, "/organizations/{slug}/audit-log", Owner, console::audit_log::index)
        .page(GET, "/organizations/{slug}/audit-log.csv", Owner, console::audit_log::export_csv)
        .page(GET, "/organizations/{slug}/audit-log.jsonl", Owner, console::audit_log::export_json_lines)
}

fn people_pages(routes: Routes) -> Routes {
    routes
        .page(GET, "/organizations/{slug}/members", Owner, console::members::index)
        .page(GET, "/organizations/{slug}/members/{id}", Owner, console::members::show)
        .page(POST, "/organizations/{slug}/members/{id}", Owner, console::members::update)
        .page(GET, "/organizations/{slug}/members/{id}/removal", Owner, console::member_access::ask_removal)
        .page(POST, "/organizations/{slug}/members/{id}/removal", Owner, console::member_access::remove)
        .page(GET, "/organizations/{slug}/members/{id}/proofs/removal", Owner, console::member_access::ask_proofs_removal)
        .page(POST, "/organizations/{slug}/members/{id}/proofs/removal", Owner, console::member_access::remove_proofs)
        .page(GET, "/organizations/{slug}/members/{id}/readmission", Owner, console::member_access::ask_readmission)
        .page(POST, "/organizations/{slug}/members/{id}/readmission", Owner, console::member_access::readmit)
        .page(GET, "/organizations/{slug}/invitations", Owner, console::invitations::index)
        .page(POST, "/organizations/{slug}/invitations", Owner, console::invitations::create)
        .page(GET, "/organizations/{slug}/invitations/new", Owner, console::invitations::new)
        .page(POST, "/organizations/{slug}/invitations/{id}/mails", Owner, console::invitations::create_mail)
        .page(POST, "/organizations/{slug}/invitations/{id}/links", Owner, console::invitations::create_link)
        .page(GET, "/organizations/{slug}/invitations/{id}/removal", Owner, console::invitations::ask_removal)
        .page(POST, "/organizations/{slug}/invitations/{id}/removal", Owner, console::invitations::remove)
}

fn project_pages(routes: Routes) -> Routes {
    routes
        .page(GET, "/organizations/{slug}/projects", Member, console::projects::index)
        .page(POST, "/organizations/{slug}/projects", Owner, console::projects::create)
        .page(GET, "/organizations/{slug}/projects/new", Owner, console::projects::new)
        .page(GET, "/organizations/{slug}/projects/{id}", Project, console::project_people::show)
        .page(POST, "/organizations/{slug}/projects/{id}", Project, console::projects::update)
        .page(GET, "/organizations/{slug}/projects/{id}/edit", Project, console::projects::edit)
        .page(GET, "/organizations/{slug}/projects/{id}/removal", Owner, console::projects::ask_removal)
        .page(POST, "/organizations/{slug}/projects/{id}/removal", Owner, console::projects::remove)
        .page(POST, "/organizations/{slug}/projects/{id}/members", Project, console::project_people::create)
        .page(POST, "/organizations/{slug}/projects/{id}/members/{user}", Project, console::project_people::update)
        .page(GET, "/organizations/{slug}/projects/{id}/members/{user}/removal", Project, console::project_people::ask_removal)
        .page(POST, "/organizations/{slug}/projects/{id}/members/{user}/removal", Project, console::project_people::remove)
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

    fn entry<H: Handler<T, Web>, T: 'static>(self, method: Method, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Route { method, path, surface: Surface::Entry, access }, handler)
    }

    fn api<H: Handler<T, Web>, T: 'static>(self, method: Method, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Route { method, path, surface: Surface::Api, access }, handler)
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
