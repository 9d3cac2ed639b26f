//! The table of the seed (R-ENF-2) as a program and a browser see it: three organizations, three identity providers, and
//! everything through the API and the pages that a browser is sent to.

use axum::http::{Method, StatusCode};
use orgate_testkit::{Authority, Dns, HostileIdp, ManualClock, Person as Subject, Setup};
use serde_json::{Value, json};

use crate::support::{Answer, OPERATOR, PASSWORD, PUBLIC_URL, Person, Site, text};

const HOST: &str = "idp.test";

/// The program, and the three organizations with their IdPs.
pub struct Seed {
    pub site: Site,
    pub places: Vec<Place>,
    _dns: Dns,
    _folder: tempfile::TempDir,
}

pub struct Place {
    pub slug: String,
    name: &'static str,
    pub owner: Person,
    pub idp: HostileIdp,
}

/// Name, role in A, in B, in C, and whether they are exempt.
const ROWS: [(&str, [&str; 3], bool); 6] = [
    ("x-owner", ["owner", "owner", "owner"], true),
    ("x-member", ["owner", "owner", "member"], true),
    ("y1", ["owner", "member", "owner"], false),
    ("y2", ["owner", "member", "member"], false),
    ("y3", ["member", "member", "owner"], false),
    ("z", ["member", "member", "member"], false),
];

impl Seed {
    pub async fn new() -> Self {
        let (authority, dns) = (Authority::new(), Dns::start());
        dns.loopback(HOST);
        let folder = tempfile::tempdir().unwrap();
        let roots = authority.write_pem(folder.path()).display().to_string();
        let servers = dns.address().to_string();
        let settings = [
            ("ORGATE_IDP_ALLOW", HOST),
            ("ORGATE_EXTRA_CA_FILE", roots.as_str()),
            ("ORGATE_DNS_SERVERS", servers.as_str()),
            ("ORGATE_OPERATOR_TOKEN", OPERATOR),
        ];
        let site = Site::with(&settings).await;
        let clock = ManualClock::at(site.app.now().as_millis());
        let mut places = Vec::new();
        for (owner, name) in [("ada", "Alpha"), ("ben", "Beta"), ("cy", "Gamma")] {
            // Lists go by the age of an organization.
            site.advance(1);
            let owner = site.person(owner).await;
            let slug = site.organization(&owner, name).await;
            clock.set(site.app.now().as_millis());
            let idp = HostileIdp::start(Setup::tls(HOST, &authority, &clock));
            let place = Place { slug, name, owner, idp };
            connect(&site, &place).await;
            places.push(place);
        }
        Self { site, places, _dns: dns, _folder: folder }
    }

    /// Somebody who signed up and came by invitation to each.
    pub async fn person(&self, name: &str, roles: [&str; 3]) -> Person {
        let person = self.site.person(name).await;
        for (place, role) in self.places.iter().zip(roles) {
            let path = format!("/api/v1/organizations/{}/invitations", place.slug);
            let body = json!({ "emails": [person.email], "role": role });
            self.site.post(&path).bearer(&place.owner).json(&body).expect(StatusCode::CREATED).await;
            let token = self.site.token(&person.email, "/invitations/").await;
            let path = format!("/api/v1/invitations/{token}/acceptance");
            self.site.post(&path).bearer(&person).expect(StatusCode::OK).await;
        }
        person
    }

    async fn enforce(&self, place: &Place, enabled: bool) {
        let path = format!("/api/v1/organizations/{}/sso-enforcement", place.slug);
        let body = json!({ "enabled": enabled, "confirm": true });
        let set = self.site.ask(Method::PUT, &path).bearer(&place.owner).json(&body);
        assert_eq!(set.expect(StatusCode::OK).await.json()["enabled"], enabled);
    }

    async fn sign_in(&self, person: &Person) -> Answer {
        let body = json!({ "method": "password", "email": person.email, "password": PASSWORD });
        self.site.post("/api/v1/sessions").json(&body).send().await
    }

    /// What `/check` says of each organization: `open`, or the code.
    async fn checks(&self, person: &Person) -> Vec<String> {
        let mut found = Vec::new();
        for place in &self.places {
            let answer = self.site.get(&format!("/check?organization={}", place.slug)).bearer(person).send().await;
            let open = answer.status == StatusCode::OK;
            found.push(if open { "open".to_owned() } else { answer.header("x-orgate-code").to_owned() });
        }
        found
    }

