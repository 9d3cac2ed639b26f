//! The reference set-ups know every header of `/check` and every secret cookie: one that is added and forgotten there would
//! reach the product from the client, or from Orgate. What the proxies do with them is shown by the browser tests.

use crate::read;

const NGINX: &str = "deploy/nginx/orgate.conf";
const ENVOY: &str = "deploy/envoy/envoy.yaml";
const SAMPLE: &str = "deploy/sample-app/app.py";
/// What a refusal says, which is for the proxy and for programs and never for the product.
const OF_REFUSALS: [&str; 2] = ["x-orgate-code", "x-orgate-sign-in"];

/// The texts behind each `start` in a source, up to the next quotation mark.
fn quoted<'s>(source: &'s str, start: &str) -> Vec<&'s str> {
    source.split(start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn headers() -> Vec<String> {
    let source = read("io/web/src/check.rs");
    quoted(&source, "HeaderName::from_static(\"").into_iter().map(str::to_owned).collect()
}

#[test]
fn r_api_2_every_header_of_check_replaces_the_clients_at_both_proxies() {
    let (nginx, envoy) = (read(NGINX).to_lowercase(), read(ENVOY));
    let headers = headers();
    assert_eq!(headers.len(), 6, "{headers:?}");
    for header in headers {
        let variable = header.replace('-', "_").replace("x_orgate", "$orgate");
        let is_told = !OF_REFUSALS.contains(&header.as_str());
        let value = if is_told { variable.as_str() } else { "\"\"" };
        assert!(nginx.contains(&format!("proxy_set_header {header} {value};")), "{NGINX}: {header}");
        let asked = format!("auth_request_set {variable} $upstream_http_{};", header.replace('-', "_"));
        assert!(nginx.contains(&asked), "{NGINX}: {asked}");
        assert!(envoy.contains(&format!("- remove: {header}\n")), "{ENVOY}: {header}");
        let list = if is_told { "allowed_upstream_headers" } else { "allowed_client_headers" };
        let (_, behind) = envoy.split_once(list).unwrap();
        assert!(
            behind.lines().nth(1).unwrap().contains(&format!("{{ exact: {header} }}")),
            "{ENVOY}: {list}: {header}"
        );
    }
}

/// Orgate takes its trace from a proxy that it trusts, so no proxy may hand on a visitor's. `/check` gets neither: nginx sends it
/// no header but the ones that it names, Envoy forgets them first.
#[test]
fn t_sec_3_both_proxies_take_the_clients_trace_away() {
    let (nginx, envoy) = (read(NGINX), read(ENVOY));
    let (_, pages) = nginx.split_once("    location / {\n").unwrap();
    let (pages, _) = pages.split_once("    }\n").unwrap();
    let (_, product) = nginx.split_once("auth_request /orgate-check;").unwrap();
    let (product, question) = product.split_once("location = /orgate-check {").unwrap();
    assert!(question.contains("proxy_pass_request_headers off;"), "{NGINX}");
    let (_, forgotten) = envoy.split_once("name: orgate.forget").unwrap();
    let (forgotten, _) = forgotten.split_once("name: orgate.sign_in").unwrap();
    for header in ["traceparent", "tracestate"] {
        let line = format!("proxy_set_header {header} \"\";");
        assert!(pages.contains(&line) && product.contains(&line), "{NGINX}: {header}");
        assert!(forgotten.contains(&format!("- remove: {header}\n")), "{ENVOY}: {header}");
    }
}

#[test]
fn the_client_is_forgotten_before_orgate_is_asked_and_every_route_asks_unless_it_says_so() {
    let envoy = read(ENVOY);
    let place = |text: &str| envoy.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place("name: orgate.forget") < place("name: envoy.filters.http.ext_authz"));
    assert!(place("name: envoy.filters.http.ext_authz") < place("name: orgate.keep"));
    let (_, routes) = envoy.split_once("              routes:\n").unwrap();
    let (routes, _) = routes.split_once("name: question").unwrap();
    let asked: Vec<&str> = routes.split("- match: ").skip(1).filter(|route| !route.contains("not_asked")).collect();
    assert!(asked.len() == 1 && asked.iter().all(|route| route.contains("cluster: product")), "{asked:?}");
    assert!(envoy.contains("failure_mode_allow: false") && !envoy.contains("failure_mode_allow: true"));
}

#[test]
fn the_secret_cookies_are_taken_out_at_both_proxies_and_the_sample_reads_what_check_says() {
    let cookies = read("io/web/src/cookies.rs");
    let names = quoted(&cookies, "pub const SESSION: &str = \"").into_iter();
    let names: Vec<&str> = names.chain(quoted(&cookies, "pub const BROWSER: &str = \"")).collect();
    assert_eq!(names.len(), 2);
    let (nginx, envoy, sample) = (read(NGINX), read(ENVOY), read(SAMPLE).to_lowercase());
    for name in names {
        assert!(nginx.matches(&format!("{name}=[^;]*")).count() == 2, "{NGINX}: {name}");
        let (prefix, _) = name.split_at(14);
        assert!(envoy.contains(&format!("string.sub(pair, 1, 14) ~= \"{prefix}\"")), "{ENVOY}: {name}");
    }
    for header in headers() {
        assert_eq!(sample.contains(&format!("\"{header}\"")), !OF_REFUSALS.contains(&header.as_str()), "{header}");
    }
}
