//! Settings > Single Sign-On in every state.

use orgate_web::pages::enforcement::EnforcementCard;
use orgate_web::pages::sso::{
    Check, CheckOutcome, ConfigurePage, ConnectionCard, ConnectionHead, Kind, NewConnectionPage, Progress, SsoPage,
    State, Understood,
};
use orgate_web::pages::sso_records::{AttemptRow, AttemptsPage, IdentitiesPage, IdentityRow};
use orgate_web::pages::sso_test::{Claim, TestFailure, TestResultPage, TestStartPage};
use orgate_web::pages::{Badge, Field, Pager, Person, Section, Tone};

use super::{Samples, ago, long_person, robin};

pub fn add(samples: &mut Samples) {
    add_overview(samples);
    add_configure(samples);
    add_test(samples);
    add_records(samples);
}

pub(super) fn connection(kind: Kind, state: State) -> ConnectionHead {
    let host = if kind == Kind::OktaOidc { "acme.okta.com" } else { "id.acme.example" };
    ConnectionHead {
        id: "con_01kb2m3x4y5z6a7b8c9d0e1f2g".to_owned(),
        kind,
        host: host.to_owned(),
        state,
        slug: "acme".to_owned(),
    }
}

pub(super) fn attempts() -> Vec<AttemptRow> {
    vec![
        AttemptRow {
            reference: "K7Q-2M9".to_owned(),
            at: ago(12),
            person: "sam.okafor@acme.example".to_owned(),
            outcome: Badge::new("Refused", Tone::Danger),
            happened: "Okta says the app is not assigned to this person".to_owned(),
            code: "access-denied".to_owned(),
            expected: Some("an authorization code".to_owned()),
            received: Some("error=access_denied, User is not assigned to the client application.".to_owned()),
            mend: Some("In Okta, open the app's Assignments and assign this person or one of their groups.".to_owned()),
        },
        AttemptRow {
            reference: "B2X-8HT".to_owned(),
            at: ago(40),
            person: String::new(),
            outcome: Badge::new("Refused", Tone::Danger),
            happened: "The ID token names another issuer".to_owned(),
            code: "issuer-mismatch".to_owned(),
            expected: Some("https://acme.okta.com".to_owned()),
            received: Some("https://acme.okta.com/oauth2/default".to_owned()),
            mend: Some("Use the Okta organization's own address, not a custom authorization server.".to_owned()),
        },
        AttemptRow {
            reference: "R4C-9PW".to_owned(),
            at: ago(300),
            person: long_person().name,
            outcome: Badge::new("Signed in", Tone::Success),
            happened: "Matched by address and linked".to_owned(),
            code: String::new(),
            expected: None,
            received: None,
            mend: None,
        },
    ]
}

fn add_overview(samples: &mut Samples) {
    let page = |samples: &Samples, connections, attempts, locked: Option<String>| SsoPage {
        frame: samples.owner(Section::SingleSignOn),
        connections,
        enforcement: EnforcementCard {
            provider: "Okta".to_owned(),
            locked: locked.clone(),
            ..EnforcementCard::default()
        },
        locked,
        login_address: "https://sign-in.example.com/sign-in/acme".to_owned(),
        attempts,
    };
    let card = |state, progress| ConnectionCard {
        connection: connection(Kind::OktaOidc, state),
        progress,
        validated: Some(ago(4000)),
        last_sign_in: Some(ago(12)),
        linked: 41,
    };
    samples.add("sso-none", &page(samples, Vec::new(), Vec::new(), None));
    let reason = "Single sign-on comes with the Enterprise plan. Ask whoever runs Example Cloud for you to include it.";
    samples.add("sso-locked", &page(samples, Vec::new(), Vec::new(), Some(reason.to_owned())));
    let mut unsaved = card(State::Draft, Progress::Unsaved);
    unsaved.connection.host = String::new();
    samples.add("sso-draft-unsaved", &page(samples, vec![unsaved], Vec::new(), None));
    samples.add("sso-draft", &page(samples, vec![card(State::Draft, Progress::Untested)], Vec::new(), None));
    let ready = vec![card(State::Draft, Progress::Validated)];
    samples.add("sso-draft-tested", &page(samples, ready, Vec::new(), None));
    let active = vec![card(State::Active, Progress::InUse)];
    samples.add("sso-active", &page(samples, active, attempts(), None));
    let edited = vec![card(State::Active, Progress::Validated), card(State::Draft, Progress::Untested)];
    samples.add("sso-active-edited", &page(samples, edited, Vec::new(), None));
    let locked = vec![card(State::Active, Progress::InUse)];
    samples.add("sso-active-locked", &page(samples, locked, Vec::new(), Some(reason.to_owned())));
    let disabled = vec![card(State::Disabled, Progress::Validated)];
    samples.add("sso-disabled", &page(samples, disabled, Vec::new(), None));
    let frame = samples.owner(Section::SingleSignOn);
    samples.add("sso-new", &NewConnectionPage { frame, kind: Kind::OktaOidc, problem: None });
}