    /// A sign-in through this organization's IdP, as a browser goes it.
    pub async fn by_sso(&self, person: &Person, place: &Place) -> Person {
        place.idp.sign_in_as(Subject::new(format!("00u-{}", person.id), person.email.as_str()));
        let start = self.site.post(&format!("/sign-in/{}", place.slug));
        let start = start.header("origin", PUBLIC_URL).header("sec-fetch-site", "same-origin").form(&[]);
        let started = start.expect(StatusCode::OK).await;
        let browser = started.cookie("__Host-orgate-browser").unwrap();
        let back = place.idp.authorize(&onward(&started));
        let back = self.site.get(back.strip_prefix(PUBLIC_URL).unwrap());
        let back = back.header("cookie", &format!("__Host-orgate-browser={browser}"));
        let answer = back.expect(StatusCode::SEE_OTHER).await;
        let token = answer.cookie("__Host-orgate-session").unwrap_or_else(|| panic!("{}", answer.location()));
        Person { token, ..person.clone() }
    }
}

/// Sets the connection up through the API, and passes its test in the Owner's browser.
async fn connect(site: &Site, place: &Place) {
    let (owner, idp) = (&place.owner, &place.idp);
    let all = format!("/api/v1/organizations/{}/connections", place.slug);
    let made = site.post(&all).bearer(owner).json(&json!({ "kind": "okta-oidc" }));
    let one = format!("{all}/{}", text(&made.expect(StatusCode::CREATED).await.json()["id"]));
    let settings =
        json!({ "okta_domain": idp.domain(), "client_id": idp.client_id(), "client_secret": idp.client_secret() });
    site.ask(Method::PUT, &format!("{one}/settings")).bearer(owner).json(&settings).expect(StatusCode::OK).await;
    let test = site.post(&format!("{one}/tests")).bearer(owner).expect(StatusCode::CREATED).await.json();
    idp.sign_in_as(Subject::new("00uTester", "tester@idp.example"));
    let page = text(&test["url"]);
    let begun = site.post(page.strip_prefix(PUBLIC_URL).unwrap()).cookie(owner).form(&[]);
    let begun = begun.expect(StatusCode::OK).await;
    let back = idp.authorize(&onward(&begun));
    let cookies = format!(
        "__Host-orgate-session={}; __Host-orgate-browser={}",
        owner.token,
        begun.cookie("__Host-orgate-browser").unwrap()
    );
    site.get(back.strip_prefix(PUBLIC_URL).unwrap()).header("cookie", &cookies).expect(StatusCode::SEE_OTHER).await;
    let active = site.post(&format!("{one}/activation")).bearer(owner).expect(StatusCode::OK).await.json();
    assert_eq!(active["state"], "active");
}

/// Where the page on the way to an IdP leads.
pub fn onward(page: &Answer) -> String {
    let page = page.text();
    let (_, link) = page.split_once(&format!("\"https://{HOST}")).unwrap_or_else(|| panic!("no way on: {page}"));
    let rest = link.split('"').next().unwrap();
    format!("https://{HOST}{}", rest.replace("&#38;", "&").replace("&amp;", "&"))
}

