//! Settings > Domains: none, in every state, with a mistake.

use orgate_web::pages::domains::{DomainCard, DomainsPage, Look, Standing};
use orgate_web::pages::{Field, Section};

use super::{Samples, ago};

pub fn add(samples: &mut Samples) {
    let page = |samples: &Samples, items: Vec<DomainCard>, name: Field| DomainsPage {
        frame: samples.owner(Section::Domains),
        items,
        name,
    };
    samples.add("domains-none", &page(samples, Vec::new(), Field::empty()));
    let mistake = Field::filled("gmail.com").refused("Anybody can have an address at this domain.");
    samples.add("domains-refused", &page(samples, Vec::new(), mistake));
    let missing = Look {
        ok: false,
        detail: "There are TXT records at _orgate-challenge.acme.example, but not this one.".to_owned(),
        expected: Some("orgate-domain-verification=5f2e0c".to_owned()),
        received: Some("v=spf1 include:_spf.mail.example -all".to_owned()),
        mend: Some("Copy the value once more, whole and without quotes. Other records can stay.".to_owned()),
    };
    let silent = Look {
        ok: false,
        detail: "The domain's name servers do not answer at the moment.".to_owned(),
        expected: None,
        received: None,
        mend: Some("Look at the domain's DNS. It is asked again every hour.".to_owned()),
    };
    let items = vec![
        card("acme.example", Standing::Pending, Some(missing)),
        DomainCard { lapses: Some(ago(1)), ..card("acme-robotics.example", Standing::Verified, Some(silent)) },
        card("automatisierungstechnik.rheinland-westfalen.example", Standing::Verified, None),
        DomainCard { lapsed: Some(ago(30)), ..card("old.example", Standing::Lapsed, None) },
    ];
    samples.add("domains", &page(samples, items, Field::empty()));
}

fn card(name: &str, standing: Standing, look: Option<Look>) -> DomainCard {
    let was_held = standing != Standing::Pending;
    DomainCard {
        id: format!("dom_{}", name.len()),
        name: name.to_owned(),
        standing,
        record_name: format!("_orgate-challenge.{name}"),
        record_value: "orgate-domain-verification=5f2e0c7d1a9b8e6f4c3d2b1a0f9e8d7c6b5a4f3e".to_owned(),
        verified: was_held.then(|| ago(4000)),
        seen: was_held.then(|| ago(600)),
        lapsed: None,
        lapses: None,
        look,
    }
}
