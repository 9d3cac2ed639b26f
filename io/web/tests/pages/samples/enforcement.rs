//! SSO enforcement in every state: its card, the page that enables it, the one that changes it, the questions.

use orgate_web::pages::confirmation::{ConfirmationPage, Consequence, TypedName, Weight};
use orgate_web::pages::enforcement::{
    EditEnforcementPage, EnableEnforcementPage, EnforcementCard, EnforcementState, Obstacle, Way,
};
use orgate_web::pages::sso::{ConnectionCard, Kind, Progress, SsoPage, State};
use orgate_web::pages::{Field, Hidden, Person, Section, Switch, Tone};

use super::sso::{attempts, connection};
use super::{Samples, ago, long_person, robin};

const OVERVIEW: &str = "/organizations/acme/settings/single-sign-on";

pub fn add(samples: &mut Samples) {
    add_cards(samples);
    add_enabling(samples);
    add_changing(samples);
    add_questions(samples);
}

fn add_cards(samples: &mut Samples) {
    let page = |samples: &Samples, enforcement: EnforcementCard| SsoPage {
        frame: samples.owner(Section::SingleSignOn),
        locked: enforcement.plan_lost.then(|| "Ask whoever runs Example Cloud to include it.".to_owned()),
        connections: vec![ConnectionCard {
            connection: connection(Kind::OktaOidc, State::Active),
            progress: Progress::InUse,
            validated: Some(ago(4000)),
            last_sign_in: Some(ago(12)),
            linked: 41,
        }],
        enforcement,
        login_address: "https://sign-in.example.com/sign-in/acme".to_owned(),
        attempts: attempts(),
    };
    let on = EnforcementCard {
        state: EnforcementState::On { since: ago(3000) },
        owners: "May sign in without SSO, unless another organization binds them".to_owned(),
        provider: "Okta".to_owned(),
        break_glass: vec![robin(), long_person()],
        ..EnforcementCard::default()
    };
    samples.add("sso-enforced", &page(samples, on.clone()));
    let trial = EnforcementCard { state: EnforcementState::Trial { ends: ago(-7) }, ..on.clone() };
    samples.add("sso-enforced-trial", &page(samples, trial));
    let nobody = EnforcementCard { break_glass: Vec::new(), ..on.clone() };
    samples.add("sso-enforced-no-way-back", &page(samples, nobody.clone()));
    let strict = EnforcementCard {
        owners: "Use SSO like everybody else".to_owned(),
        operator_recovery: true,
        provider: "your identity provider".to_owned(),
        ..nobody
    };
    samples.add("sso-enforced-operator-recovery", &page(samples, strict));
    samples.add("sso-enforced-plan-lost", &page(samples, EnforcementCard { plan_lost: true, ..on }));
}

fn people(count: u64, first: Vec<Person>, text: &str) -> Consequence {
    Consequence { people: first, ..Consequence::counted(count, text) }
}

fn ten() -> Vec<Person> {
    let person = |number: u64| Person::new("usr_9", format!("Member {number}"), format!("m{number}@acme.example"));
    let mut ten: Vec<Person> = (1..10).map(person).collect();
    ten.insert(3, long_person());
    ten
}

fn forecast() -> Vec<Consequence> {
    vec![
        people(3, vec![robin()], "Owners keep every way to sign in"),
        people(41, ten(), "members must use Okta at their next click; 57 sessions end"),
        people(6, ten(), "of them have never signed in through Okta. Are they assigned there?"),
        Consequence::counted(2, "pending invitations can only be taken up through Okta"),
    ]
}

fn switches(exempt: bool, locked: bool) -> Vec<Switch> {
    vec![
        Switch {
            name: "owner_exemption".to_owned(),
            label: "Allow Organization Owners to sign in without SSO".to_owned(),
            consequence: "Keeps a door open if Okta is down. Each use is recorded and mailed to the other Owners."
                .to_owned(),
            on: exempt,
            locked: None,
        },
        Switch {
            name: "owner_second_factor".to_owned(),
            label: "Only Owners with a second factor".to_owned(),
            consequence: "Owners without one use SSO like everybody else.".to_owned(),
            on: false,
            locked: locked.then(|| "You have none yourself, so you cannot ask it of the others.".to_owned()),
        },
    ]
}

fn recovery(on: bool) -> Switch {
    Switch {
        name: "accept_operator_recovery".to_owned(),
        label: "Whoever runs Example Cloud may be our only way back in".to_owned(),
        consequence:
            "Needed when no Owner who has a password may sign in without SSO: if Okta is down then, nobody here \
                      can come in until whoever runs Example Cloud lets an Owner in by hand."
                .to_owned(),
        on,
        locked: None,
    }
}

fn by_sso() -> Way {
    Way::Sso(vec![
        Hidden { name: "method".to_owned(), value: "sso".to_owned() },
        Hidden { name: "organization".to_owned(), value: "acme".to_owned() },
    ])
}

