//! T-WEB-9, T-BCP-4, T-BCP-5, T-WEB-10: what every answer carries, and what none does.

use axum::http::StatusCode;
use orgate_web::route::Surface;
use orgate_web::router::routes;

use crate::support::{Answer, OPERATOR, PUBLIC_URL, Site, body_of, path_of};

fn judge(name: &str, surface: Surface, answer: &Answer) {
    judge_policy(name, surface, answer.header("content-security-policy"));
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{name}");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{name}");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{name}");
    assert_eq!(answer.header("strict-transport-security"), "max-age=63072000; includeSubDomains", "{name}");
    let referrer = answer.header("referrer-policy");
    assert_eq!(referrer, if surface == Surface::Page { "same-origin" } else { "no-referrer" }, "{name}");
    if matches!(surface, Surface::Page | Surface::Entry) {
        let permissions = answer.header("permissions-policy");
        assert!(permissions.contains("camera=()") && permissions.contains("geolocation=()"), "{name}: {permissions}");
        assert!(!permissions.contains('*'), "{name}: {permissions}");
    }
    if surface != Surface::Asset || !answer.status.is_success() {
        assert_eq!(answer.header("cache-control"), "no-store", "{name}");
    }
    assert_ne!(answer.status, StatusCode::TEMPORARY_REDIRECT, "{name}: T-BCP-5");
    assert_ne!(answer.status, StatusCode::PERMANENT_REDIRECT, "{name}: T-BCP-5");
    assert!(!answer.status.is_server_error(), "{name}: {}", answer.text());
    if let Some(location) = answer.maybe("location") {
        assert!(location.starts_with('/') && !location.starts_with("//"), "{name}: T-BCP-5: {location}");
    }
    judge_cookies(name, answer);
}

/// Every directive is one of ours, and none lets in what a page does not bring along.
fn judge_policy(name: &str, surface: Surface, policy: &str) {
    let mut directives: Vec<&str> = policy.split(';').map(str::trim).collect();
    directives.sort_unstable();
    let nothing = ["base-uri 'none'", "default-src 'none'", "frame-ancestors 'none'"];
    let of_pages = [
        "base-uri 'none'",
        "connect-src 'self'",
        "default-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "img-src 'self' data:",
        "script-src 'self'",
        "style-src 'self'",
    ];
    let expected: &[&str] = if matches!(surface, Surface::Page | Surface::Entry) { &of_pages } else { &nothing };
    assert_eq!(directives, expected, "{name}: no 'unsafe-inline', no 'unsafe-eval', no other host");
}

/// The names of the cookies that the answer sets, each with every attribute that keeps it here.
fn judge_cookies(name: &str, answer: &Answer) -> Vec<String> {
    let set = answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    set.map(|cookie| {
        let mut parts = cookie.split(';').map(str::trim);
        let (key, value) = parts.next().unwrap().split_once('=').unwrap();
        let mut attributes: Vec<&str> = parts.filter(|part| !part.starts_with("Max-Age=")).collect();
        attributes.sort_unstable();
        assert!(key.starts_with("__Host-orgate-"), "{name}: {cookie}");
        assert_eq!(attributes, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"], "{name}: {cookie}");
        assert!(cookie.contains("Max-Age="), "{name}: {cookie}");
        assert!(value.chars().all(|c| c.is_ascii_graphic() && !"\",;\\".contains(c)), "{name}: {cookie}");
        key.to_owned()
    })
    .collect()
}

#[tokio::test]
async fn t_web_9_every_answer_of_every_route_carries_the_headers() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    for route in routes().iter().filter(|route| route.path != "/sign-out" && route.path != "/api/v1/session") {
        let name = format!("{} {}", route.method, route.path);
        let path = path_of(route, &slug);
        let ask = |with: bool| {
            let ask = site.ask(route.method.clone(), &path).header("host", "evil.example");
            let ask = if with { ask.cookie(&owner) } else { ask };
            match body_of(route) {
                Some(body) => ask.json(&body),
                None => ask,
            }
        };
        judge(&name, route.surface, &ask(false).send().await);
        judge(&name, route.surface, &ask(true).send().await);
    }
}

