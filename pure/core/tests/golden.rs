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

/// What a person is in an organization, and on which terms.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    role: OrganizationRole,
    enforced: bool,
    owner_exemption: bool,
    owner_second_factor: bool,
    mfa_required: bool,
    vouches: bool,
}

const OWNER: Kind = Kind {
    name: "owner",
    role: OrganizationRole::Owner,
    enforced: false,
    owner_exemption: true,
    owner_second_factor: false,
    mfa_required: false,
    vouches: false,
};
const OWNER_ENFORCED: Kind = Kind { name: "owner enforced", enforced: true, ..OWNER };
const OWNER_BOUND: Kind = Kind { name: "owner not exempted", owner_exemption: false, ..OWNER_ENFORCED };
const OWNER_NEEDS_FACTOR: Kind = Kind { name: "owner needs factor", owner_second_factor: true, ..OWNER_ENFORCED };
const OWNER_MFA: Kind = Kind { name: "owner mfa required", mfa_required: true, ..OWNER };
const MEMBER: Kind = Kind { name: "member", role: OrganizationRole::Member, ..OWNER };
const MEMBER_ENFORCED: Kind = Kind { name: "member enforced", enforced: true, ..MEMBER };
const MEMBER_MFA: Kind = Kind { name: "member mfa required", mfa_required: true, ..MEMBER };
const MEMBER_VOUCHED: Kind = Kind { name: "member, its domain", vouches: true, ..MEMBER };

fn place(number: u8, kind: Kind) -> Place {
    let Kind { name: _, role, enforced, owner_exemption, owner_second_factor, mfa_required, vouches } = kind;
    Place {
        organization_id: organization(number),
        role,
        enforcement: Enforcement {
            enforced,
            owner_exemption,
            owner_second_factor,
            connection: Some((ConnectionId::new(NOW, [number; 10]), NOW)),
        },
        past: Past::default(),
        mfa_required,
        proofs_not_before: NOW,
        vouches,
    }
}

fn sso(number: u8) -> Proof {
    Proof::Sso {
        connection_id: ConnectionId::new(NOW, [number; 10]),
        organization_id: organization(number),
        at: NOW,
        authenticated_at: None,
        holds_until: None,
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

fn proof_sets() -> [(&'static str, Proofs); 10] {
    let password = Proof::Password { at: NOW };
    let code = Proof::MailedCode { at: NOW };
    let totp = Proof::Totp { at: NOW };
    let replaced = Proof::Sso {
        connection_id: ConnectionId::new(NOW, [9; 10]),
        organization_id: organization(1),
        at: NOW,
        authenticated_at: None,
        holds_until: None,
    };
    [
        ("password", Proofs::of(password.clone())),
        ("password + totp", Proofs::of(password.clone()).with(totp.clone())),
        ("passkey", Proofs::of(Proof::Passkey { at: NOW })),
        ("sso A + code + totp", Proofs::of(sso(1)).with(code.clone()).with(totp)),
        ("sso A", Proofs::of(sso(1))),
        ("sso A + code", Proofs::of(sso(1)).with(code.clone())),
        ("sso A + sso B", Proofs::of(sso(1)).with(sso(2))),
        ("password + sso A", Proofs::of(password).with(sso(1))),
        ("code", Proofs::of(code)),
        ("replaced sso A", Proofs::of(replaced)),
    ]
}

/// What opens: two organizations, every role and switch, every set of proofs; then one organization, with and without a
/// second factor.
#[test]
fn r_enf_4_sign_in_decisions() {
    let mut table = format!(
        "{:20}{:20}{:8}{:20}{:14}{:22}{:22}{:22}{}\n",
        "A", "B", "exempt", "proofs", "session", "new session", "A opens", "B opens", "account"
    );
    let ids = [1, 2].map(organization);
    let kinds = [OWNER, OWNER_ENFORCED, OWNER_BOUND, MEMBER, MEMBER_ENFORCED, MEMBER_VOUCHED];
    for (a, b) in kinds.iter().flat_map(|a| kinds.iter().map(move |b| (*a, *b))) {
        let world =
            World { address: AddressState::Proven, has_second_factor: false, places: vec![place(1, a), place(2, b)] };
        let exempt = if is_exempt(&world) { "yes" } else { "no" };
        for (proofs_name, proofs) in proof_sets() {
            let answer = |question| word(&decide(question, &world, &proofs));
            let [session, entry, account] = [Question::Session, Question::Entry, Question::Account].map(answer);
            let [a_opens, b_opens] = [&ids[0], &ids[1]].map(|id| answer(Question::Organization(id)));
            let (a, b) = (a.name, b.name);
            writeln!(
                table,
                "{a:20}{b:20}{exempt:8}{proofs_name:20}{session:14}{entry:22}{a_opens:22}{b_opens:22}{account}"
            )
            .unwrap();
        }
    }
    writeln!(
        table,
        "\n{:20}{:20}{:8}{:20}{:14}{:22}{:22}account",
        "A", "second factor", "exempt", "proofs", "session", "new session", "A opens"
    )
    .unwrap();
    let kinds = [
        OWNER,
        OWNER_MFA,
        OWNER_ENFORCED,
        OWNER_BOUND,
        OWNER_NEEDS_FACTOR,
        MEMBER,
        MEMBER_MFA,
        MEMBER_ENFORCED,
        MEMBER_VOUCHED,
    ];
    for (a, has_second_factor) in kinds.iter().flat_map(|a| [false, true].map(|has| (*a, has))) {
        let world = World { address: AddressState::Proven, has_second_factor, places: vec![place(1, a)] };
        let exempt = if is_exempt(&world) { "yes" } else { "no" };
        let factor = if has_second_factor { "yes" } else { "no" };
        for (proofs_name, proofs) in proof_sets().into_iter().filter(|(name, _)| !name.contains("sso B")) {
            let answer = |question| word(&decide(question, &world, &proofs));
            let [session, entry, account] = [Question::Session, Question::Entry, Question::Account].map(answer);
            let opens = answer(Question::Organization(&ids[0]));
            let a = a.name;
            writeln!(table, "{a:20}{factor:20}{exempt:8}{proofs_name:20}{session:14}{entry:22}{opens:22}{account}")
                .unwrap();
        }
    }
    compare("sign_in_decisions.txt", &table);
}
