//! Owns [`Failure`] and its one mapping to what a browser or a program sees. Handlers return a failure; the edge shows
//! it, for only there are the deployment, the surface and the request known. A fault is logged here, once, under the
//! reference that is all a person sees of it.

mod page;
mod problem;

pub use page::PROOF_PATH;
pub use problem::{FieldProblem, Problem, RequiringOrganizationView};

use std::sync::Arc;

use axum::extract::rejection::{BytesRejection, FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use orgate_app::entropy::Draw as _;
use orgate_app::error::Error;
use orgate_core::id::Reference;
use orgate_core::refusal::{Refusal, RefusalKind};
use orgate_core::wait;

use crate::pages::Site;
use crate::route::Surface;
use crate::state::Web;

/// How long a program should wait when the machine is busy or part of it is down. *Units*: seconds.
const RETRY_SOON_SECONDS: u16 = 2;

/// Why a request was not answered as asked.
#[derive(Debug)]
pub enum Failure {
    /// A use case said no, or broke.
    App(Error),
    /// The request itself was none that we take.
    Request(RequestRefusal),
    /// The same as [`RequestRefusal::Malformed`], with what is wrong where: told to the sender, written nowhere.
    Unreadable(String),
    /// A handler panicked. What it said goes to the log.
    Panic(String),
    /// A page could not be printed.
    Render(askama::Error),
}

/// What can be wrong with a request before anybody asks a use case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestRefusal {
    /// The body, path or query could not be read.
    Malformed,
    /// The body is larger than it may be.
    TooLarge,
    /// The body is of another type than it has to be.
    MediaType,
    /// There is such a path, but not with this method.
    Method,
    /// Another site sent it with this browser's cookies (T-WEB-8).
    CrossSite,
    /// It took too long.
    TimedOut,
    /// The operator's token is missing or not the one.
    NotTheOperator,
}

impl RequestRefusal {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::TooLarge,
        Self::MediaType,
        Self::Method,
        Self::CrossSite,
        Self::TimedOut,
        Self::NotTheOperator,
    ];

    const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::TimedOut => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotTheOperator => StatusCode::UNAUTHORIZED,
        }
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed-request",
            Self::TooLarge => "body-too-large",
            Self::MediaType => "unsupported-media-type",
            Self::Method => "method-not-allowed",
            Self::CrossSite => "cross-site-request",
            Self::TimedOut => "timed-out",
            Self::NotTheOperator => "not-the-operator",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "That request could not be read",
            Self::TooLarge => "That is more than fits",
            Self::MediaType => "That is not the type that is read here",
            Self::Method => "That cannot be done here",
            Self::CrossSite => "Another site sent this",
            Self::TimedOut => "That took too long",
            Self::NotTheOperator => "This is for the operator",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Malformed => "Look at the fields, their names and their types; unknown fields are refused.",
            Self::TooLarge => "Send at most 64 KiB.",
            Self::MediaType => "Send JSON as application/json to the API, and forms as a browser does.",
            Self::Method => "The header Allow names what can be done.",
            Self::CrossSite => "Open the page here and send the form from there.",
            Self::TimedOut => "Look whether it was done, then try again.",
            Self::NotTheOperator => "Send the operator's token as Authorization: Bearer.",
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::App(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::App(Error::Refused(refusal))
    }
}

impl From<RequestRefusal> for Failure {
    fn from(refusal: RequestRefusal) -> Self {
        Self::Request(refusal)
    }
}

impl From<askama::Error> for Failure {
    fn from(source: askama::Error) -> Self {
        Self::Render(source)
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        match rejection {
            JsonRejection::MissingJsonContentType(_) => RequestRefusal::MediaType.into(),
            JsonRejection::BytesRejection(source) => source.into(),
            unreadable => Self::Unreadable(without_what_was_sent(&unreadable.body_text())),
        }
    }
}

impl From<FormRejection> for Failure {
    fn from(rejection: FormRejection) -> Self {
        match rejection {
            FormRejection::InvalidFormContentType(_) => RequestRefusal::MediaType.into(),
            FormRejection::BytesRejection(source) => source.into(),
            _ => RequestRefusal::Malformed.into(),
        }
    }
}

impl From<BytesRejection> for Failure {
    fn from(rejection: BytesRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            RequestRefusal::TooLarge.into()
        } else {
            RequestRefusal::Malformed.into()
        }
    }
}

impl From<QueryRejection> for Failure {
    fn from(rejection: QueryRejection) -> Self {
        Self::Unreadable(without_what_was_sent(&rejection.body_text()))
    }
}