fn checks() -> Vec<Check> {
    let check = |outcome, text: &str| Check { outcome, text: text.to_owned(), ..Check::default() };
    vec![
        check(CheckOutcome::Passed, "acme.okta.com answers with an OpenID configuration"),
        check(CheckOutcome::Passed, "Issuer and signing keys are usable"),
        check(CheckOutcome::Remark, "Okta does not say whether it supports PKCE; it is used anyway"),
        check(CheckOutcome::NotMade, "Whether Okta knows this app and our address could not be checked"),
        Check {
            expected: Some("client accepted".to_owned()),
            received: Some("invalid_client".to_owned()),
            mend: Some(
                "Copy the secret again from General › Client Credentials; a rotated secret takes effect at once."
                    .to_owned(),
            ),
            ..check(CheckOutcome::Failed, "Okta refuses the client secret")
        },
    ]
}

fn add_configure(samples: &mut Samples) {
    let address = "https://sign-in.example.com/sso/oidc/con_01kb2m3x4y5z6a7b8c9d0e1f2g";
    let page = ConfigurePage {
        frame: samples.owner(Section::SingleSignOn),
        connection: connection(Kind::OktaOidc, State::Draft),
        single_sign_on_url: format!("{address}/callback"),
        initiate_login_url: format!("{address}/initiate"),
        post_logout_redirect_url: format!("{address}/signed-out"),
        backchannel_logout_url: format!("{address}/backchannel-logout"),
        provider_address: Field::empty(),
        understood: None,
        client_id: Field::empty(),
        client_secret: Field::empty(),
        secret_stored: false,
        progress: Progress::Unsaved,
        checks: Vec::new(),
        problem: None,
        linked_elsewhere: 0,
    };
    samples.add("sso-configure", &page);
    let page = ConfigurePage {
        provider_address: Field::filled("acme.okta.com"),
        understood: Some(Understood {
            read: "acme.okta.com".to_owned(),
            typed: "https://acme-admin.okta.com/admin".to_owned(),
        }),
        client_id: Field::filled("0oa8x2k1qPzV3TnXw5d7"),
        secret_stored: true,
        progress: Progress::Untested,
        checks: checks(),
        ..page
    };
    samples.add("sso-configure-checked", &page);
    let passed = checks().into_iter().filter(|check| check.outcome == CheckOutcome::Passed).collect();
    let page = ConfigurePage { checks: passed, ..page };
    samples.add("sso-configure-passed", &page);
    let page = ConfigurePage { progress: Progress::Validated, linked_elsewhere: 41, checks: Vec::new(), ..page };
    samples.add("sso-configure-tested", &page);
    let page = ConfigurePage {
        connection: connection(Kind::Oidc, State::Active),
        provider_address: Field::filled("https://10.0.0.7/")
            .refused("This address must not be contacted: it is private."),
        understood: None,
        client_secret: Field::empty().refused("Type the secret again, because the address changed."),
        progress: Progress::InUse,
        linked_elsewhere: 0,
        ..page
    };
    samples.add("sso-configure-oidc", &page);
}

