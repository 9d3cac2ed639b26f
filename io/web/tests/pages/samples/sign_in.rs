//! The pages without a session.

use orgate_web::pages::passkeys::PasskeyForm;
use orgate_web::pages::password::{
    ForgottenPasswordMailedPage, ForgottenPasswordPage, NewOrganizationPage, PasswordResetPage, ResetFactor, SignUpPage,
};
use orgate_web::pages::refusal::{ErrorKind, ErrorPage, RefusalPage};
use orgate_web::pages::second_factor::{FactorField, OtherFactor};
use orgate_web::pages::sign_in::{
    CodePage, CodePurpose, DifferentPersonPage, FreshProofPage, InvitationPage, InvitationState,
    OrganizationSignInPage, SessionEndedPage, SignInPage, SignOutThereToo, SignedOutPage, SsoLookUpMailedPage,
    SsoLookUpPage, SsoProof, TileStartPage,
};
use orgate_web::pages::{Field, Hidden, Notice, Person, Tone};

use super::{Samples, ago, departure, long_name, long_person, personal, robin};

pub fn add(samples: &mut Samples) {
    add_ways_in(samples);
    add_codes(samples);
    add_proofs(samples);
    add_passwords(samples);
    add_invitations(samples);
    add_refusals(samples);
    departure::add(samples);
}

fn add_ways_in(samples: &mut Samples) {
    let site = samples.site();
    let page = SignInPage {
        site: site.clone(),
        notice: None,
        email: Field::empty(),
        password: Field::empty(),
        password_offered: true,
        problem: None,
        sign_up_open: true,
        providers: Vec::new(),
        passkey: None,
    };
    samples.add("sign-in", &page);
    let page = SignInPage { passkey: Some(PasskeyForm::at("/sign-in/passkey")), ..page };
    samples.add("sign-in-with-passkey", &page);
    let page = SignInPage { providers: personal::both(), ..page };
    samples.add("sign-in-with-providers", &page);
    let page = SignInPage { password_offered: false, ..page };
    samples.add("sign-in-without-password", &page);
    let page = SignInPage { password_offered: true, ..page };
    let notice = Some(Notice::new("Your new password is set. Sign in with it.", Tone::Success));
    let page = SignInPage { notice, ..page };
    samples.add("sign-in-after-reset", &page);
    let page = SignInPage {
        email: Field::filled("robin@acme.example"),
        problem: Some("This address and password do not belong together.".to_owned()),
        sign_up_open: false,
        notice: None,
        ..page
    };
    samples.add("sign-in-refused", &page);
    samples.add("sign-in-sso", &SsoLookUpPage { site: site.clone(), identifier: Field::empty() });
    let identifier = Field::filled("acme robotics").refused("Give a short name such as acme, or a whole address.");
    samples.add("sign-in-sso-refused", &SsoLookUpPage { site: site.clone(), identifier });
    samples.add("sign-in-sso-mailed", &SsoLookUpMailedPage { site: site.clone(), email: long_person().email });
    for (name, organization_name) in
        [("sign-in-organization", "Acme Robotics"), ("sign-in-organization-long", long_name())]
    {
        let organization_name = organization_name.to_owned();
        samples.add(name, &OrganizationSignInPage { site: site.clone(), organization_name, slug: "acme".to_owned() });
    }
    let page = TileStartPage {
        site: site.clone(),
        organization_name: "Acme Robotics".to_owned(),
        provider_host: "acme.okta.com".to_owned(),
        action: "/sso/oidc/con_1/initiate".to_owned(),
    };
    samples.add("sign-in-tile", &page);
    let reason = "You were away for more than 6 hours.".to_owned();
    let page =
        SessionEndedPage { site: site.clone(), reason, organizations: Vec::new(), sign_in_url: "/sign-in".to_owned() };
    samples.add("session-ended", &page);
    let sso = |name: &str, slug: &str| SsoProof { organization_name: name.to_owned(), slug: slug.to_owned() };
    let page = SessionEndedPage {
        reason:
            "Acme Robotics now asks its members to sign in through its SSO, so your session ended. Nothing you sent \
                 was done."
                .to_owned(),
        organizations: vec![sso("Acme Robotics", "acme")],
        ..page
    };
    samples.add("session-ended-by-enforcement", &page);
    let page = SessionEndedPage {
        reason: format!(
            "Acme Robotics and {} now ask their members to sign in through their SSO, so your session ended.",
            long_name()
        ),
        organizations: vec![sso("Acme Robotics", "acme"), sso(long_name(), "rheinland")],
        ..page
    };
    samples.add("session-ended-by-two", &page);
    let url = "https://acme.okta.com/oauth2/v1/logout?client_id=0oa1b2c3&state=x".to_owned();
    let page = SignOutThereToo { site: site.clone(), organization_name: long_name().to_owned(), url };
    samples.add("sign-out-there-too", &page);
    samples.add("signed-out", &SignedOutPage { site });
}