#[tokio::test]
async fn what_is_not_there_carries_them_too() {
    let site = Site::new().await;
    judge("page", Surface::Page, &site.get("/nowhere").expect(StatusCode::NOT_FOUND).await);
    let answer = site.get("/api/nowhere").expect(StatusCode::NOT_FOUND).await;
    assert_eq!(answer.json()["code"], "not-found");
    judge("call", Surface::Api, &answer);
    let answer = site.ask(axum::http::Method::PUT, "/api/v1/session").expect(StatusCode::METHOD_NOT_ALLOWED).await;
    assert_eq!(answer.json()["code"], "method-not-allowed");
    assert!(answer.header("allow").contains("DELETE"), "{}", answer.header("allow"));
    judge("method", Surface::Api, &answer);
}

#[tokio::test]
async fn a_deployment_on_plain_http_promises_no_transport_security() {
    let site = Site::with(&[("ORGATE_PUBLIC_URL", "http://127.0.0.1:8080")]).await;
    let answer = site.get("/sign-in").expect(StatusCode::OK).await;
    assert_eq!(answer.maybe("strict-transport-security"), None);
}

/// Every cookie that there is, seen where it is set and where it is taken back.
#[tokio::test]
async fn v3_3_t_web_9_every_cookie_belongs_to_this_host_and_to_no_script() {
    let site = Site::new().await;
    let sam = site.person("sam").await;
    let mut seen = std::collections::BTreeSet::new();
    let mut judged = |name: &str, answer: Answer| seen.extend(judge_cookies(name, &answer));
    let own = |path: &str| site.post(path).header("origin", PUBLIC_URL).header("sec-fetch-site", "same-origin");
    judged("where to", site.get("/sign-in?return_to=%2Faccount").expect(StatusCode::OK).await);
    let typed = [("email", "sam@example.com"), ("password", crate::support::PASSWORD)];
    let signed_in = own("/sign-in").form(&typed).expect(StatusCode::SEE_OTHER).await;
    let session = signed_in.cookie("__Host-orgate-session").unwrap();
    judged("signed in", signed_in);
    let sign_up = [("email", "new@example.com"), ("password", "eleven loud trumpets under Oslo"), ("name", "New")];
    judged("browser", own("/sign-up").form(&sign_up).expect(StatusCode::SEE_OTHER).await);
    let themed = site.post("/account/appearance").cookie(&sam).form(&[("theme", "dark")]);
    judged("theme", themed.expect(StatusCode::SEE_OTHER).await);
    let renamed = site.post("/account/profile").cookie(&sam).form(&[("name", "Sam")]);
    judged("notice", renamed.expect(StatusCode::SEE_OTHER).await);
    let cookie = format!("__Host-orgate-session={session}; __Host-orgate-notice=success.YQ");
    judged("notice shown", site.get("/account/profile").header("cookie", &cookie).expect(StatusCode::OK).await);
    judged("signed out", own("/sign-out").header("cookie", &cookie).send().await);
    for route in routes() {
        let ask = site.ask(route.method.clone(), &path_of(route, "acme")).cookie(&sam);
        let ask = match body_of(route) {
            Some(body) => ask.json(&body),
            None => ask,
        };
        judged(route.path, ask.send().await);
    }
    let kim = site.person("kim").await;
    let path = format!("/organizations/{}/connections", site.organization(&kim, "Borealis").await);
    site.advance(20);
    let unsent = site.post(&path).cookie(&kim).form(&[("kind", "okta-oidc")]);
    judged("sent in vain", unsent.expect(StatusCode::SEE_OTHER).await);
    let form = format!("{path}/new");
    let cookie =
        format!("__Host-orgate-session={}; __Host-orgate-return={form}; __Host-orgate-unsent={form}", kim.token);
    let proof = [("method", "password"), ("password", crate::support::PASSWORD)];
    let proven = own("/account/proof").header("cookie", &cookie).form(&proof).expect(StatusCode::SEE_OTHER).await;
    assert_eq!(proven.location(), form);
    judged("proven", proven);
    let names: Vec<&str> = seen.iter().map(|name| name.trim_start_matches("__Host-orgate-")).collect();
    assert_eq!(names, ["browser", "notice", "return", "session", "theme", "unsent"]);
}

