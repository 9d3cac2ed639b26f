//! Traces of the program: what a collector gets of a sign-in and what it does not, whose word about a trace counts, and that no
//! collector, a broken one or one that hangs disturbs nobody.

use std::io::Read as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::collector::{Collector, Span};
use crate::demo::{ask, get, stop};
use crate::deployment::Deployment;
use crate::signal::signal;

const EMAIL: &str = "canary-person@a.example";
const PASSWORD: &str = "canary-amber-orbit-violin";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn with_traces(endpoint: &str) -> Deployment {
    Deployment::new().with("ORGATE_TRACES_ENDPOINT", endpoint)
}

fn at(deployment: &Deployment) -> String {
    format!("http://127.0.0.1:{}", deployment.port)
}

fn post(deployment: &Deployment, path: &str, body: &Value) -> String {
    let body = body.to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    ask(&at(deployment), &format!("{head}{body}"))
}

fn value(answer: &str, name: &str) -> String {
    let (from, to) = (answer.find('{').unwrap_or_else(|| panic!("{answer}")), answer.rfind('}').unwrap());
    let document: Value = serde_json::from_str(&answer[from..=to]).unwrap();
    document[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

/// Signs the canary person up; gives the mailed code and the session.
fn sign_up(deployment: &Deployment) -> (String, String) {
    let new = json!({ "email": EMAIL, "password": PASSWORD, "name": "Canary Name" });
    let begun = value(&post(deployment, "/api/v1/sign-ups", &new), "id");
    let code = (0..200).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        let mails = orgate_demo_idp::mailbox::list(&deployment.folder.path().join("mail")).unwrap_or_default();
        let text = mails.into_iter().find(|mail| mail.to == EMAIL)?.text;
        let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        text.split_whitespace().find(is_code).map(str::to_owned)
    });
    let code = code.unwrap();
    let done = post(deployment, &format!("/api/v1/sign-ups/{begun}/verification"), &json!({ "code": code }));
    (code, value(&done, "token"))
}

fn the_one(spans: Vec<Span>) -> Span {
    assert_eq!(spans.len(), 1, "{spans:?}");
    spans.into_iter().next().unwrap()
}

