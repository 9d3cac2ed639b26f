//! Owns what is wrong on the way from a visitor to a node: who listens, who answers at the public URL, what the proxy in
//! between makes of the visitor's address. A node that runs says what it saw of the doctor's own requests.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::finding::{Finding, bad, good};
use super::probe::{self, Seen};
use crate::clock::Clock;
use crate::outbound::{OwnAnswer, OwnClient};
use crate::settings::Settings;

const URL: &str = "public URL";
const PROXIES: &str = "trusted proxies";
/// An address of nobody (RFC 5737), which the doctor claims to be asked from.
const FORGED: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77));

/// Who is at the address where this node would listen.
pub(super) enum Listener {
    /// Nobody.
    Nobody,
    /// A node of this deployment.
    Ours,
    /// Somebody else.
    Stranger,
}

/// Looks who listens.
pub(super) async fn listener(settings: &Settings, client: &OwnClient, clock: &dyn Clock) -> (Listener, Finding) {
    const WHAT: &str = "listener";
    let address = reachable(settings.listen);
    let word = probe::word(&settings.secret_key, clock.now());
    let answer = client.get(&format!("http://{address}/healthz"), &[(probe::HEADER, &word)]).await;
    match answer.map(|answer| seen(&answer)) {
        Ok(Some(seen)) => (Listener::Ours, good(WHAT, format!("Orgate {} answers at {address}", seen.version))),
        Ok(None) => {
            let text = format!(
                "something else answers at {address}: another program, an older Orgate, or one with another secret key. \
                 Stop it, or choose another ORGATE_LISTEN."
            );
            (Listener::Stranger, bad(WHAT, text))
        }
        Err(_) => {
            let text = format!(
                "nobody answers at {address} yet; run the doctor again once `orgate serve` runs, for the way through the \
                 proxy can only be looked at then"
            );
            (Listener::Nobody, good(WHAT, text))
        }
    }
}

/// What the settings alone say of the way.
pub(super) fn settings(settings: &Settings) -> Vec<Finding> {
    let url = settings.public_url.as_str();
    let mut findings = Vec::new();
    if settings.public_url.is_https() && settings.trusted_proxies.is_empty() && settings.listen.ip().is_loopback() {
        let text = format!(
            "{url} is reached by TLS, but no proxy is trusted: every visitor has the proxy's address, and limits count \
             them as one. Set ORGATE_TRUSTED_PROXIES to the proxy's address."
        );
        findings.push(bad(PROXIES, text));
    }
    if let Some(all) = settings.trusted_proxies.iter().find(|network| network.prefix_len() == 0) {
        let text = format!(
            "{all} is everybody: any visitor can claim any address, and no limit holds. Name the proxies alone."
        );
        findings.push(bad(PROXIES, text));
    }
    findings
}

/// Goes the visitors' way, once a node of ours listens.
pub(super) async fn way_in(settings: &Settings, client: &OwnClient, clock: &dyn Clock) -> Vec<Finding> {
    let word = probe::word(&settings.secret_key, clock.now());
    let forged = FORGED.to_string();
    let headers = [(probe::HEADER, word.as_str()), ("x-forwarded-for", forged.as_str())];
    let answer = client.get(&settings.public_url.link("/healthz"), &headers).await;
    let is_direct = !settings.public_url.is_https() && settings.public_url.port() == settings.listen.port();
    let mut findings = vec![judge_answer(settings.public_url.as_str(), &answer)];
    if let Some(seen) = answer.ok().as_ref().and_then(seen)
        && !is_direct
    {
        findings.push(judge_way(&seen));
        findings.push(metrics(settings, client).await);
    }
    findings
}

fn seen(answer: &OwnAnswer) -> Option<Seen> {
    (answer.status == 200).then(|| serde_json::from_slice(&answer.body).ok()).flatten()
}

fn judge_answer(url: &str, answer: &Result<OwnAnswer, String>) -> Finding {
    let answer = match answer {
        Ok(answer) => answer,
        Err(reason) => {
            let text = format!(
                "{url} cannot be reached from this machine: {reason}. Look whether scheme, host and port are the ones that \
                 the proxy serves, whether the name leads to it, and whether its certificate is good for the name; one of an \
                 authority of your own needs ORGATE_EXTRA_CA_FILE. Where visitors reach it and this machine cannot, there is \
                 nothing to mend: run the doctor with --skip \"public URL\"."
            );
            return bad(URL, text);
        }
    };
    if seen(answer).is_some() {
        return good(URL, format!("{url} leads here"));
    }
    let text = match answer.status {
        300..=399 => format!(
            "{url} sends visitors on to {}: set ORGATE_PUBLIC_URL to the scheme and host that they end at, as links and \
             redirect URIs start with it",
            answer.location.as_deref().unwrap_or("nowhere")
        ),
        200 if answer.body.starts_with(b"ok") => format!(
            "{url} leads to an Orgate that is not this deployment: it has another secret key or is older, or the proxy takes \
             the header {} away. Point the proxy here.",
            probe::HEADER
        ),
        502..=504 => format!(
            "the proxy at {url} answers {}: it does not reach the node. Give it the address of ORGATE_LISTEN.",
            answer.status
        ),
        status => format!(
            "{url}/healthz answers {status}, and not as Orgate does: the proxy sends it elsewhere, or changes the path. \
             Orgate has to have the whole of its host, without a prefix."
        ),
    };
    bad(URL, text)
}