fn add_codes(samples: &mut Samples) {
    let organization_name = "Acme Robotics".to_owned();
    for (name, purpose, code, sent_again) in [
        ("code-sign-up", CodePurpose::SignUp, Field::empty(), true),
        (
            "code-first-sso",
            CodePurpose::FirstSso { organization_name: organization_name.clone() },
            Field::empty().refused("That is not the code we mailed. 3 tries are left."),
            false,
        ),
        ("code-step-up", CodePurpose::StepUp, Field::empty(), false),
        ("code-invitation", CodePurpose::Invitation { organization_name }, Field::empty(), false),
        ("code-own-address", CodePurpose::OwnAddress, Field::empty(), false),
        (
            "code-departure",
            CodePurpose::Departure { organization_name: "Acme Robotics".to_owned() },
            Field::empty().refused("That is not the code. Look at the newest mail from us; only its code serves."),
            true,
        ),
    ] {
        let page = CodePage {
            site: samples.site(),
            purpose,
            address: "robin@acme.example".to_owned(),
            code,
            sent_again,
            action: "/sign-ups/sup_1/verification".to_owned(),
            again_action: "/sign-ups/sup_1/codes".to_owned(),
            cancel_url: "/sign-in".to_owned(),
        };
        samples.add(name, &page);
    }
}

fn add_proofs(samples: &mut Samples) {
    let page = DifferentPersonPage {
        site: samples.site(),
        organization_name: "Acme Robotics".to_owned(),
        current: robin(),
        asserted: Person::new("usr_2", "Sam Okafor", "sam.okafor@acme.example"),
        action: "/sign-in/attempt".to_owned(),
    };
    samples.add("different-person", &page);
    let page = FreshProofPage {
        site: samples.site(),
        person: robin(),
        reason: "Deleting Acme Robotics needs a proof made in the last 15 minutes.".to_owned(),
        unsaved: Some("Nothing you sent was saved yet. Afterwards you come back and send it again.".to_owned()),
        password: Some(Field::empty().refused("That is not your password.")),
        passkey: None,
        sso: vec![SsoProof { organization_name: "Acme Robotics".to_owned(), slug: "acme".to_owned() }],
        providers: personal::both(),
        code_address: Some("r•••n@acme.example".to_owned()),
        problem: None,
        action: "/account/proof".to_owned(),
        hidden: Vec::new(),
        cancel_url: "/organizations".to_owned(),
    };
    samples.add("fresh-proof", &page);
    let carried = vec![Hidden { name: "purpose".to_owned(), value: "acme".to_owned() }];
    let passkey = Some(PasskeyForm::at("/account/proof/passkey").carrying(carried));
    let page = FreshProofPage { password: Some(Field::empty()), passkey, ..page };
    samples.add("fresh-proof-with-passkey", &page);
    let problem = Some("That passkey is not known here. Use another one, or another way to sign in.".to_owned());
    let (sso, providers) = (Vec::new(), Vec::new());
    let page = FreshProofPage { password: None, sso, providers, code_address: None, problem, ..page };
    samples.add("fresh-proof-passkey-refused", &page);
    samples.add("fresh-proof-dead-end", &FreshProofPage { passkey: None, problem: None, ..page });
}

