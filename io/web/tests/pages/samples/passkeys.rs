//! Adding and naming passkeys, and pages that ask for one.

use orgate_web::pages::factors::Before;
use orgate_web::pages::passkeys::{NewPasskeyPage, PasskeyForm, PasskeyPage, PasskeyRow, PasskeysCard};
use orgate_web::pages::second_factor::{FactorField, OtherFactor, SecondFactorPage};
use orgate_web::pages::{Field, Section};

use super::{Samples, ago, long_name};

const ID: &str = "psk_01kb2m3x4y5z6a7b8c9d0e1f2g";

/// Three, of which one was never used and one has a long name.
pub fn some() -> PasskeysCard {
    let row = |id: &str, name: &str, used, synced| PasskeyRow {
        id: id.to_owned(),
        name: name.to_owned(),
        added: ago(50_000),
        used,
        synced,
    };
    let passkeys = vec![
        row(ID, "Firefox on Linux", Some(ago(3)), false),
        row("psk_2", "1Password", None, true),
        row("psk_3", long_name(), Some(ago(9_000)), false),
    ];
    PasskeysCard { passkeys, offered: true }
}

/// None yet.
pub fn none() -> PasskeysCard {
    PasskeysCard { passkeys: Vec::new(), offered: true }
}

/// Some from a time when the operator offered them.
pub fn no_longer_offered() -> PasskeysCard {
    PasskeysCard { offered: false, ..some() }
}

pub fn add(samples: &mut Samples) {
    add_new(samples);
    add_name(samples);
    add_second_factor(samples);
}

fn add_new(samples: &mut Samples) {
    let page = |samples: &Samples, before, name, problem: Option<&str>| NewPasskeyPage {
        frame: samples.outside(Section::Security),
        before,
        name,
        problem: problem.map(str::to_owned),
        form: PasskeyForm {
            action: "/account/passkeys?organization=acme".to_owned(),
            ..PasskeyForm::at("/account/passkeys")
        },
        code_action: "/account/enrolment-codes?organization=acme&next=passkey".to_owned(),
        cancel_url: "/account/security".to_owned(),
    };
    let name = || Field::filled("Firefox on Linux");
    samples.add("passkey-new", &page(samples, Before::Nothing, name(), None));
    let coded = Before::MailedCode { address: "r•••@acme.example".to_owned() };
    samples.add("passkey-new-code", &page(samples, coded, name(), None));
    samples.add("passkey-new-unproven", &page(samples, Before::AddressProof, name(), None));
    let problem =
        "Your device did not check that it is you. Use a passkey that asks for your fingerprint, face or PIN.";
    let unnamed = Field::empty().refused("Type a name.");
    samples.add("passkey-new-refused", &page(samples, Before::Nothing, unnamed, Some(problem)));
}

fn add_name(samples: &mut Samples) {
    for (name, current_name, field) in [
        ("passkey", "Firefox on Linux", Field::filled("Firefox on Linux")),
        ("passkey-refused", "Firefox on Linux", Field::empty().refused("Type a name.")),
        ("passkey-long", long_name(), Field::filled(long_name())),
    ] {
        let frame = samples.outside(Section::Security);
        let page = PasskeyPage { frame, id: ID.to_owned(), current_name: current_name.to_owned(), name: field };
        samples.add(name, &page);
    }
}

fn add_second_factor(samples: &mut Samples) {
    const HERE: &str = "/sign-in/second-factor/sin_1";
    let other = |label: &'static str, method: &'static str, linked: bool| OtherFactor {
        label,
        url: linked.then(|| format!("{HERE}?with={method}")),
        method,
    };
    let (passkey, app, code) = ("Use a passkey", "Use the authenticator app", "Use a recovery code");
    let page = SecondFactorPage {
        site: samples.site(),
        reason: "Your password was right. Your account has a second factor.".to_owned(),
        unsaved: None,
        with: FactorField::Passkey(PasskeyForm::at(&format!("{HERE}/passkey"))),
        code: Field::empty(),
        others: vec![other(app, "totp", true), other(code, "recovery-code", true)],
        action: HERE.to_owned(),
        hidden: Vec::new(),
        cancel_url: "/sign-in".to_owned(),
    };
    samples.add("second-factor-passkey", &page);
    let refused = "That passkey is not known here. Use another one, or another way to sign in. It may have been removed \
                   from your account.";
    let page = SecondFactorPage { code: Field::empty().refused(refused), others: Vec::new(), ..page };
    samples.add("second-factor-passkey-refused", &page);
    let page = SecondFactorPage {
        with: FactorField::Authenticator,
        unsaved: Some("Nothing you sent was saved yet. Afterwards you come back and send it again.".to_owned()),
        code: Field::empty().refused("That code is not right, or it was used already."),
        others: vec![other(passkey, "passkey", true), other(code, "recovery-code", true)],
        ..page
    };
    samples.add("second-factor-app", &page);
    let page = SecondFactorPage {
        with: FactorField::RecoveryCode,
        code: Field::empty(),
        // Beside something else the choice is a button of the form.
        others: vec![other(app, "totp", false)],
        ..page
    };
    samples.add("second-factor-recovery-code", &page);
}
