//! Every page with believable, long, empty and refused data, for the tests of this folder and for `examples/preview.rs`.

mod account;
mod console;
mod departure;
mod domains;
mod enforcement;
mod factors;
mod passkeys;
mod personal;
mod sign_in;
mod sso;

use std::time::Duration;

use orgate_core::time::Timestamp;
use orgate_web::pages::frame::{OtherOrganization, Section};
use orgate_web::pages::{Frame, Moment, OrganizationHead, Person, Site, Theme, render};

/// A page: the name of its file and its HTML.
pub type Sample = (String, String);

/// All of them, in one theme.
pub fn all(theme: Theme) -> Vec<Sample> {
    let mut samples = Samples { theme, pages: Vec::new() };
    sign_in::add(&mut samples);
    console::add(&mut samples);
    sso::add(&mut samples);
    enforcement::add(&mut samples);
    domains::add(&mut samples);
    account::add(&mut samples);
    factors::add(&mut samples);
    passkeys::add(&mut samples);
    personal::add(&mut samples);
    samples.pages
}

/// What the files of this folder add to.
pub struct Samples {
    theme: Theme,
    pages: Vec<Sample>,
}

impl Samples {
    fn add(&mut self, name: &str, page: &impl askama::Template) {
        let html = render(page).unwrap_or_else(|error| format!("{name} does not render: {error}"));
        self.pages.push((name.to_owned(), html));
    }

    fn site(&self) -> Site {
        Site { product: "Example Cloud".to_owned(), theme: self.theme }
    }

    /// The frame as an Owner of Acme Robotics sees it.
    fn owner(&self, section: Section) -> Frame {
        Frame {
            site: self.site(),
            person: robin(),
            organization: Some(OrganizationHead {
                name: "Acme Robotics".to_owned(),
                slug: "acme".to_owned(),
                shows_members: true,
                shows_audit_log: true,
                shows_single_sign_on: true,
                shows_domains: true,
            }),
            others: vec![
                OtherOrganization { name: "Borealis Freight".to_owned(), slug: "borealis".to_owned() },
                OtherOrganization { name: long_name().to_owned(), slug: "rheinland".to_owned() },
            ],
            may_create: true,
            section,
            ..Frame::default()
        }
    }

    /// The frame as a member who came by SSO sees it.
    fn member(&self, section: Section) -> Frame {
        Frame {
            person: Person::new("usr_01k2", "Sam Okafor", "sam.okafor@acme.example"),
            organization: Some(OrganizationHead {
                name: "Acme Robotics".to_owned(),
                slug: "acme".to_owned(),
                ..OrganizationHead::default()
            }),
            others: Vec::new(),
            others_hidden: true,
            may_create: false,
            confirm_url: "/account/proof".to_owned(),
            ..self.owner(section)
        }
    }

    /// The frame outside any organization.
    fn outside(&self, section: Section) -> Frame {
        Frame { organization: None, ..self.owner(section) }
    }
}

fn robin() -> Person {
    Person::new("usr_01kb2m3x4y5z6a7b8c9d0e1f2g", "Robin Vale", "robin@acme.example")
}

fn long_name() -> &'static str {
    "Rheinland-Westfälische Gesellschaft für angewandte Robotik und Automatisierungstechnik mbH"
}

fn long_person() -> Person {
    Person::new(
        "usr_01kc",
        "Maximiliana Alexandra von und zu Hohenstein-Wolkenburg-Trauttmansdorff",
        "maximiliana.alexandra.hohenstein-wolkenburg-trauttmansdorff@automatisierungstechnik.rheinland.example",
    )
}

/// A moment some minutes before the preview's now; a negative number lies ahead.
fn ago(minutes: i64) -> Moment {
    let now = Timestamp::from_millis(1_795_327_200_000);
    let distance = Duration::from_secs(minutes.unsigned_abs() * 60);
    Moment::new(if minutes >= 0 { now.minus(distance) } else { now.plus(distance) }, now)
}