/// What a client, or a proxy that passes on whatever it is sent, can write about where it thinks that it is.
fn lying(ask: crate::support::Ask<'_>) -> crate::support::Ask<'_> {
    [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-server", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "8443"),
        ("x-forwarded-prefix", "//evil.example"),
        ("x-original-host", "evil.example"),
        ("x-original-url", "https://evil.example/"),
        ("x-rewrite-url", "https://evil.example/"),
        ("x-host", "evil.example"),
        ("forwarded", "for=192.0.2.60;host=evil.example;proto=http"),
    ]
    .into_iter()
    .fold(ask, |ask, (name, value)| ask.header(name, value))
}

fn says_nothing_of_evil(name: &str, answer: &Answer) {
    let headers = format!("{:?}", answer.headers);
    assert!(!headers.contains("evil.example") && !answer.text().contains("evil.example"), "{name}: {headers}");
}

#[tokio::test]
async fn t_web_10_links_come_from_the_public_url_whatever_the_headers_say() {
    let site = Site::new().await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let path = format!("/api/v1/organizations/{slug}/invitations");
    let body = serde_json::json!({ "emails": ["new@example.com"], "role": "member" });
    let answer = lying(site.post(&path)).bearer(&owner).json(&body).expect(StatusCode::CREATED).await;
    let link = answer.json()["items"][0]["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("{PUBLIC_URL}/invitations/")), "{link}");
    let check = lying(site.get("/check?organization=acme")).expect(StatusCode::UNAUTHORIZED).await;
    assert_eq!(check.header("x-orgate-sign-in"), format!("{PUBLIC_URL}/sign-in"));

    // What mails a link or a code to somebody known: another address, a forgotten password, the organizations' addresses,
    // one more proof, a member's new role, an organization's end.
    let known = serde_json::json!({ "email": "sam@example.com" });
    lying(site.post("/api/v1/password-resets")).json(&known).expect(StatusCode::ACCEPTED).await;
    let other = serde_json::json!({ "email": "other@example.com" });
    lying(site.post("/api/v1/account/email-changes")).bearer(&owner).json(&other).send().await;
    let form = |path: &str| lying(site.post(path)).header("origin", PUBLIC_URL);
    form("/forgotten-password").form(&[("email", "sam@example.com")]).send().await;
    form("/sign-in/sso").form(&[("identifier", "sam@example.com")]).send().await;
    lying(site.post("/api/v1/account/enrolment-codes")).bearer(&owner).send().await;
    // And every route there is, but for those that end the session.
    for route in routes().iter().filter(|route| route.path != "/sign-out" && route.path != "/api/v1/session") {
        let ask = lying(site.ask(route.method.clone(), &path_of(route, &slug))).cookie(&owner);
        let ask = match body_of(route) {
            Some(body) => ask.json(&body),
            None => ask,
        };
        says_nothing_of_evil(route.path, &ask.send().await);
    }
    site.app.outbox.send_due().await.unwrap();
    let mails = site.bed.mailbox.list();
    let links: Vec<String> = mails.iter().flat_map(orgate_testkit::mailbox::Message::links).collect();
    for mail in &mails {
        assert!(!mail.raw.contains("evil.example"), "{}", mail.raw);
        assert!(mail.html.as_ref().is_none_or(|html| !html.contains("evil.example")), "{}", mail.subject);
    }
    assert!(mails.len() >= 6 && links.len() >= 4, "{} mails, {} links", mails.len(), links.len());
    for link in links {
        assert!(link.starts_with(&format!("{PUBLIC_URL}/")), "{link}");
    }
}

#[tokio::test]
async fn t_web_10_only_a_trusted_proxy_says_where_a_client_is() {
    let site = Site::with(&[("ORGATE_TRUSTED_PROXIES", "10.0.0.0/8"), ("ORGATE_OPERATOR_TOKEN", OPERATOR)]).await;
    let owner = site.person("sam").await;
    let slug = site.organization(&owner, "Acme").await;
    let path = format!("/api/v1/organizations/{slug}");
    for (peer, expected) in [([203, 0, 113, 9], "203.0.113.9"), ([10, 0, 0, 1], "198.51.100.7")] {
        site.advance(1);
        let body = serde_json::json!({ "name": format!("Acme {}", peer[0]) });
        let ask = site.ask(axum::http::Method::PATCH, &path).bearer(&owner).peer(peer);
        ask.header("x-forwarded-for", "6.6.6.6, 198.51.100.7").json(&body).expect(StatusCode::OK).await;
        let log = site.get(&format!("{path}/audit-events?limit=1")).bearer(&owner).expect(StatusCode::OK).await.json();
        assert_eq!(log["items"][0]["ip"], expected);
    }
}