/// What a problem says of an organization.
fn named(problem: &Value) -> Vec<(String, String, String)> {
    let organizations = problem["organizations"].as_array().unwrap();
    organizations.iter().map(|one| (text(&one["slug"]), text(&one["name"]), text(&one["sign_in_url"]))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t_web_5_of_two_sign_ins_begun_in_two_tabs_each_returns_to_where_its_own_was() {
    let seed = Seed::new().await;
    let [alpha, beta, _] = seed.places.as_slice() else { panic!("three organizations") };
    let kim = seed.person("kim", ["member"; 3]).await;
    let wanted = |place: &Place| format!("/organizations/{}/settings", place.slug);
    let (mut cookies, mut tabs) = (String::new(), Vec::new());
    for place in [alpha, beta] {
        place.idp.sign_in_as(Subject::new(format!("00u-{}", kim.id), kim.email.as_str()));
        let begin = seed.site.post(&format!("/sign-in/{}", place.slug));
        let begin = begin.header("origin", PUBLIC_URL).header("sec-fetch-site", "same-origin");
        let begin = begin.header("cookie", &format!("{cookies}__Host-orgate-return={}", wanted(place))).form(&[]);
        let begun = begin.expect(StatusCode::OK).await;
        if let Some(browser) = begun.cookie("__Host-orgate-browser") {
            cookies = format!("__Host-orgate-browser={browser}; ");
        }
        tabs.push((place, place.idp.authorize(&onward(&begun))));
    }
    // What the browser remembers is where the later tab was.
    let cookies = format!("{cookies}__Host-orgate-return={}", wanted(beta));
    for (place, back) in tabs {
        let back = seed.site.get(back.strip_prefix(PUBLIC_URL).unwrap()).header("cookie", &cookies);
        let answer = back.expect(StatusCode::SEE_OTHER).await;
        assert_eq!(answer.location(), wanted(place));
        let follows_it = place.slug == beta.slug;
        assert_eq!(answer.cookie("__Host-orgate-return").is_some(), follows_it, "the other tab's stays");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r_enf_2_three_organizations_with_three_idps_show_the_seeds_five_rows_through_the_api() {
    let seed = Seed::new().await;
    let [alpha, beta, _] = seed.places.as_slice() else { panic!("three organizations") };
    let mut people = Vec::new();
    for (name, roles, exempt) in ROWS {
        people.push((seed.person(name, roles).await, exempt));
    }
    for (person, _) in &people {
        assert_eq!(seed.sign_in(person).await.status, StatusCode::CREATED, "nobody enforces: {}", person.email);
        assert_eq!(seed.checks(person).await, ["open"; 3], "{}", person.email);
    }
    seed.enforce(alpha, true).await;
    seed.enforce(beta, true).await;
    for (person, exempt) in &people {
        let answer = seed.sign_in(person).await;
        if *exempt {
            assert_eq!(answer.status, StatusCode::CREATED, "{}: {}", person.email, answer.text());
            let inside = Person { token: text(&answer.json()["token"]), ..person.clone() };
            assert_eq!(seed.checks(&inside).await, ["open"; 3], "{}", person.email);
            assert_eq!(seed.checks(person).await, ["open"; 3], "and the session from before goes on");
            continue;
        }
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}: {}", person.email, answer.text());
        assert!(answer.cookie("__Host-orgate-session").is_none());
        let problem = answer.json();
        assert_eq!(problem["code"], "sso-required");
        let expected = [alpha, beta]
            .map(|place| (place.slug.clone(), place.name.to_owned(), format!("{PUBLIC_URL}/sign-in/{}", place.slug)));
        assert_eq!(named(&problem), expected, "{}", person.email);
        assert_eq!(seed.checks(person).await, ["sso-required"; 3], "the session from before is over");
        let ended = seed.site.get("/api/v1/session").bearer(person);
        let ended = ended.refused(StatusCode::UNAUTHORIZED, "no-session").await;
        assert_eq!(named(&ended).len(), 2, "{ended}");
    }
    each_idp_opens_its_own(&seed, &people).await;
    seed.enforce(alpha, false).await;
    seed.enforce(beta, false).await;
    for (person, exempt) in &people {
        assert_eq!(seed.sign_in(person).await.status, StatusCode::CREATED, "old passwords: {}", person.email);
        let dead = seed.site.get("/api/v1/session").bearer(person).send().await.status;
        assert_eq!(dead == StatusCode::UNAUTHORIZED, !exempt, "dead stays dead: {}", person.email);
    }
}

/// Whoever it is, an organization's IdP opens that organization. Of the others it says nothing but that a proof is
/// missing, whether they enforce their SSO or not (R-IN-9).
async fn each_idp_opens_its_own(seed: &Seed, people: &[(Person, bool)]) {
    for (person, exempt) in people {
        for place in &seed.places {
            let inside = seed.by_sso(person, place).await;
            let expected: Vec<&str> =
                seed.places.iter().map(|other| if other.slug == place.slug { "open" } else { "needs-proof" }).collect();
            assert_eq!(seed.checks(&inside).await, expected, "{} through {}, {exempt}", person.email, place.slug);
        }
    }
}
