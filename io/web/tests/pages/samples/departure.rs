//! The pages of a sign-in that enforced SSO stopped, and of leaving an organization from there.

use orgate_web::pages::confirmation::{Consequence, Weight};
use orgate_web::pages::departure::{DepartedPage, DeparturePage};
use orgate_web::pages::refusal::{BlockedPage, BlockingOrganization};

use super::{Samples, long_name};

pub fn add(samples: &mut Samples) {
    add_blocked(samples);
    for (name, organization_name) in [("departure", "Acme Robotics"), ("departure-long", long_name())] {
        let page = page(samples, organization_name);
        samples.add(name, &page);
    }
    let obstacle = "You are the only Owner of Acme Robotics, and an organization always has one. Sign in through its \
                    single sign-on and make somebody else Owner first.";
    let page = DeparturePage { obstacle: Some(obstacle.to_owned()), ..page(samples, "Acme Robotics") };
    samples.add("departure-refused", &page);
    let page = DeparturePage {
        obstacle: None,
        reassurance:
            "The account of r\u{2022}\u{2022}\u{2022}n@acme.example stays, with its other organizations. This does \
                      not sign you in."
                .to_owned(),
        verb: "Leave Acme Robotics".to_owned(),
        weight: Weight::Ending,
        action: "/leave/token".to_owned(),
        cancel_url: "/sign-in".to_owned(),
        ..page
    };
    samples.add("departure-by-link", &page);
    for (name, organization_name) in [("departed", "Acme Robotics"), ("departed-long", long_name())] {
        let organization_name = organization_name.to_owned();
        samples.add(name, &DepartedPage { site: samples.site(), organization_name });
    }
}

fn add_blocked(samples: &mut Samples) {
    let blocking = |name: &str, slug: &str| BlockingOrganization {
        name: name.to_owned(),
        slug: slug.to_owned(),
        leave_url: Some(format!("/sign-in/blocked/sin_1/departures/{slug}")),
    };
    let (acme, long) = (blocking("Acme Robotics", "acme"), blocking(long_name(), "rheinland"));
    let notice = Some("You left Borealis Freight.".to_owned());
    for (name, organizations, notice) in [
        ("blocked", vec![acme.clone()], None),
        ("blocked-after-leaving", vec![long.clone()], notice),
        ("blocked-many", vec![acme.clone(), long], None),
    ] {
        let reference = Some("K7Q2-M9XB".to_owned());
        samples.add(name, &BlockedPage { site: samples.site(), notice, organizations, reference });
    }
    let organizations = vec![BlockingOrganization { leave_url: None, ..acme }];
    let page = BlockedPage { site: samples.site(), notice: None, organizations, reference: None };
    samples.add("blocked-elsewhere", &page);
}

fn page(samples: &Samples, organization_name: &str) -> DeparturePage {
    DeparturePage {
        site: samples.site(),
        organization_name: organization_name.to_owned(),
        consequences: vec![
            Consequence::plain("Your role, your projects and the invitations you sent there end at once."),
            Consequence::plain(format!("The Owners of {organization_name} are told that you left.")),
            Consequence::plain(
                "You come back through its single sign-on or by an invitation, as a member with no project.",
            ),
        ],
        reassurance:
            "We mail a code to r\u{2022}\u{2022}\u{2022}n@acme.example first. Then your sign-in goes on, with the \
                      password you entered. Your account stays."
                .to_owned(),
        obstacle: None,
        verb: "Mail me a code".to_owned(),
        weight: Weight::Beginning,
        action: "/sign-in/blocked/sin_1/departures/acme".to_owned(),
        cancel_url: "/sign-in/blocked/sin_1".to_owned(),
    }
}
