//! An identity provider that is down, has no name, answers 5xx, hangs, breaks off or has let its certificate expire (F1): sessions are checked as ever, the
//! person gets a page with a reference that an Owner and an operator find, and other organizations sign in.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use orgate_testkit::dns::Answer as Name;
use orgate_testkit::hostile_idp::{Endpoint, Mischief, Wire};
use serde_json::Value;

use crate::api::{Person, check, text};
use crate::browser::{Browser, reference_of};
use crate::client::Answer;
use crate::provider::{Network, Provider};
use crate::scale::{count, now, report};
use crate::scene::Scene;

const BROKEN: &str = "broken.idp.test";
const GOOD: &str = "good.idp.test";

struct Tenants {
    scene: Scene,
    network: Network,
    broken: Provider,
    good: Provider,
    /// The organizations' short names.
    slugs: [String; 2],
    /// The Owner of the one whose provider breaks.
    owner: Person,
}

impl Tenants {
    fn new() -> Self {
        let (folder, network) = (tempfile::tempdir().unwrap(), Network::new());
        let (broken, good) = (network.provider(BROKEN), network.provider(GOOD));
        let mut settings = network.settings(folder.path(), &[BROKEN, GOOD]);
        settings.insert("ORGATE_LOG".to_owned(), "info".to_owned());
        let scene = Scene::on_sqlite(folder, settings);
        let mut api = scene.api();
        let owner = api.person("olga");
        let slugs = [
            broken.connect(&mut api, scene.browser(), &owner, "Broken"),
            good.connect(&mut api, scene.browser(), &scene.owner, "Good"),
        ];
        Self { scene, network, broken, good, slugs, owner }
    }

    /// A browser that is on its way back from the provider that will break, and where to.
    fn coming_back(&self, number: u64) -> (Browser, String) {
        self.broken.sign_in_as(&format!("00uKim{number}"), &format!("kim{number}@broken.example"));
        let mut browser = self.scene.browser();
        let back = browser.through(&self.broken.idp, &format!("/sign-in/{}", self.slugs[0]));
        (browser, back)
    }

    /// Somebody of the other organization signs in, with whatever is wrong with this one's provider.
    fn others_sign_in(&self, number: u64) {
        self.good.sign_in_as(&format!("00uDana{number}"), &format!("dana{number}@good.example"));
        let mut browser = self.scene.browser();
        let back = browser.through(&self.good.idp, &format!("/sign-in/{}", self.slugs[1]));
        let answer = browser.get(&back).expect(303);
        let Some(token) = browser.session() else {
            let reference = refused(&mut browser, answer);
            panic!("{}", attempt(&self.scene, &self.slugs[1], &self.scene.owner, &reference));
        };
        self.scene.ask(&check(&self.slugs[1], token)).expect(200);
    }

    fn attempt(&self, reference: &str) -> Value {
        attempt(&self.scene, &self.slugs[0], &self.owner, reference)
    }
}

/// What an Owner of the organization reads under this reference.
pub fn attempt(scene: &Scene, slug: &str, owner: &Person, reference: &str) -> Value {
    let mut api = scene.api();
    let connections = format!("/api/v1/organizations/{slug}/connections");
    let listed = api.get(&connections, &owner.token).expect(200).json();
    let connection = text(&listed["items"][0]["id"]);
    let path = format!("{connections}/{connection}/attempts?reference={reference}");
    let attempts = api.get(&path, &owner.token).expect(200).json();
    assert_eq!(attempts["items"][0]["reference"], reference, "it is told to an Owner: {attempts}");
    attempts["items"][0].clone()
}

/// The reference of the page that a refused person is led to.
fn refused(browser: &mut Browser, answer: Answer) -> String {
    let answer = answer.expect(303);
    let page = answer.0.header("location").unwrap().to_owned();
    assert!(browser.session().is_none(), "nobody is signed in");
    reference_of(&browser.get(&page).expect(200).text())
}

fn outcome(of: &str) -> String {
    format!("orgate_idp_requests_total{{peer=\"connection\",purpose=\"token\",outcome=\"{of}\"}}")
}

/// A fault, what an Owner reads of it, the word in the measurements, and the words in the log.
struct Fault {
    name: &'static str,
    code: &'static str,
    outcome: &'static str,
    logged: &'static [&'static str],
}

