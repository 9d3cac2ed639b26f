//! Owns the wish to come back: what `/check` answers is an address where a person can mend what was refused, and whoever
//! sends them there says in `return_to` where they were (R-API-2).

use axum::response::Response;
use serde::Deserialize;

use crate::cookies;
use orgate_core::return_to::ReturnTo;

/// What may follow `?`.
#[derive(Deserialize)]
pub struct Wish {
    return_to: Option<String>,
}

impl Wish {
    /// The answer, which has the browser remember the wish. One that is no plain path of this host is dropped (T-WEB-1).
    pub fn remembered_by(&self, mut response: Response) -> Response {
        if let Some(path) = self.return_to.as_deref().and_then(ReturnTo::parse) {
            cookies::set(response.headers_mut(), cookies::return_to(&path));
        }
        response
    }
}
