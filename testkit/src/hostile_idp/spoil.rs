//! What happens to an honest answer on its way out.

use std::io::Write as _;

use super::mischief::Wire;
use super::wire::{Delivery, Reply};

/// The reply as the mischief lets it out.
pub(crate) fn spoil(mut reply: Reply, wire: &Wire) -> Reply {
    match wire {
        Wire::Redirect { status, to } => return Reply::redirect(*status, to),
        Wire::Status(status) => {
            return Reply::new(*status, "text/html", "<h1>Something went wrong</h1>");
        }
        Wire::Body { status, content_type, body } => return Reply::new(*status, content_type, body.clone()),
        Wire::ContentType(content_type) => reply.set_header("content-type", content_type),
        Wire::Oversize(length) => reply.body.resize(reply.body.len().max(*length), b' '),
        Wire::GzipBomb(length) => {
            reply.body.resize(reply.body.len().max(*length), b' ');
            reply.body = gzip(&reply.body);
            reply.set_header("content-encoding", "gzip");
        }
        Wire::Drip => reply.delivery = Delivery::Drip,
        Wire::EndlessHeaders => reply.delivery = Delivery::EndlessHeaders,
        Wire::EndlessBody => reply.delivery = Delivery::EndlessBody,
        Wire::Silence => reply.delivery = Delivery::Silence,
        Wire::Cut => reply.delivery = Delivery::Cut,
    }
    reply
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory does not fail to be written")
}
