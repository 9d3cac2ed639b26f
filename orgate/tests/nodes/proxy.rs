//! Owns a small reverse proxy: request by request to the next node, and to the one after it when nobody listens there. What
//! it had sent when a node died is answered 502 with that node's number, for it cannot know what became of it.

use std::io::{ErrorKind, Result, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::client::connect;
use crate::wire::{self, Message};

/// The header that says which node answered, or should have.
pub const NODE: &str = "x-node";

/// A proxy; it goes on until the test ends.
pub struct Proxy {
    address: SocketAddr,
    nodes: Arc<Nodes>,
}

#[derive(Default)]
struct Nodes {
    addresses: Mutex<Vec<SocketAddr>>,
    next: AtomicUsize,
}

impl Proxy {
    /// Starts one in front of nobody yet.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (address, nodes) = (listener.local_addr().unwrap(), Arc::new(Nodes::default()));
        let shared = Arc::clone(&nodes);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let nodes = Arc::clone(&shared);
                // A client that is gone ends its own thread alone.
                std::thread::spawn(move || drop(converse(stream, &nodes)));
            }
        });
        Self { address, nodes }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says where the nodes are.
    pub fn lead_to(&self, addresses: Vec<SocketAddr>) {
        *self.nodes.addresses.lock().unwrap() = addresses;
    }
}

fn converse(mut stream: TcpStream, nodes: &Nodes) -> Result<()> {
    stream.set_nodelay(true)?;
    while let Some(request) = wire::read(&mut stream)? {
        stream.write_all(&pass_on(&request, nodes))?;
    }
    Ok(())
}

fn pass_on(request: &Message, nodes: &Nodes) -> Vec<u8> {
    let addresses = nodes.addresses.lock().unwrap().clone();
    let first = nodes.next.fetch_add(1, Ordering::Relaxed);
    for number in (0..addresses.len()).map(|turn| (first + turn) % addresses.len()) {
        // Nothing was sent to a node that refuses the connection.
        let Ok(mut node) = connect(addresses[number]) else { continue };
        return match exchange(&mut node, request) {
            Ok(answer) => answer.bytes_with(number),
            Err(_) => format!("HTTP/1.1 502 Bad Gateway\r\n{NODE}: {number}\r\ncontent-length: 0\r\n\r\n").into_bytes(),
        };
    }
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n".to_vec()
}

fn exchange(node: &mut TcpStream, request: &Message) -> Result<Message> {
    node.write_all(&request.bytes())?;
    wire::read(node)?.ok_or_else(|| ErrorKind::UnexpectedEof.into())
}

impl Message {
    fn bytes_with(mut self, number: usize) -> Vec<u8> {
        let first = self.head.find("\r\n").unwrap() + 2;
        self.head.insert_str(first, &format!("{NODE}: {number}\r\n"));
        self.bytes()
    }
}