const UNKNOWN: Fault = Fault {
    name: "no name",
    code: "idp-name-unknown",
    outcome: "name-not-resolved",
    logged: &["WARN", "an identity provider could not be asked", BROKEN],
};
const ANSWERS_503: Fault = Fault {
    name: "503",
    code: "idp-unexpected-status",
    outcome: "5xx",
    logged: &["WARN", "an identity provider answered with an error of its own", BROKEN, "response.status=503"],
};
const HANGS: Fault = Fault {
    name: "hangs",
    code: "idp-unreachable",
    outcome: "unreachable",
    logged: &["WARN", "an identity provider could not be asked", BROKEN, "no whole answer in time"],
};
const BREAKS_OFF: Fault = Fault {
    name: "breaks off",
    code: "idp-unreachable",
    outcome: "unreachable",
    logged: &["WARN", "an identity provider could not be asked", BROKEN, "error decoding response body"],
};
const EXPIRED: Fault = Fault {
    name: "expired",
    code: "idp-certificate",
    outcome: "certificate",
    logged: &["WARN", "an identity provider could not be asked", BROKEN, "certificate expired"],
};
const DOWN: Fault = Fault {
    name: "down",
    code: "idp-unreachable",
    outcome: "unreachable",
    logged: &["WARN", "an identity provider could not be asked", BROKEN, "Connection refused"],
};

/// One sign-in that meets the fault.
fn meets(tenants: &Tenants, number: u64, fault: &Fault, (mut browser, back): (Browser, String)) {
    let answer = browser.get(&back);
    let reference = refused(&mut browser, answer);
    let attempt = tenants.attempt(&reference);
    assert_eq!(attempt["code"], fault.code, "{}: {attempt}", fault.name);
    assert!(tenants.scene.measured(&outcome(fault.outcome)) >= 1.0, "{}", fault.name);
    tenants.scene.is_logged(fault.logged);
    tenants.scene.is_logged(&["INFO", "a single sign-on was refused", &reference, fault.code]);
    tenants.scene.checks_are_right();
    tenants.others_sign_in(number);
}

#[test]
fn f1_whatever_a_provider_does_its_people_get_a_reference_and_nobody_else_notices() {
    let (mut tenants, began) = (Tenants::new(), now());
    let coming = tenants.coming_back(0);
    tenants.network.dns.set(BROKEN, Name::NoSuchName);
    meets(&tenants, 0, &UNKNOWN, coming);
    tenants.network.dns.loopback(BROKEN);
    for (number, fault, wire) in
        [(1, ANSWERS_503, Wire::Status(503)), (2, HANGS, Wire::Silence), (3, BREAKS_OFF, Wire::Cut)]
    {
        let coming = tenants.coming_back(number);
        tenants.broken.idp.set(Mischief::none().wire(Endpoint::Token, wire));
        meets(&tenants, number, &fault, coming);
        tenants.broken.idp.behave();
    }
    // It is well again, and so is everything else.
    let (mut browser, back) = tenants.coming_back(4);
    browser.get(&back).expect(303);
    assert!(browser.session().is_some());
    let coming = tenants.coming_back(5);
    tenants.broken.idp.let_certificate_expire();
    meets(&tenants, 5, &EXPIRED, coming);
    let coming = tenants.coming_back(6);
    let elsewhere = tenants.network.provider("elsewhere.idp.test");
    drop(std::mem::replace(&mut tenants.broken, elsewhere));
    meets(&tenants, 6, &DOWN, coming);
    report("F1", began, "six faults, a reference each, the other organization signed in each time");
}

#[test]
fn f1_very_many_hanging_sign_ins_of_one_tenant_hold_up_nobody_else() {
    let (tenants, began) = (Tenants::new(), now());
    let hanging = count("HANGING", 24);
    let coming: Vec<_> = (0..hanging).map(|number| tenants.coming_back(number)).collect();
    tenants.broken.idp.forget_requests();
    tenants.broken.idp.set(Mischief::none().wire(Endpoint::Token, Wire::Silence));
    let (ended, checks, others) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let references: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = coming
            .into_iter()
            .map(|(mut browser, back)| {
                let ended = &ended;
                scope.spawn(move || {
                    let answer = browser.get(&back);
                    ended.fetch_add(1, Ordering::SeqCst);
                    refused(&mut browser, answer)
                })
            })
            .collect();
        let asking = scope.spawn(|| {
            while ended.load(Ordering::SeqCst) < hanging {
                tenants.scene.checks_are_right();
                checks.fetch_add(2, Ordering::SeqCst);
            }
        });
        // All of them are under way: the provider holds as many as it is given at once.
        std::thread::sleep(Duration::from_millis(500));
        while ended.load(Ordering::SeqCst) == 0 {
            tenants.others_sign_in(others.fetch_add(1, Ordering::SeqCst));
        }
        asking.join().unwrap();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for reference in references.iter().take(3) {
        assert_eq!(tenants.attempt(reference)["code"], "idp-unreachable");
    }
    let asked = tenants.broken.idp.requests_to(Endpoint::Token).len();
    let said = format!(
        "{hanging} hanging sign-ins, {asked} of them reached the provider, {} others signed in and {} checks were right \
         meanwhile",
        others.load(Ordering::SeqCst),
        checks.load(Ordering::SeqCst)
    );
    report("F1 hanging", began, &said);
    assert!(others.load(Ordering::SeqCst) > 0, "others were tried while these hung");
}
