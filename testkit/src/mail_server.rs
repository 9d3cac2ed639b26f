//! A mail server on loopback, without TLS, that does to messages what a test says, and keeps those that it took.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::background::Background;

/// What becomes of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// They are taken.
    Takes,
    /// Every recipient is answered with this line.
    Answers(&'static str),
    /// A recipient whose command contains this text is answered with 550, and the others are taken.
    DoesNotKnow(&'static str),
    /// Connections are taken and nothing is said.
    Silent,
    /// They are taken, and the connection ends before that is said.
    Forgets,
}

struct State {
    mood: Mood,
    taken: Vec<String>,
}

/// A running mail server; stops when dropped.
pub struct MailServer {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _background: Background,
}

impl MailServer {
    /// Starts one that takes everything, on a free port of 127.0.0.1.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("a bound socket");
        let state = Arc::new(Mutex::new(State { mood: Mood::Takes, taken: Vec::new() }));
        let shared = Arc::clone(&state);
        let background = Background::run(move || async move {
            let listener = TcpListener::from_std(listener).expect("a socket");
            loop {
                if let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(converse(stream, Arc::clone(&shared)));
                }
            }
        });
        Self { address, state, _background: background }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says what becomes of messages from now on.
    pub fn set(&self, mood: Mood) {
        lock(&self.state).mood = mood;
    }

    /// The messages that it took, oldest first, as they came.
    pub fn taken(&self) -> Vec<String> {
        lock(&self.state).taken.clone()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    if lock(&state).mood == Mood::Silent {
        while stream.read_line(&mut line).await? > 0 {}
        return Ok(());
    }
    stream.write_all(b"220 test\r\n").await?;
    while stream.read_line(&mut line).await? > 0 {
        let mood = lock(&state).mood.clone();
        let answer = match line.split_whitespace().next().unwrap_or_default() {
            "EHLO" => "250-test\r\n250 8BITMIME\r\n",
            "RCPT" => match &mood {
                Mood::Answers(answer) => &format!("{answer}\r\n"),
                Mood::DoesNotKnow(whom) if line.contains(whom) => "550 5.1.1 nobody has this address\r\n",
                Mood::Takes | Mood::DoesNotKnow(_) | Mood::Silent | Mood::Forgets => "250 fine\r\n",
            },
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut message = String::new();
                while !message.ends_with("\r\n.\r\n") && stream.read_line(&mut message).await? > 0 {}
                lock(&state).taken.push(message);
                if mood == Mood::Forgets {
                    return Ok(());
                }
                "250 taken\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => "250 fine\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
        line.clear();
    }
    Ok(())
}