fn add_test(samples: &mut Samples) {
    let head = connection(Kind::OktaOidc, State::Draft);
    let page = TestStartPage {
        frame: samples.owner(Section::SingleSignOn),
        connection: head.clone(),
        test_id: "tst_1".to_owned(),
        url: format!("https://sign-in.example.com{}/tests/tst_1", head.url()),
        expires: ago(-60),
    };
    samples.add("sso-test", &page);
    let claim = |name: &str, value: &str, remark: &str| Claim {
        name: name.to_owned(),
        value: value.to_owned(),
        remark: remark.to_owned(),
    };
    let page = TestResultPage {
        frame: samples.owner(Section::SingleSignOn),
        connection: head,
        at: ago(1),
        failure: None,
        claims: vec![
            claim("sub", "00u8x2k1qPzV3TnXw5d7", "Key of the person"),
            claim("email", "robin@acme.example", "Matched with a member"),
            claim("email_verified", "true", "Okta vouches for the address"),
            claim("name", "Robin Vale", "Used for a new person only"),
        ],
        resolves_to: "Robin Vale (robin@acme.example), Owner of Acme Robotics".to_owned(),
        would_happen: vec![
            "Robin Vale is signed in; role and projects stay as they are.".to_owned(),
            "The identity is linked, so that a later change of address does not matter.".to_owned(),
        ],
        would_be_refused: false,
        can_be_activated: true,
        linked_elsewhere: 3,
    };
    samples.add("sso-test-passed", &page);
    let page = TestResultPage {
        claims: vec![claim("sub", "00u8x2k1qPzV3TnXw5d7", "Key of the person")],
        resolves_to: "Somebody new to this organization, perhaps after a mailed code".to_owned(),
        would_happen: vec![
            "Is refused: Your identity provider sent no e-mail address.".to_owned(),
            "Give the person an e-mail address at the identity provider.".to_owned(),
        ],
        would_be_refused: true,
        linked_elsewhere: 0,
        ..page
    };
    samples.add("sso-test-refused-here", &page);
    let page = TestResultPage {
        failure: Some(TestFailure {
            happened: "The ID token names another issuer".to_owned(),
            expected: Some("https://acme.okta.com".to_owned()),
            received: Some("https://acme.okta.com/oauth2/default".to_owned()),
            mend: "Use the Okta organization's own address, not a custom authorization server.".to_owned(),
            reference: "B2X-8HT".to_owned(),
        }),
        claims: Vec::new(),
        ..page
    };
    samples.add("sso-test-failed", &page);
}

fn add_records(samples: &mut Samples) {
    let head = connection(Kind::OktaOidc, State::Active);
    let page = |samples: &Samples, reference: &str, items| AttemptsPage {
        frame: samples.owner(Section::SingleSignOn),
        connection: connection(Kind::OktaOidc, State::Active),
        reference: reference.to_owned(),
        items,
        pager: Pager::default(),
    };
    samples.add("sso-attempts", &page(samples, "", attempts()));
    let one = attempts().into_iter().take(1).collect();
    samples.add("sso-attempts-found", &page(samples, "K7Q-2M9", one));
    samples.add("sso-attempts-empty", &page(samples, "ZZZ-000", Vec::new()));
    let identity = |person: Person, superseded| IdentityRow {
        person,
        subject: "00u8x2k1qPzV3TnXw5d7".to_owned(),
        superseded,
        linked: ago(20_000),
        last_sign_in: Some(ago(12)),
    };
    let page = IdentitiesPage {
        frame: samples.owner(Section::SingleSignOn),
        connection: head,
        problem: None,
        items: vec![identity(robin(), false), identity(long_person(), true)],
        pager: Pager::default(),
    };
    samples.add("sso-identities", &page);
    let problem = Some("Nobody who is linked was chosen. Choose whose links are to be cleared.".to_owned());
    let page = IdentitiesPage { problem, ..page };
    samples.add("sso-identities-nobody-chosen", &page);
    samples.add("sso-identities-empty", &IdentitiesPage { items: Vec::new(), problem: None, ..page });
}