impl From<PathRejection> for Failure {
    fn from(_: PathRejection) -> Self {
        Refusal::NotFound.into()
    }
}

/// The reader's words without the value that did not fit: a secret that was typed into the wrong field is repeated nowhere
/// (T-SEC-3).
fn without_what_was_sent(words: &str) -> String {
    let begun = ["invalid type: ", "invalid value: "].iter().find_map(|begin| words.split_once(begin));
    match (begun, words.rsplit_once(", expected ")) {
        (Some((before, _)), Some((_, expected))) => format!("{before}expected {expected}"),
        _ => words.to_owned(),
    }
}

/// The failure of an answer, until the edge shows it.
#[derive(Clone)]
struct Unshown(Arc<Failure>);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Unshown(Arc::new(self)));
        response
    }
}

impl Failure {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::App(Error::Refused(refusal)) => status_of(refusal.kind()),
            Self::App(Error::Fault(_)) if self.is_outage() => StatusCode::SERVICE_UNAVAILABLE,
            Self::App(Error::Fault(_)) | Self::Panic(_) | Self::Render(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Request(refusal) => refusal.status(),
            Self::Unreadable(_) => RequestRefusal::Malformed.status(),
        }
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::App(Error::Refused(refusal)) => refusal.code(),
            Self::App(Error::Fault(_)) if self.is_in_doubt() => "in-doubt",
            Self::App(Error::Fault(_)) if self.is_outage() => "unavailable",
            Self::App(Error::Fault(_)) | Self::Panic(_) | Self::Render(_) => "fault",
            Self::Request(refusal) => refusal.code(),
            Self::Unreadable(_) => RequestRefusal::Malformed.code(),
        }
    }

    /// The use case's "no", if it is one.
    fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::App(Error::Refused(refusal)) => Some(refusal),
            Self::App(Error::Fault(_)) | Self::Request(_) | Self::Unreadable(_) | Self::Panic(_) | Self::Render(_) => {
                None
            }
        }
    }

    fn is_fault(&self) -> bool {
        matches!(self, Self::App(Error::Fault(_)) | Self::Panic(_) | Self::Render(_))
    }

    /// Whether the database is away, or was when it was to keep a write (F4).
    fn is_outage(&self) -> bool {
        matches!(self, Self::App(Error::Fault(fault)) if fault.is_outage() || fault.is_in_doubt())
    }

    /// Whether what was asked for may have been done: who repeats it without a look may do it twice.
    fn is_in_doubt(&self) -> bool {
        matches!(self, Self::App(Error::Fault(fault)) if fault.is_in_doubt())
    }

    fn title(&self) -> &'static str {
        match self {
            Self::App(Error::Refused(refusal)) => refusal.title(),
            Self::App(Error::Fault(_)) if self.is_outage() => "Not available right now",
            Self::App(Error::Fault(_)) | Self::Panic(_) | Self::Render(_) => "This is our fault",
            Self::Request(refusal) => refusal.title(),
            Self::Unreadable(_) => RequestRefusal::Malformed.title(),
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::App(Error::Refused(refusal)) => refusal.advice(),
            Self::App(Error::Fault(_)) if self.is_in_doubt() => {
                "What you sent was perhaps not done. Look whether it was, then try again.".to_owned()
            }
            Self::App(Error::Fault(_)) if self.is_outage() => "Nothing was changed. Try again in a moment.".to_owned(),
            Self::App(Error::Fault(_)) | Self::Panic(_) | Self::Render(_) => {
                "Tell whoever runs this service the reference.".to_owned()
            }
            Self::Request(refusal) => refusal.advice().to_owned(),
            Self::Unreadable(what) => what.clone(),
        }
    }

    fn log(&self, reference: &Reference, asked: &Asked) {
        let (method, route) = (asked.method.as_str(), asked.route);
        let (kind, what) = match self {
            Self::App(Error::Fault(fault)) => (fault.kind(), fault.to_string()),
            Self::Panic(said) => ("panic", format!("panic: {said}")),
            Self::Render(source) => ("page", format!("page: {source}")),
            Self::App(Error::Refused(_)) | Self::Request(_) | Self::Unreadable(_) => return,
        };
        metrics::counter!("orgate_faults_total", "kind" => kind).increment(1);
        tracing::error!(request.reference = %reference, request.method = method, request.route = route, "{what}");
    }
}