fn add_enabling(samples: &mut Samples) {
    let typed_name = |confirmation| TypedName { expected: "acme".to_owned(), confirmation };
    let page = EnableEnforcementPage {
        frame: samples.owner(Section::SingleSignOn),
        provider: "Okta".to_owned(),
        obstacle: None,
        possible: true,
        forecast: forecast(),
        second_factor_rule_ends: true,
        switches: switches(true, true),
        recovery: recovery(false),
        forecast_for: "owners-exempt",
        trial_minutes: 10,
        typed_name: typed_name(Field::empty()),
    };
    samples.add("enforcement-enable", &page);
    let alone = vec![
        people(1, vec![robin()], "Owner keeps every way to sign in"),
        Consequence::counted(0, "members must use Okta at their next click; 0 sessions end"),
    ];
    let page = EnableEnforcementPage { forecast: alone, second_factor_rule_ends: false, ..page };
    samples.add("enforcement-enable-alone", &page);
    let obstacle = Obstacle {
        text: "Nobody could come back in if Okta were down. Let an Owner who has a password sign in without SSO, or accept \
               below that only whoever runs Example Cloud can let you back in."
            .to_owned(),
        way: None,
        tone: Tone::Danger,
    };
    let page = EnableEnforcementPage {
        forecast: forecast(),
        obstacle: Some(obstacle),
        switches: switches(false, false),
        typed_name: typed_name(Field::filled("acme-robots").refused("Type acme to confirm.")),
        ..page
    };
    samples.add("enforcement-enable-refused", &page);
    let obstacle = Obstacle {
        text: "With these switches you need SSO yourself. So first show that it lets you in: sign in through Okta. You come \
               back here with the switches as they are."
            .to_owned(),
        way: Some(by_sso()),
        tone: Tone::Danger,
    };
    let page = EnableEnforcementPage { obstacle: Some(obstacle), recovery: recovery(true), ..page };
    samples.add("enforcement-enable-needs-sso", &page);
    let way = Some(Way::Link { url: OVERVIEW.to_owned(), label: "Go to the connection" });
    let text = "There is no active connection that a test sign-in went through, so nobody could come in.".to_owned();
    let obstacle = Some(Obstacle { text, way, tone: Tone::Danger });
    samples.add("enforcement-enable-impossible", &EnableEnforcementPage { possible: false, obstacle, ..page });
}

fn add_changing(samples: &mut Samples) {
    let page = EditEnforcementPage {
        frame: samples.owner(Section::SingleSignOn),
        provider: "Okta".to_owned(),
        obstacle: None,
        shows_change: false,
        forecast: vec![
            people(3, vec![robin(), long_person()], "Owners keep every way to sign in"),
            people(41, ten(), "members sign in through Okta only"),
        ],
        switches: switches(true, true),
        recovery: recovery(false),
        forecast_for: "owners-exempt",
    };
    samples.add("enforcement-edit", &page);
    let page = EditEnforcementPage {
        shows_change: true,
        forecast: vec![
            Consequence::counted(0, "Owners keep every way to sign in"),
            people(44, ten(), "members sign in through Okta only"),
            Consequence::plain("You are among them, so you come in through Okta."),
        ],
        switches: switches(false, true),
        forecast_for: "nobody-exempt",
        ..page
    };
    samples.add("enforcement-edit-changed", &page);
}

fn add_questions(samples: &mut Samples) {
    let page = ConfirmationPage {
        frame: samples.owner(Section::SingleSignOn),
        above: Some(("Single Sign-On".to_owned(), OVERVIEW.to_owned())),
        title: "Turn SSO enforcement off?".to_owned(),
        text: "Members of Acme Robotics choose again how they sign in.".to_owned(),
        badge: None,
        consequences: vec![
            Consequence::plain(
                "Members use their old passwords again, unless another organization binds them to its SSO.",
            ),
            Consequence::plain(
                "Members without a password set one by mail, with “Forgot your password?” on the sign-in page.",
            ),
            Consequence::plain("People can be invited again."),
            Consequence::plain("Sessions that enforcement ended stay ended."),
        ],
        reassurance: "Nobody is signed out, and single sign-on goes on. All Owners are mailed.".to_owned(),
        switches: vec![Switch {
            name: "require_mfa_again".to_owned(),
            label: "Require a second factor again".to_owned(),
            consequence: "Members who come in without SSO need one. It was so before enforcement.".to_owned(),
            on: true,
            locked: None,
        }],
        typed_name: None,
        problem: None,
        verb: "Turn off".to_owned(),
        weight: Weight::Ending,
        action: "/organizations/acme/enforcement/removal".to_owned(),
        hidden: Vec::new(),
        cancel_url: OVERVIEW.to_owned(),
    };
    samples.add("enforcement-turn-off", &page);
    let page = ConfirmationPage {
        title: "Keep SSO enforced?".to_owned(),
        text: "The trial ends in 7 minutes (22 November 2026, 06:10:00 UTC) and would turn enforcement off.".to_owned(),
        consequences: vec![
            Consequence::plain("Members go on signing in through Okta only."),
            Consequence::plain("It stays on until an Owner turns it off."),
        ],
        reassurance: "Nobody is signed out by confirming.".to_owned(),
        switches: Vec::new(),
        verb: "Confirm".to_owned(),
        weight: Weight::Beginning,
        action: "/organizations/acme/enforcement/confirmation".to_owned(),
        ..page
    };
    samples.add("enforcement-confirm", &page);
    let page = ConfirmationPage {
        title: "First sign in through Okta".to_owned(),
        consequences: vec![
            Consequence::plain(
                "Only an Owner who came in through Okta a moment ago can confirm: that shows that the door works.",
            ),
            Consequence::plain("You come back here to confirm."),
        ],
        reassurance: "Nothing was changed. The trial goes on meanwhile.".to_owned(),
        verb: "Sign in through Okta".to_owned(),
        action: "/account/proof".to_owned(),
        ..page
    };
    samples.add("enforcement-confirm-needs-sso", &page);
}