fn add_passwords(samples: &mut Samples) {
    let site = samples.site();
    let page = SignUpPage {
        site: site.clone(),
        name: Field::empty(),
        email: Field::empty(),
        password: Field::empty(),
        minimum_password_length: 12,
        problem: None,
        providers: Vec::new(),
        password_offered: true,
    };
    samples.add("sign-up", &page);
    let page = SignUpPage { providers: personal::both(), ..page };
    samples.add("sign-up-with-providers", &page);
    let page = SignUpPage { password_offered: false, ..page };
    samples.add("sign-up-without-password", &page);
    let page = SignUpPage { password_offered: true, ..page };
    let page = SignUpPage {
        name: Field::filled("Robin Vale"),
        email: Field::filled("robin@acme").refused("This is not a whole address; the part after the @ needs a dot."),
        password: Field::empty().refused("This password is on the list of common ones. Choose another."),
        ..page
    };
    samples.add("sign-up-refused", &page);
    samples.add("forgotten-password", &ForgottenPasswordPage { site: site.clone(), email: Field::empty() });
    let page = ForgottenPasswordMailedPage { site: site.clone(), email: "robin@acme.example".to_owned() };
    samples.add("forgotten-password-mailed", &page);
    let page = PasswordResetPage {
        site: site.clone(),
        token: "token".to_owned(),
        email: "robin@acme.example".to_owned(),
        organizations: vec!["Acme Robotics".to_owned(), long_name().to_owned()],
        password: Field::empty(),
        minimum_password_length: 12,
        factor: None,
    };
    samples.add("password-reset", &page);
    let factor = ResetFactor {
        with: FactorField::Authenticator,
        code: Field::empty().refused("That code is not right, or it was used already."),
        others: vec![OtherFactor {
            label: "Use a recovery code",
            url: Some("/password-reset/token?with=recovery-code".to_owned()),
            method: "recovery-code",
        }],
    };
    let page = PasswordResetPage { factor: Some(factor), ..page };
    samples.add("password-reset-factor", &page);
    let factor = ResetFactor { with: FactorField::RecoveryCode, code: Field::empty(), others: Vec::new() };
    samples.add("password-reset-recovery-code", &PasswordResetPage { factor: Some(factor), ..page });
    let page = NewOrganizationPage {
        site,
        first: true,
        name: Field::empty(),
        slug: Field::empty(),
        address_prefix: "https://sign-in.example.com/sign-in/".to_owned(),
        problem: None,
    };
    samples.add("organization-first", &page);
    let slug = Field::filled("acme").refused("Another organization has this short name.");
    samples.add("organization-new", &NewOrganizationPage { first: false, name: Field::filled("Acme"), slug, ..page });
}

fn add_invitations(samples: &mut Samples) {
    let sign_in_url = "/sign-in/acme".to_owned();
    for (name, state) in [
        ("invitation-ready", InvitationState::Ready),
        (
            "invitation-signed-out",
            InvitationState::SignedOut { sign_in_url: sign_in_url.clone(), sign_up_url: Some("/sign-up".to_owned()) },
        ),
        ("invitation-code", InvitationState::NeedsCode),
        ("invitation-wrong-person", InvitationState::WrongPerson { current: long_person() }),
        ("invitation-sso-only", InvitationState::SsoOnly { sign_in_url }),
        ("invitation-gone", InvitationState::Gone),
    ] {
        let page = InvitationPage {
            site: samples.site(),
            token: "token".to_owned(),
            organization_name: "Acme Robotics".to_owned(),
            inviter: "Robin Vale".to_owned(),
            email: "kim@partner.example".to_owned(),
            role: "Member".to_owned(),
            projects: vec!["Falcon (read and write)".to_owned(), "Warehouse twin (read only)".to_owned()],
            expires: ago(-2700),
            state,
        };
        samples.add(name, &page);
    }
}

fn add_refusals(samples: &mut Samples) {
    let page = RefusalPage {
        site: samples.site(),
        title: "Okta did not let you in".to_owned(),
        happened: "Okta knows you, but the app of Acme Robotics is not assigned to you there.".to_owned(),
        mend: "Ask an administrator of Acme Robotics to assign the app to you in Okta, then try again.".to_owned(),
        reference: Some("K7Q-2M9".to_owned()),
        back_url: "/sign-in/acme".to_owned(),
        back_label: "Back to sign-in".to_owned(),
    };
    samples.add("refusal", &page);
    for kind in [
        ErrorKind::BadRequest,
        ErrorKind::Forbidden,
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::TooManyRequests,
        ErrorKind::Fault,
        ErrorKind::Unavailable,
    ] {
        let page = ErrorPage { site: samples.site(), kind, text: None, reference: Some("8F2-K1T".to_owned()) };
        samples.add(&format!("error-{}", kind.status()), &page);
    }
}