/// What the proxy makes of a visitor's address. The doctor claimed one that is not its own.
fn judge_way(seen: &Seen) -> Finding {
    let forged = FORGED.to_string();
    let peer = seen.peer;
    if !seen.is_trusted {
        let text = format!(
            "requests come from {peer}, which is not among them: every visitor has that address, and limits count them as \
             one. Add it to ORGATE_TRUSTED_PROXIES if it is the proxy's."
        );
        return bad(PROXIES, text);
    }
    match seen.forwarded_for.as_slice() {
        [] => {
            let text = format!(
                "the proxy at {peer} sets no X-Forwarded-For: every visitor has its address, and limits count them as one. \
                 For nginx: proxy_set_header X-Forwarded-For $remote_addr;"
            );
            bad(PROXIES, text)
        }
        [only] if *only == forged => {
            let text = format!(
                "the proxy at {peer} passes on the X-Forwarded-For that a visitor wrote: anybody can claim any address, and \
                 no limit holds. Let it set the header. For nginx: proxy_set_header X-Forwarded-For $remote_addr;"
            );
            bad(PROXIES, text)
        }
        _ => good(PROXIES, format!("the proxy at {peer} says whom it speaks for")),
    }
}

async fn metrics(settings: &Settings, client: &OwnClient) -> Finding {
    const WHAT: &str = "measurements";
    match client.get(&settings.public_url.link("/metrics"), &[]).await {
        Ok(answer) if answer.status == 200 && String::from_utf8_lossy(&answer.body).contains("orgate_") => {
            let text = "anybody reads /metrics at the public URL: set ORGATE_OPERATOR_TOKEN, and keep /metrics out of the proxy";
            bad(WHAT, text)
        }
        Ok(_) | Err(_) => good(WHAT, "not shown at the public URL"),
    }
}

/// Where a listener on every address is reached from here.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_of(is_trusted: bool, forwarded_for: &[&str]) -> Seen {
        Seen {
            version: "1".to_owned(),
            peer: IpAddr::from([10, 0, 0, 1]),
            client: IpAddr::from([10, 0, 0, 1]),
            is_trusted,
            forwarded_for: forwarded_for.iter().map(|hop| (*hop).to_owned()).collect(),
            is_forwarded: !forwarded_for.is_empty(),
        }
    }

    #[test]
    fn t_web_10_what_a_proxy_does_with_the_address_is_judged() {
        assert!(judge_way(&seen_of(false, &[])).text.contains("10.0.0.1, which is not among them"));
        assert!(judge_way(&seen_of(true, &[])).text.contains("sets no X-Forwarded-For"));
        assert!(judge_way(&seen_of(true, &["192.0.2.77"])).text.contains("that a visitor wrote"));
        for good in [&["203.0.113.9"][..], &["192.0.2.77", "203.0.113.9"]] {
            assert!(judge_way(&seen_of(true, good)).ok, "{good:?}");
        }
    }

    #[test]
    fn each_wrong_answer_at_the_public_url_has_its_advice() {
        let said = |status, location: Option<&str>, body: &str| {
            let answer = OwnAnswer { status, location: location.map(ToOwned::to_owned), body: body.into() };
            judge_answer("https://id.example.com", &Ok(answer)).text
        };
        let elsewhere = said(301, Some("https://www.example.com/healthz"), "");
        assert!(elsewhere.contains("sends visitors on to https://www.example.com/healthz"), "{elsewhere}");
        assert!(said(200, None, "ok\n").contains("not this deployment"));
        assert!(said(502, None, "").contains("does not reach the node"));
        assert!(
            said(404, None, "no").contains("changes the path")
                && said(200, None, "<html>").contains("changes the path")
        );
        let ours = serde_json::to_string(&seen_of(true, &[])).unwrap();
        assert!(said(200, None, &ours).ends_with("leads here") && said(404, None, &ours).contains("changes the path"));
    }

    #[test]
    fn a_listener_on_every_address_is_asked_on_this_machine() {
        assert_eq!(reachable("0.0.0.0:80".parse().unwrap()).to_string(), "127.0.0.1:80");
        assert_eq!(reachable("[::]:80".parse().unwrap()).to_string(), "[::1]:80");
        assert_eq!(reachable("10.0.0.1:80".parse().unwrap()).to_string(), "10.0.0.1:80");
    }
}