#[test]
fn t_sec_3_a_collector_gets_the_spans_of_a_sign_in_and_nothing_of_the_person() {
    let collector = Collector::start();
    let deployment = with_traces(&collector.endpoint())
        .with("ORGATE_TRACES_SERVICE_NAME", "door")
        .with("ORGATE_TRACES_ATTRIBUTES", "deployment.environment.name=staging");
    let node = deployment.serve();
    let (code, token) = sign_up(&deployment);
    let session = json!({ "method": "password", "email": EMAIL, "password": PASSWORD });
    let signed_in = post(&deployment, "/api/v1/sessions", &session);
    let second = value(&signed_in, "token");
    get(&at(&deployment), "/check?organization=canary-slug", &format!("Authorization: Bearer {second}\r\n"));
    get(&at(&deployment), "/sign-in/canary-slug?canary-query=1", "");
    get(&at(&deployment), "/canary-path", "User-Agent: canary-agent\r\n");
    // A method is any word that a visitor likes.
    ask(&at(&deployment), "CANARY /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    // Nobody trusts who says this.
    get(&at(&deployment), "/sign-in", &format!("traceparent: {PARENT}\r\ntracestate: canary=state\r\n"));
    // What is left at the end is sent then.
    stop(node);

    let spans = collector.spans();
    let signed_in = the_one(collector.named("POST /api/v1/sessions"));
    assert_eq!(signed_in.attributes["http.route"], "/api/v1/sessions");
    assert_eq!(signed_in.attributes["http.request.method"], "POST");
    assert_eq!(signed_in.attributes["http.response.status_code"], "201");
    assert!(signed_in.parent.is_empty() && !signed_in.has_failed, "{signed_in:?}");
    let beneath: Vec<&Span> = spans.iter().filter(|span| span.parent == signed_in.id).collect();
    assert!(beneath.iter().all(|span| span.name == "transaction" && span.trace == signed_in.trace), "{beneath:?}");
    let kinds: Vec<&str> = beneath.iter().map(|span| span.attributes["orgate.transaction"].as_str()).collect();
    assert!(kinds.contains(&"write") && kinds.iter().any(|kind| *kind != "write"), "{kinds:?}");
    assert_eq!(collector.named("GET /check").len(), 1);
    assert_eq!(collector.named("GET /sign-in/{slug}").len(), 1);
    assert_eq!(collector.named("GET unmatched").len(), 1);
    assert_eq!(collector.named("_OTHER unmatched").len(), 1, "{spans:?}");
    let stranger = the_one(collector.named("GET /sign-in"));
    assert!(stranger.parent.is_empty() && !PARENT.contains(&stranger.trace), "{stranger:?}");
    assert!(spans.iter().all(|span| !span.name.contains("healthz")), "{spans:?}");
    let resource = collector.resource();
    assert_eq!((resource["service.name"].as_str(), resource["service.instance.id"].len()), ("door", 32));
    assert_eq!(resource["deployment.environment.name"], "staging");

    let bytes = String::from_utf8_lossy(&collector.bytes()).to_lowercase();
    for secret in
        ["canary", EMAIL, PASSWORD, code.as_str(), &token.to_lowercase(), &second.to_lowercase(), "usr_", "ses_"]
    {
        assert!(!bytes.contains(secret), "{secret} is in the traces");
    }
}

#[test]
fn a_trusted_proxy_says_which_trace_a_request_belongs_to_and_whether_it_is_kept() {
    let collector = Collector::start();
    let settings = [("ORGATE_TRUSTED_PROXIES", "127.0.0.1"), ("ORGATE_TRACES_SAMPLE", "0")];
    let deployment = with_traces(&collector.endpoint());
    let deployment = settings.into_iter().fold(deployment, |deployment, (name, value)| deployment.with(name, value));
    let node = deployment.serve();
    get(&at(&deployment), "/sign-in", &format!("traceparent: {PARENT}\r\n"));
    // One that is not kept, and one that nobody began.
    get(&at(&deployment), "/sign-up", &format!("traceparent: {}\r\n", PARENT.replace("-01", "-00")));
    get(&at(&deployment), "/sign-up", "");
    stop(node);
    let request = the_one(collector.named("GET /sign-in"));
    assert_eq!(request.trace, "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(data_encoding::HEXLOWER.encode(&request.parent), "b7ad6b7169203331");
    assert!(collector.named("GET /sign-up").is_empty(), "{:?}", collector.spans());
}

#[test]
fn a_call_to_an_identity_provider_comes_beneath_the_request_that_made_it() {
    let collector = Collector::start();
    let answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let issuer = format!("http://127.0.0.1:{}", crate::doctor::stand_ins::says(answer));
    let deployment = with_traces(&collector.endpoint())
        .with("ORGATE_GOOGLE_CLIENT_ID", "canary-client")
        .with("ORGATE_GOOGLE_CLIENT_SECRET", "canary-secret")
        .with("ORGATE_GOOGLE_ISSUER", &issuer);
    let node = deployment.serve();
    let post = "POST /sign-in/with/google HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nSec-Fetch-Site: same-origin\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n";
    ask(&at(&deployment), post);
    stop(node);
    let request = the_one(collector.named("POST /sign-in/with/{provider}"));
    let call = the_one(collector.named("identity provider discovery"));
    assert_eq!((&call.parent, &call.trace), (&request.id, &request.trace));
    assert_eq!(
        (call.attributes["orgate.peer"].as_str(), call.attributes["server.address"].as_str()),
        ("google", "127.0.0.1")
    );
    assert_eq!(call.attributes["http.response.status_code"], "404");
    assert!(!String::from_utf8_lossy(&collector.bytes()).contains("canary"));
}

/// Waits for a line of the measurements.
fn measured(deployment: &Deployment, line: &str) -> bool {
    (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        get(&at(deployment), "/metrics", "").contains(line)
    })
}

#[test]
fn without_a_collector_everything_goes_on_and_the_log_says_so_once_in_a_while() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let deployment = with_traces(&format!("http://127.0.0.1:{nobody}/v1/traces"));
    let said = {
        assert_eq!(deployment.run(&["migrate"]).code, Some(0));
        deployment.run(&["doctor"])
    };
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.out.contains("MEND  traces: the collector takes none: "), "{said:?}");
    let mut node = deployment.serve();
    for _ in 0..5 {
        assert!(get(&at(&deployment), "/sign-in", "").starts_with("HTTP/1.1 200 "));
    }
    assert!(measured(&deployment, "orgate_trace_spans_total{outcome=\"failed\"}"));
    assert!(signal(node.id(), "TERM") && node.wait().unwrap().success());
    let mut log = String::new();
    node.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let complaints = log.matches("the collector takes no traces").count();
    assert!((1..=3).contains(&complaints), "{log}");
}

/// It takes connections and says nothing, as a collector does that is overwhelmed.
#[test]
fn a_collector_that_hangs_delays_no_visitor_and_the_end_by_seconds_only() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = silent.local_addr().unwrap().port();
    let (told, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let held: Vec<TcpStream> = silent.incoming().flatten().inspect(|_| told.send(()).unwrap_or_default()).collect();
        drop(held);
    });
    let deployment = with_traces(&format!("http://127.0.0.1:{port}/v1/traces"));
    let node = deployment.serve();
    get(&at(&deployment), "/sign-in", "");
    heard.recv_timeout(Duration::from_secs(20)).expect("spans are on their way");
    // While it hangs.
    for _ in 0..20 {
        assert!(get(&at(&deployment), "/sign-in", "").starts_with("HTTP/1.1 200 "));
    }
    stop(node);
}

/// The collector is told when the doctor asks, and is sent no span.
#[test]
fn the_doctor_asks_the_collector_without_a_span() {
    let collector = Collector::start();
    let deployment = with_traces(&collector.endpoint());
    assert_eq!(deployment.run(&["migrate"]).code, Some(0));
    let said = deployment.run(&["doctor"]);
    assert!(said.code == Some(0) && said.out.contains("ok    traces: the collector takes them"), "{said:?}");
    assert!(collector.spans().is_empty());
}
