//! Owns [`Web`]: what every handler has at hand. It adds to the use cases' [`App`] only what HTTP needs.

use std::sync::Arc;

use axum::body::Bytes;
use metrics_exporter_prometheus::PrometheusHandle;
use orgate_app::app::App;

use crate::{api, observe};

/// What every handler has at hand; clones share it.
#[derive(Clone)]
pub struct Web(Arc<Parts>);

/// What [`Web`] is made of.
pub struct Parts {
    /// The use cases' effects.
    pub app: App,
    /// What `/metrics` prints.
    pub metrics: PrometheusHandle,
    /// The OpenAPI document.
    pub openapi: Bytes,
}

impl Web {
    /// Puts the handle together.
    pub fn new(app: App) -> Self {
        let openapi = Bytes::from(api::openapi::text());
        Self(Arc::new(Parts { app, metrics: observe::recorder(), openapi }))
    }

    /// A link of ours: the public URL and a path (T-WEB-10).
    pub fn link(&self, path: &str) -> String {
        self.app.settings.public_url.link(path)
    }
}

impl std::ops::Deref for Web {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