/// The status of each kind of refusal.
pub const fn status_of(kind: RefusalKind) -> StatusCode {
    match kind {
        RefusalKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::Gone => StatusCode::GONE,
        RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        RefusalKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// What is known of a request when its failure is shown.
pub struct Asked {
    /// Its method.
    pub method: Method,
    /// The template of its route.
    pub route: &'static str,
    /// Its path and query, as they came.
    pub uri: Uri,
    /// How it is spoken to.
    pub surface: Surface,
    /// Name and theme.
    pub site: Site,
    /// Whether the browser sent a session's cookie.
    pub had_cookie: bool,
}

/// Shows the failure that an answer carries, and says its reference; any other answer passes.
pub fn show(web: &Web, asked: &Asked, mut response: Response) -> (Response, Option<Reference>) {
    let Some(Unshown(failure)) = response.extensions_mut().remove::<Unshown>() else { return (response, None) };
    let reference = web.app.entropy.reference();
    if failure.is_fault() {
        failure.log(&reference, asked);
    }
    let mut shown = match asked.surface {
        Surface::Page | Surface::Entry => page::show(web, asked, &failure, &reference),
        Surface::Api => problem::show(web, &failure, &reference),
        Surface::Asset | Surface::Bare => failure.status().into_response(),
    };
    // What axum said of a 405, `Allow` above all, stays.
    if failure.status() == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = response.headers().clone();
        shown
            .headers_mut()
            .extend(allowed.into_iter().filter(|(name, _)| name.as_ref().is_some_and(|name| name == "allow")));
    }
    add_headers(shown.headers_mut(), &failure, asked.surface);
    (shown, Some(reference))
}

fn add_headers(headers: &mut HeaderMap, failure: &Failure, surface: Surface) {
    if let Some(Refusal::TooManyRequests { retry_after }) = failure.refusal() {
        headers.insert(RETRY_AFTER, HeaderValue::from(wait::seconds(*retry_after)));
    }
    match failure.status() {
        StatusCode::SERVICE_UNAVAILABLE if !failure.is_in_doubt() => {
            headers.insert(RETRY_AFTER, HeaderValue::from(RETRY_SOON_SECONDS))
        }
        StatusCode::UNAUTHORIZED if surface == Surface::Api => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
        }
        _ => None,
    };
}

#[cfg(test)]
mod tests {
    use orgate_app::error::Fault;
    use orgate_store::StoreError;

    use super::*;

    #[test]
    fn every_kind_of_refusal_has_a_status_of_its_own() {
        let kinds = [
            RefusalKind::Unauthenticated,
            RefusalKind::Forbidden,
            RefusalKind::NotFound,
            RefusalKind::Conflict,
            RefusalKind::Gone,
            RefusalKind::Invalid,
            RefusalKind::TooMany,
            RefusalKind::Unavailable,
        ];
        let mut statuses: Vec<u16> = kinds.into_iter().map(|kind| status_of(kind).as_u16()).collect();
        statuses.dedup();
        assert_eq!(statuses, [401, 403, 404, 409, 410, 422, 429, 503]);
    }

    #[test]
    fn t_sec_3_what_did_not_fit_is_not_repeated() {
        let words = "sso: invalid type: string \"hunter2, expected a \", expected a boolean at line 1 column 53";
        assert_eq!(without_what_was_sent(words), "sso: expected a boolean at line 1 column 53");
        let words = "missing field `email` at line 1 column 2";
        assert_eq!(without_what_was_sent(words), words);
    }

    #[test]
    fn f4_of_a_write_that_was_perhaps_kept_nobody_says_that_nothing_was_changed() {
        let detail = || "the connection ended".to_owned();
        for (error, code, advice, is_repeated) in [
            (
                StoreError::Unavailable { detail: detail() },
                "unavailable",
                "Nothing was changed. Try again in a moment.",
                true,
            ),
            (
                StoreError::InDoubt { detail: detail() },
                "in-doubt",
                "What you sent was perhaps not done. Look whether it was, then try again.",
                false,
            ),
        ] {
            let failure = Failure::App(Error::Fault(Fault::Store(error)));
            assert_eq!((failure.status(), failure.code()), (StatusCode::SERVICE_UNAVAILABLE, code));
            assert_eq!((failure.title(), failure.advice().as_str()), ("Not available right now", advice));
            let mut headers = HeaderMap::new();
            add_headers(&mut headers, &failure, Surface::Api);
            assert_eq!(headers.contains_key(RETRY_AFTER), is_repeated, "who repeats it at once may do it twice");
        }
    }

    #[test]
    fn a_fault_shows_nothing_of_itself() {
        let failure = Failure::Panic("password=hunter2".to_owned());
        assert_eq!((failure.status(), failure.code()), (StatusCode::INTERNAL_SERVER_ERROR, "fault"));
        assert!(!failure.advice().contains("hunter2"));
    }
}
