//! The matrices that a person can review: `tests/golden/`. Run with `UPDATE_GOLDEN=1` to write them anew, then read
//! the difference.

#![expect(clippy::unwrap_used, reason = "a golden file that cannot be written is a failure")]

use std::fmt::Write as _;

use orgate_core::id::{ConnectionId, Identifier, OrganizationId};
use orgate_core::permission::{Permission, Role, allows};
use orgate_core::policy::{
    AddressState, Decision, Denial, Enforcement, Past, Place, Question, Requirement, World, decide, is_exempt,
};
use orgate_core::proof::{Proof, Proofs};
use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_core::time::Timestamp;

fn compare(file: &str, actual: &str) {
    let path = format!("{}/tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == actual, "{file} is stale; run with UPDATE_GOLDEN=1 and read the difference");
}

#[test]
fn r_org_3_the_whole_table_of_role_and_permission() {
    let roles = [
        ("owner", Role::Organization(OrganizationRole::Owner)),
        ("member", Role::Organization(OrganizationRole::Member)),
        ("project admin", Role::Project(ProjectRole::Admin)),
        ("read_write", Role::Project(ProjectRole::ReadWrite)),
        ("read_only", Role::Project(ProjectRole::ReadOnly)),
    ];
    let mut table = format!("{:22}", "permission");
    for (name, _) in roles {
        write!(table, "{name:>15}").unwrap();
    }
    for permission in Permission::ALL {
        write!(table, "\n{:22}", permission.as_str()).unwrap();
        for (_, role) in roles {
            write!(table, "{:>15}", if allows(role, permission) { "yes" } else { "-" }).unwrap();
        }
    }
    table.push('\n');
    compare("permissions.txt", &table);
}

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn organization(number: u8) -> OrganizationId {
    OrganizationId::new(NOW, [number; 10])
}

fn place(number: u8, role: OrganizationRole, enforced: bool) -> Place {
    Place {
        organization_id: organization(number),
        role,
        enforcement: Enforcement {
            enforced,
            owner_exemption: true,
            owner_second_factor: false,
            connection: Some((ConnectionId::new(NOW, [number; 10]), NOW)),
        },
        past: Past::default(),
        mfa_required: false,
        proofs_not_before: NOW,
    }
}

fn sso(number: u8) -> Proof {
    Proof::Sso {
        connection_id: ConnectionId::new(NOW, [number; 10]),
        organization_id: organization(number),
        at: NOW,
        authenticated_at: None,
    }
}

fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Allow => "open",
        Decision::Require(Requirement::Sso) => "needs-sso",
        Decision::Require(Requirement::Proof) => "needs-proof",
        Decision::Require(Requirement::SecondFactor) => "needs-second-factor",
        Decision::Deny(Denial::NoProof) => "no-session",
        Decision::Deny(Denial::SsoRequired(_)) => "sso-required",
        Decision::Deny(Denial::NotAMember) => "not-a-member",
    }
}

/// Two organizations, every role and switch, every set of proofs: what opens.
#[test]
fn sign_in_decisions_of_two_organizations() {
    let password = Proof::Password { at: NOW };
    let code = Proof::MailedCode { at: NOW };
    let sets = [
        ("password", Proofs::of(password.clone())),
        ("sso A", Proofs::of(sso(1))),
        ("sso A + code", Proofs::of(sso(1)).with(code.clone())),
        ("sso A + sso B", Proofs::of(sso(1)).with(sso(2))),
        ("password + sso A", Proofs::of(password).with(sso(1))),
        ("code", Proofs::of(code)),
    ];
    let kinds = [
        (OrganizationRole::Owner, false),
        (OrganizationRole::Owner, true),
        (OrganizationRole::Member, false),
        (OrganizationRole::Member, true),
    ];
    let mut table = format!(
        "{:18}{:18}{:8}{:18}{:14}{:22}{:22}{}\n",
        "A", "B", "exempt", "proofs", "session", "A opens", "B opens", "account"
    );
    for a in kinds {
        for b in kinds {
            let world = World {
                address: AddressState::Proven,
                has_second_factor: false,
                places: vec![place(1, a.0, a.1), place(2, b.0, b.1)],
            };
            for (name, proofs) in &sets {
                let kind = |(role, enforced): (OrganizationRole, bool)| {
                    format!("{}{}", role.as_str(), if enforced { " enforced" } else { "" })
                };
                let answer = |question| word(&decide(question, &world, proofs));
                writeln!(
                    table,
                    "{:18}{:18}{:8}{:18}{:14}{:22}{:22}{}",
                    kind(a),
                    kind(b),
                    if is_exempt(&world) { "yes" } else { "no" },
                    name,
                    answer(Question::Session),
                    answer(Question::Organization(&organization(1))),
                    answer(Question::Organization(&organization(2))),
                    answer(Question::Account),
                )
                .unwrap();
            }
        }
    }
    compare("sign_in_decisions.txt", &table);
}
