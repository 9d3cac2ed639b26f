//! Owns a TCP relay in front of a server that others own: it passes everything on, late, never, or not at all, and counts
//! what clients send, so that one of them can be killed at any message.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::Duration;

use crate::signal::signal;

/// How often whoever waits looks again.
const LOOK: Duration = Duration::from_millis(2);

/// How a client of PostgreSQL asks for a commit.
const COMMIT: &[u8] = b"commit\0";

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It arrives.
    Open,
    /// It arrives so much later, in the direction of the server.
    Slow(Duration),
    /// A commit arrives, and then the connection ends without an answer.
    LosesCommits,
    /// Connections are taken, and nothing arrives in either direction.
    Silent,
    /// Nobody listens, and connections end.
    Closed,
}

/// Where a client dies: at its n-th message, before the server has it, or once the server has answered it.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    pub message: u64,
    pub is_answered: bool,
}

/// A relay; it goes on until the test ends.
pub struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    target: SocketAddr,
    way: Mutex<Way>,
    streams: Mutex<Vec<TcpStream>>,
    death: Mutex<Option<Death>>,
    messages: AtomicU64,
    /// Whom to kill; zero while nobody knows.
    client: AtomicU32,
}

impl Relay {
    /// Starts an open one in front of this server.
    pub fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target,
            way: Mutex::new(Way::Open),
            streams: Mutex::default(),
            death: Mutex::default(),
            messages: AtomicU64::new(0),
            client: AtomicU32::new(0),
        });
        let own = Arc::clone(&shared);
        std::thread::spawn(move || listen(listener, address, &own));
        Self { address, shared }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes the way, for connections that are open too.
    pub fn set(&self, way: Way) {
        *self.shared.way.lock().unwrap() = way;
        if way == Way::Closed {
            self.cut();
        }
    }

    /// Ends every connection; new ones are as the way is.
    pub fn cut(&self) {
        for stream in self.shared.streams.lock().unwrap().drain(..) {
            // One that is gone already needs no end.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// Says where the next client dies. Its messages are counted from one; say who it is with [`Relay::client_is`].
    pub fn kill_at(&self, death: Death) {
        self.shared.messages.store(0, Ordering::SeqCst);
        self.shared.client.store(0, Ordering::SeqCst);
        *self.shared.death.lock().unwrap() = Some(death);
    }

    pub fn client_is(&self, process: u32) {
        self.shared.client.store(process, Ordering::SeqCst);
    }
}

fn listen(listener: TcpListener, address: SocketAddr, shared: &Arc<Shared>) {
    let mut listener = Some(listener);
    loop {
        if shared.way() == Way::Closed {
            listener = None;
            sleep(LOOK);
            continue;
        }
        let open = listener.get_or_insert_with(|| TcpListener::bind(address).unwrap());
        open.set_nonblocking(true).unwrap();
        match open.accept() {
            Ok((client, _)) => {
                client.set_nonblocking(false).unwrap();
                connect(client, shared);
            }
            Err(_) => sleep(LOOK),
        }
    }
}

fn connect(client: TcpStream, shared: &Arc<Shared>) {
    let Ok(server) = TcpStream::connect(shared.target) else { return };
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
        shared.streams.lock().unwrap().push(stream.try_clone().unwrap());
    }
    let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let (there, here) = (Arc::clone(shared), Arc::clone(shared));
    let is_lost = Arc::<AtomicBool>::default();
    let lost = Arc::clone(&is_lost);
    std::thread::spawn(move || there.pass(client, server, true, &lost));
    std::thread::spawn(move || here.pass(back.0, back.1, false, &is_lost));
}

impl Shared {
    fn way(&self) -> Way {
        *self.way.lock().unwrap()
    }

    /// `is_lost` is said by the direction of the server: nothing comes back any more.
    fn pass(&self, mut from: TcpStream, mut to: TcpStream, is_asking: bool, is_lost: &AtomicBool) {
        let mut piece = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            match self.way() {
                Way::Slow(late) if is_asking => sleep(late),
                Way::LosesCommits if is_asking && piece[..length].windows(COMMIT.len()).any(|part| part == COMMIT) => {
                    is_lost.store(true, Ordering::SeqCst);
                }
                Way::Open | Way::Slow(_) | Way::LosesCommits | Way::Silent | Way::Closed => {}
            }
            while self.way() == Way::Silent {
                sleep(LOOK);
            }
            let is_over = is_lost.load(Ordering::SeqCst);
            // The commit itself arrives; its answer does not.
            if is_over && is_asking {
                drop(to.write_all(&piece[..length]));
            }
            if is_over || self.dies(is_asking) || to.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
    }

    /// Whether this message is the end of the client, which is dead then.
    fn dies(&self, is_asking: bool) -> bool {
        let Some(death) = *self.death.lock().unwrap() else { return false };
        let number = self.messages.fetch_add(u64::from(is_asking), Ordering::SeqCst) + u64::from(is_asking);
        // An answer to the message or to a later one finds the client dead.
        let is_over = if is_asking { !death.is_answered && number >= death.message } else { number >= death.message };
        if is_over {
            self.kill();
        }
        is_over
    }

    fn kill(&self) {
        let process = loop {
            match self.client.load(Ordering::SeqCst) {
                0 => sleep(LOOK),
                process => break process,
            }
        };
        // It may be dead by its other connection.
        signal(process, "KILL");
    }
}
