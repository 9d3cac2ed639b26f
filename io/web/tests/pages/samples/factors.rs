//! Setting second factors up and taking them away.

use orgate_web::pages::factors::{
    Before, NewTotpPage, RecoveryCodesPage, RequiredFactorPage, SecondFactorCard, TotpPage,
};
use orgate_web::pages::qr::QrDrawing;
use orgate_web::pages::{Field, Section};

use super::{Samples, ago, long_name, robin};

/// Two-step verification that is off, where two organizations ask for it.
pub fn off() -> SecondFactorCard {
    SecondFactorCard {
        required_by: vec!["Acme Robotics".to_owned(), long_name().to_owned()],
        ..SecondFactorCard::default()
    }
}

/// The same when it is on and codes run out.
pub fn on() -> SecondFactorCard {
    SecondFactorCard {
        on: true,
        authenticator_since: Some(ago(50_000)),
        recovery_codes_left: 2,
        required_by: Vec::new(),
    }
}

pub fn add(samples: &mut Samples) {
    let new = |before| NewTotpPage {
        frame: samples.outside(Section::Security),
        before,
        begin_action: "/account/totp?organization=acme".to_owned(),
        code_action: "/account/enrolment-codes?organization=acme".to_owned(),
        cancel_url: "/account/security".to_owned(),
    };
    let (ready, unproven) = (new(Before::Nothing), new(Before::AddressProof));
    let coded = new(Before::MailedCode { address: "r•••@acme.example".to_owned() });
    samples.add("second-factor-new", &ready);
    samples.add("second-factor-new-code", &coded);
    samples.add("second-factor-new-unproven", &unproven);
    let uri = "otpauth://totp/Example%20Cloud:robin.vale%40acme.example\
               ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example%20Cloud";
    let page = TotpPage {
        frame: samples.outside(Section::Security),
        drawing: QrDrawing::of(uri).unwrap_or_default(),
        secret: "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ".to_owned(),
        uri: uri.to_owned(),
        issuer: "Example Cloud".to_owned(),
        code: Field::empty(),
        action: "/account/totp/confirmation".to_owned(),
        cancel_url: "/account/security".to_owned(),
    };
    samples.add("second-factor-totp", &page);
    let code = Field::empty().refused("This is not the code that the app shows now. Codes change every 30 seconds.");
    samples.add("second-factor-totp-wrong", &TotpPage { code, ..page });
    add_rest(samples);
}

fn add_rest(samples: &mut Samples) {
    let codes = (0..10).map(|number| format!("7k2m-9xqd-4hzt-w3fc-8n5r-j6v{number}")).collect();
    let page = RecoveryCodesPage {
        frame: samples.outside(Section::Security),
        done: "Your authenticator app is set up, and you are signed out everywhere else.".to_owned(),
        codes,
        replaces: false,
        onward_url: "/organizations/acme/projects".to_owned(),
        onward_label: "Continue".to_owned(),
    };
    samples.add("second-factor-recovery-codes", &page);
    samples.add("second-factor-recovery-codes-again", &RecoveryCodesPage { replaces: true, ..page });
    let page = RequiredFactorPage {
        site: samples.site(),
        person: robin(),
        organization_name: "Acme Robotics".to_owned(),
        totp_url: "/account/totp/new?organization=acme".to_owned(),
        passkey_url: Some("/account/passkeys/new?organization=acme".to_owned()),
        sso_url: Some("/sign-in/acme".to_owned()),
    };
    samples.add("second-factor-required", &page);
    let page = RequiredFactorPage { organization_name: long_name().to_owned(), sso_url: None, ..page };
    samples.add("second-factor-required-long", &page);
    samples.add("second-factor-required-without-passkeys", &RequiredFactorPage { passkey_url: None, ..page });
}
