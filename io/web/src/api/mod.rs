//! Owns `/api/v1`: the same use cases as the console, in JSON. A file a noun; each call names its use case and shapes its
//! answer, and no more.

pub mod openapi;
