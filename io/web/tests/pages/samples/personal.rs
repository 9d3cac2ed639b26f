//! The pages of a sign-in through a person's own account at Google or GitHub.

use orgate_web::pages::Field;
use orgate_web::pages::personal::{
    KnownAddressPage, LinkPage, Linked, LinkedAccount, OtherPersonPage, PersonalRefusalPage, Provider,
    ProviderLeavePage,
};
use orgate_web::pages::sign_in::{CodePage, CodePurpose};

use super::{Samples, ago, long_person, robin};

pub fn google() -> Provider {
    Provider { name: "Google".to_owned(), word: "google".to_owned() }
}

fn github() -> Provider {
    Provider { name: "GitHub".to_owned(), word: "github".to_owned() }
}

/// Both, in the order of the buttons.
pub fn both() -> Vec<Provider> {
    vec![google(), github()]
}

/// One linked, one not.
pub fn linked_accounts() -> Vec<LinkedAccount> {
    let linked = Linked { email: "robin.vale@gmail.com".to_owned(), at: ago(60 * 24 * 12), used: Some(ago(30)) };
    vec![LinkedAccount { provider: google(), linked: Some(linked) }, LinkedAccount { provider: github(), linked: None }]
}

/// Both linked, with a long address.
pub fn both_linked() -> Vec<LinkedAccount> {
    let linked = |email: String| Some(Linked { email, at: ago(5), used: None });
    vec![
        LinkedAccount { provider: google(), linked: linked(long_person().email) },
        LinkedAccount { provider: github(), linked: linked("No address named".to_owned()) },
    ]
}

pub fn add(samples: &mut Samples) {
    let site = samples.site();
    let action = "/sign-in/with/attempts/sin_1".to_owned();
    let url = "https://accounts.google.com/o/oauth2/v2/auth?client_id=1".to_owned();
    samples.add("personal-leave", &ProviderLeavePage { site: site.clone(), provider: google(), url });
    for (name, email) in [("personal-known", robin().email), ("personal-known-long", long_person().email)] {
        let page = KnownAddressPage {
            site: site.clone(),
            provider: google(),
            email,
            link_url: format!("{action}/link"),
            code_action: format!("{action}/code"),
            cancel_action: format!("{action}/choice"),
        };
        samples.add(name, &page);
    }
    for (name, email, person) in [
        ("personal-link", "robin.vale@gmail.com".to_owned(), robin()),
        ("personal-link-long", long_person().email, long_person()),
        ("personal-link-nameless", String::new(), robin()),
    ] {
        let action = format!("{action}/link");
        samples.add(name, &LinkPage { site: site.clone(), provider: github(), email, person, action });
    }
    let page = OtherPersonPage {
        site: site.clone(),
        provider: google(),
        current: robin(),
        asserted: long_person(),
        action: format!("{action}/choice"),
    };
    samples.add("personal-change", &page);
    let page = PersonalRefusalPage {
        site: site.clone(),
        title: "Another account is linked already".to_owned(),
        advice:
            "Sign in with the one that is linked, or in another way, and unlink it under Sign-in and security first."
                .to_owned(),
        reference: "K7Q2-M9XB".to_owned(),
        back_url: "/sign-in".to_owned(),
        back_label: "Back to sign-in".to_owned(),
    };
    samples.add("personal-refused", &page);
    for (name, code) in [
        ("code-personal", Field::empty()),
        ("code-personal-refused", Field::empty().refused("That is not the code. Look at the newest mail from us.")),
    ] {
        let page = CodePage {
            site: site.clone(),
            purpose: CodePurpose::Personal { provider: "GitHub".to_owned(), link_url: format!("{action}/link") },
            address: long_person().email,
            code,
            sent_again: false,
            again_action: format!("{action}/code"),
            action: action.clone(),
            cancel_url: "/sign-in".to_owned(),
        };
        samples.add(name, &page);
    }
}
