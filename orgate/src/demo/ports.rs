//! Owns which ports the demonstration listens on: the usual ones if they are free, and from then on the same.

use std::net::{Ipv6Addr, SocketAddr, TcpListener};

use serde::{Deserialize, Serialize};

use super::address;

const CONSOLE: u16 = 8080;
/// How many ports are tried in a row.
const NEXT_ONES: u16 = 50;

/// One for each listener. Redirect URIs and links hold them, so they stay as they are once chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// The console.
    pub console: u16,
    /// The demonstration identity provider.
    pub idp: u16,
    /// The mailbox page.
    pub mailbox: u16,
}

impl Ports {
    /// Three free ports, the usual ones if nobody has them: the console's and the two after it. A port that was asked for
    /// is taken or refused.
    ///
    /// *Errors*: the message for the person.
    pub fn choose(asked: Option<u16>) -> Result<Self, String> {
        // All are held until all are chosen, so that they differ.
        let console = match asked {
            Some(asked) => listen(asked)?,
            None => listen_from(CONSOLE)?,
        };
        let next = port(&console)?.saturating_add(1);
        let (idp, mailbox) = (listen_from(next)?, listen_from(next.saturating_add(1))?);
        Ok(Self { console: port(&console)?, idp: port(&idp)?, mailbox: port(&mailbox)? })
    }

    /// Refuses to go on at other addresses than the first start's.
    ///
    /// *Errors*: the message for the person.
    pub fn check_free(self, asked: Option<u16>) -> Result<(), String> {
        if asked.is_some_and(|asked| asked != self.console) {
            return Err(format!(
                "this demonstration began on port {}, and links and redirect URIs hold it: leave --port out, begin anew \
                 with --reset, or take another --folder",
                self.console
            ));
        }
        for port in [self.console, self.idp, self.mailbox] {
            listen(port).map_err(|reason| {
                format!("{reason}. This demonstration began there: free the port, or begin anew with --reset")
            })?;
        }
        Ok(())
    }
}

/// Takes this port or one of the next ones, or any.
fn listen_from(first: u16) -> Result<TcpListener, String> {
    let next_ones = first..first.saturating_add(NEXT_ONES);
    next_ones.into_iter().find_map(|port| listen(port).ok()).map_or_else(|| listen(0), Ok)
}

/// Takes a port of loopback for a moment. A program that has it on IPv6 alone has it too: `localhost` is both.
fn listen(port: u16) -> Result<TcpListener, String> {
    let taken = |reason: std::io::Error| format!("port {port} cannot be used: {reason}");
    if port != 0
        && let Err(reason) = TcpListener::bind(SocketAddr::from((Ipv6Addr::LOCALHOST, port)))
        && reason.kind() == std::io::ErrorKind::AddrInUse
    {
        return Err(taken(reason));
    }
    TcpListener::bind(address(port)).map_err(taken)
}

fn port(listener: &TcpListener) -> Result<u16, String> {
    listener.local_addr().map(|address| address.port()).map_err(|reason| reason.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_was_asked_for_and_is_taken_is_refused() {
        let taken = TcpListener::bind(address(0)).unwrap();
        let port = port(&taken).unwrap();
        assert!(Ports::choose(Some(port)).unwrap_err().contains(&format!("port {port} cannot be used")));
    }

    #[test]
    fn a_port_after_one_that_is_taken_is_chosen() {
        let taken = listen(0).unwrap();
        assert_ne!(port(&listen_from(port(&taken).unwrap()).unwrap()), port(&taken));
    }

    #[test]
    fn three_different_ports_are_chosen_and_kept_ones_must_be_free() {
        let ports = Ports::choose(None).unwrap();
        assert!(ports.console != ports.idp && ports.idp != ports.mailbox && ports.console != ports.mailbox);
        assert_eq!(ports.check_free(None), Ok(()));
        assert!(ports.check_free(Some(1)).unwrap_err().contains("--reset"));
        let taken = TcpListener::bind(address(ports.mailbox)).unwrap();
        assert!(ports.check_free(None).unwrap_err().contains("began there"));
        drop(taken);
    }
}
