//! What is wrong between visitors and a node: listener, proxy, public URL.

use orgate_testkit::Authority;

use super::stand_ins::{free_port, proxy, says, without};
use super::{mends, says_nothing_to_mend};
use crate::demo::stop;
use crate::deployment::{Deployment, OTHER_KEY, Said};

/// What the doctor says while a node serves behind a proxy that changes requests so.
fn behind(change: fn(&mut Vec<String>) -> Option<String>, settings: &[(&str, &str)]) -> Said {
    let authority = Authority::new();
    let deployment = Deployment::migrated();
    let port = proxy(&authority, deployment.port, change);
    let ca = authority.write_pem(deployment.folder.path()).display().to_string();
    let usual = [("ORGATE_EXTRA_CA_FILE", ca.as_str()), ("ORGATE_TRUSTED_PROXIES", "127.0.0.1")];
    let mut deployment = deployment.with("ORGATE_PUBLIC_URL", &format!("https://localhost:{port}"));
    for (name, value) in usual.iter().chain(settings) {
        deployment = if value.is_empty() { deployment.without(name) } else { deployment.with(name, value) };
    }
    let node = deployment.serve();
    let said = deployment.run(&["doctor"]);
    stop(node);
    said
}

/// As a proxy should.
fn well(lines: &mut Vec<String>) -> Option<String> {
    without(lines, "x-forwarded-for");
    lines.push("X-Forwarded-For: 198.51.100.9".to_owned());
    None
}

#[test]
fn a_node_behind_a_proxy_that_does_its_part_has_nothing_to_mend() {
    let said = behind(well, &[]);
    says_nothing_to_mend(&said);
    assert!(said.out.contains("ok    listener: Orgate ") && said.out.contains("leads here"), "{said:?}");
    assert!(said.out.contains("ok    trusted proxies: the proxy at 127.0.0.1 says whom it speaks for"), "{said:?}");
    assert!(said.out.contains("ok    measurements: not shown"), "{said:?}");
}

#[test]
fn t_web_10_a_proxy_that_says_not_whom_it_speaks_for_is_to_mend() {
    let said = behind(
        |lines| {
            without(lines, "x-forwarded-for");
            None
        },
        &[],
    );
    mends(&said, "trusted proxies: the proxy at 127.0.0.1 sets no X-Forwarded-For");
    // Nor does it look as if anybody passed the request on, so measurements are shown to all.
    mends(&said, "measurements: anybody reads /metrics at the public URL");
}

#[test]
fn t_web_10_a_proxy_that_passes_on_what_visitors_claim_is_to_mend() {
    let said = behind(|_| None, &[]);
    mends(&said, "trusted proxies: the proxy at 127.0.0.1 passes on the X-Forwarded-For that a visitor wrote");
}

#[test]
fn t_web_10_a_proxy_that_is_not_trusted_and_one_that_is_everybody_are_to_mend() {
    let said = behind(well, &[("ORGATE_TRUSTED_PROXIES", "10.9.8.7")]);
    mends(&said, "trusted proxies: requests come from 127.0.0.1, which is not among them");
    let said = behind(well, &[("ORGATE_TRUSTED_PROXIES", "0.0.0.0/0")]);
    mends(&said, "trusted proxies: 0.0.0.0/0 is everybody");
}

#[test]
fn a_public_url_that_visitors_are_sent_on_from_is_to_mend() {
    let said = behind(
        |_| {
            Some(
                "HTTP/1.1 301 Moved\r\nLocation: https://www.example.com/healthz\r\nContent-Length: 0\r\n\r\n"
                    .to_owned(),
            )
        },
        &[],
    );
    mends(&said, "sends visitors on to https://www.example.com/healthz");
}

#[test]
fn a_proxy_that_changes_the_path_is_to_mend() {
    let said = behind(
        |lines| {
            lines[0] = lines[0].replace(" /", " /orgate/");
            well(lines)
        },
        &[],
    );
    mends(&said, "/healthz answers 404, and not as Orgate does");
}

#[test]
fn an_authority_that_is_not_trusted_is_to_mend() {
    mends(
        &behind(well, &[("ORGATE_EXTRA_CA_FILE", "")]),
        "cannot be reached from this machine: invalid peer certificate",
    );
}

/// Nothing answers by TLS there, as when the scheme is wrong; and the operator can say that it is to stay so.
#[test]
fn a_public_url_that_nobody_serves_is_to_mend_unless_it_is_known() {
    let deployment = Deployment::migrated().with("ORGATE_TRUSTED_PROXIES", "127.0.0.1");
    let url = format!("https://localhost:{}", deployment.port);
    let deployment = deployment.with("ORGATE_PUBLIC_URL", &url);
    let node = deployment.serve();
    mends(&deployment.run(&["doctor"]), &format!("public URL: {url} cannot be reached from this machine"));
    says_nothing_to_mend(&deployment.run(&["doctor", "--skip", "public URL"]));
    stop(node);
}

#[test]
fn a_proxy_that_leads_to_another_deployment_or_to_nobody_is_to_mend() {
    let other = Deployment::new().with("ORGATE_SECRET_KEY", OTHER_KEY);
    let (elsewhere, authority) = (other.serve(), Authority::new());
    let deployment = Deployment::migrated().with("ORGATE_TRUSTED_PROXIES", "127.0.0.1");
    let ca = authority.write_pem(deployment.folder.path()).display().to_string();
    let deployment = deployment.with("ORGATE_EXTRA_CA_FILE", &ca);
    let node = deployment.serve();
    for (port, line) in
        [(other.port, "leads to an Orgate that is not this deployment"), (free_port(), "it does not reach the node")]
    {
        let url = format!("https://localhost:{}", proxy(&authority, port, well));
        mends(&deployment.run_with(&[("ORGATE_PUBLIC_URL", &url)], &["doctor"]), line);
    }
    stop(node);
    stop(elsewhere);
}

#[test]
fn another_program_at_the_listeners_address_is_to_mend() {
    let port = says("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello");
    let deployment = Deployment::migrated();
    let listen = format!("127.0.0.1:{port}");
    mends(
        &deployment.run_with(&[("ORGATE_LISTEN", &listen)], &["doctor"]),
        &format!("listener: something else answers at {listen}"),
    );
}

#[test]
fn tls_without_a_trusted_proxy_is_to_mend() {
    let said = Deployment::migrated().with("ORGATE_PUBLIC_URL", "https://id.example.com").run(&["doctor"]);
    mends(&said, "trusted proxies: https://id.example.com is reached by TLS, but no proxy is trusted");
    assert!(said.out.contains("ORGATE_TRUSTED_PROXIES"), "{said:?}");
    // Who leaves the public URL out, for this machine does not reach it, is told of the proxy all the same.
    assert!(said.out.contains("ok    public URL: https://id.example.com\n"), "{said:?}");
}

/// Nobody but the doctor is told what a node sees of a request.
#[test]
fn t_web_10_a_stranger_learns_nothing_from_the_health_check() {
    let deployment = Deployment::new();
    let node = deployment.serve();
    let at = format!("http://127.0.0.1:{}", deployment.port);
    for word in ["", "1.00", "1790000000000.00112233"] {
        let answer = crate::demo::get(&at, "/healthz", &format!("x-orgate-doctor: {word}\r\n"));
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    }
    stop(node);
}
