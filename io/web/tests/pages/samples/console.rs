//! The pages of an organization: projects, members, invitations, settings, audit log, confirmations.

use orgate_web::pages::audit_log::{AuditLogPage, AuditRow};
use orgate_web::pages::confirmation::{ConfirmationPage, Consequence, TypedName, Weight};
use orgate_web::pages::invitations::{
    InvitationRow, InvitationsPage, InvitePage, InvitedPage, IssuedInvitation, ProjectOffer,
};
use orgate_web::pages::members::{MemberFilter, MemberIdentity, MemberPage, MemberProject, MemberRow, MembersPage};
use orgate_web::pages::projects::{
    EditProjectPage, NewProjectPage, ProjectInvitation, ProjectPage, ProjectPerson, ProjectRow, ProjectsPage,
};
use orgate_web::pages::settings::GeneralSettingsPage;
use orgate_web::pages::{Badge, Banner, Choice, Field, Frame, Hidden, Notice, Pager, Person, Section, Tone};

use super::{Samples, ago, long_name, long_person, robin};

const PROJECT_ROLES: [(&str, &str); 3] =
    [("admin", "Admin"), ("read_write", "Read and write"), ("read_only", "Read only")];
const ROLES: [(&str, &str); 2] = [("member", "Member"), ("owner", "Owner")];

pub fn add(samples: &mut Samples) {
    add_projects(samples);
    add_project(samples);
    add_members(samples);
    add_member(samples);
    add_invitations(samples);
    add_settings(samples);
    add_audit_log(samples);
    add_confirmations(samples);
}

fn pager() -> Pager {
    Pager { first_url: Some("?".to_owned()), next_url: Some("?cursor=abc".to_owned()) }
}

fn add_projects(samples: &mut Samples) {
    let item = |name: &str, role: &str, people| ProjectRow {
        id: "prj_1".to_owned(),
        name: name.to_owned(),
        role: role.to_owned(),
        people,
        created: ago(90_000),
    };
    let items = vec![
        item("Falcon", "Admin", 14),
        item("Warehouse twin", "Read and write", 3),
        item(long_name(), "Read only", 120),
    ];
    let frame = samples.owner(Section::Projects);
    let page = ProjectsPage { frame, items, may_create: true, pager: pager() };
    samples.add("projects", &page);
    samples.add("projects-empty-owner", &ProjectsPage { items: Vec::new(), ..page });
    let frame = samples.member(Section::Projects);
    let page = ProjectsPage { frame, items: Vec::new(), may_create: false, pager: Pager::default() };
    samples.add("projects-empty-member", &page);
    let name = Field::filled("Falcon").refused("Acme Robotics has a project of this name already.");
    samples.add("project-new", &NewProjectPage { frame: samples.owner(Section::Projects), name });
    let page = EditProjectPage {
        frame: samples.owner(Section::Projects),
        id: "prj_1".to_owned(),
        current_name: "Falcon".to_owned(),
        name: Field::filled("Falcon"),
        may_delete: true,
    };
    samples.add("project-edit", &page);
}

fn add_project(samples: &mut Samples) {
    let person = |person: Person, by_ownership: bool, may_change: bool| ProjectPerson {
        person,
        is_reader: by_ownership,
        role: "Read and write".to_owned(),
        roles: if may_change && !by_ownership { Choice::list(&PROJECT_ROLES, "read_write") } else { Vec::new() },
        by_ownership,
    };
    let sam = Person::new("usr_2", "Sam Okafor", "sam.okafor@acme.example");
    let page = ProjectPage {
        frame: samples.owner(Section::Projects),
        id: "prj_1".to_owned(),
        name: "Falcon".to_owned(),
        role: "Admin".to_owned(),
        may_manage: true,
        may_edit: true,
        may_revoke: true,
        may_invite_outsiders: true,
        people: vec![person(robin(), true, true), person(sam.clone(), false, true), person(long_person(), false, true)],
        invitations: vec![ProjectInvitation {
            id: "inv_1".to_owned(),
            email: "kim@partner.example".to_owned(),
            role: "Read only".to_owned(),
            expires: ago(-1500),
        }],
        email: Field::empty(),
        roles: Choice::list(&PROJECT_ROLES, "read_only"),
        pager: Pager::default(),
    };
    samples.add("project", &page);
    let page = ProjectPage {
        email: Field::filled("kim@partner").refused("This is not a whole address."),
        may_invite_outsiders: false,
        people: Vec::new(),
        invitations: Vec::new(),
        ..page
    };
    samples.add("project-refused", &page);
    let page = ProjectPage {
        frame: samples.member(Section::Projects),
        role: "Read only".to_owned(),
        may_manage: false,
        may_edit: false,
        people: vec![
            ProjectPerson { is_reader: false, ..person(robin(), true, false) },
            ProjectPerson { is_reader: true, ..person(sam, false, false) },
        ],
        ..page
    };
    samples.add("project-reader", &page);
}

fn members() -> Vec<MemberRow> {
    let row = |person: Person, role: &str, methods: &[&str]| MemberRow {
        person,
        email_proven: true,
        role: role.to_owned(),
        methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        last_seen: Some(ago(180)),
        ..MemberRow::default()
    };
    vec![
        MemberRow { is_reader: true, ..row(robin(), "Owner", &["Password", "SSO"]) },
        MemberRow {
            email_proven: false,
            ..row(Person::new("usr_2", "Sam Okafor", "sam.okafor@acme.example"), "Member", &["SSO"])
        },
        MemberRow { last_seen: None, never_used_sso: true, ..row(long_person(), "Member", &["Password"]) },
        MemberRow { removed: true, ..row(Person::new("usr_4", "Jo Bright", "jo@acme.example"), "Member", &["SSO"]) },
    ]
}

fn add_members(samples: &mut Samples) {
    let page = MembersPage {
        frame: samples.owner(Section::Members),
        filter: MemberFilter::All,
        search: String::new(),
        total: 47,
        invited: 2,
        items: members(),
        may_manage: true,
        may_invite: true,
        pager: pager(),
    };
    samples.add("members", &page);
    let items = (0..50).flat_map(|_| members()).collect();
    samples.add("members-200", &MembersPage { items, ..page });
    let page = MembersPage {
        frame: samples.owner(Section::Members),
        filter: MemberFilter::NeverUsedSso,
        search: "zz".to_owned(),
        total: 47,
        invited: 0,
        items: Vec::new(),
        may_manage: true,
        may_invite: false,
        pager: Pager::default(),
    };
    samples.add("members-empty", &page);
}

fn add_member(samples: &mut Samples) {
    let page = MemberPage {
        frame: samples.owner(Section::Members),
        member: members().remove(1),
        joined: ago(20_000),
        roles: Choice::list(&ROLES, "member"),
        role_problem: None,
        identities: vec![MemberIdentity {
            connection: "Okta (OIDC), acme.okta.com".to_owned(),
            subject: "00u8x2k1qPzV3TnXw5d7".to_owned(),
            linked: ago(20_000),
        }],
        projects: vec![MemberProject {
            id: "prj_1".to_owned(),
            name: "Falcon".to_owned(),
            role: "Read and write".to_owned(),
        }],
        may_manage: true,
    };
    samples.add("member", &page);
    let page = MemberPage {
        member: members().remove(0),
        roles: Choice::list(&ROLES, "owner"),
        role_problem: Some("Acme Robotics needs at least one Owner. Make somebody else an Owner first.".to_owned()),
        identities: Vec::new(),
        projects: Vec::new(),
        ..page
    };
    samples.add("member-last-owner", &page);
    let page = MemberPage { member: members().remove(2), role_problem: None, ..page };
    samples.add("member-never-used-sso", &page);
    samples.add("member-removed", &MemberPage { member: members().remove(3), ..page });
}

fn add_invitations(samples: &mut Samples) {
    let mut offers = vec![("", "No access")];
    offers.extend(PROJECT_ROLES);
    let offer = |id: &str, name: &str| ProjectOffer {
        id: id.to_owned(),
        name: name.to_owned(),
        roles: Choice::list(&offers, ""),
    };
    let page = InvitePage {
        frame: samples.owner(Section::Members),
        emails: Field::filled("kim@partner.example\nlee@").refused("“lee@” is not a whole address."),
        roles: Choice::list(&ROLES, "member"),
        projects: vec![offer("prj_1", "Falcon"), offer("prj_2", long_name())],
        problem: None,
        instead: None,
    };
    samples.add("invite", &page);
    let address = Some("https://sign-in.example.com/sign-in/acme".to_owned());
    let frame = samples.owner(Section::Members);
    samples.add("invite-while-enforced", &InvitePage { frame, instead: address.clone(), ..page });
    let link = "https://sign-in.example.com/invitations/5c1Zq0wq3o8mJk2v7nT4xY9aB6dE".to_owned();
    let issued = |email: &str| IssuedInvitation {
        email: email.to_owned(),
        role: "Member".to_owned(),
        link: link.clone(),
        expires: ago(-2880),
    };
    let page = InvitedPage {
        frame: samples.owner(Section::Members),
        mailed: true,
        items: vec![issued("kim@partner.example"), issued(&long_person().email)],
        left_out: vec!["sam.okafor@acme.example is a member already.".to_owned()],
    };
    samples.add("invited", &page);
    let row = |id: &str, email: &str, expired| InvitationRow {
        id: id.to_owned(),
        email: email.to_owned(),
        role: "Member".to_owned(),
        projects: vec!["Falcon (read only)".to_owned()],
        inviter: "Robin Vale".to_owned(),
        sent: ago(1300),
        expires: ago(-1500),
        expired,
    };
    let items = vec![row("inv_1", "kim@partner.example", false), row("inv_2", &long_person().email, true)];
    let frame = samples.owner(Section::Members);
    let page = InvitationsPage { frame, items, may_manage: true, instead: None, pager: Pager::default() };
    samples.add("invitations", &page);
    let page = InvitationsPage { instead: address.clone(), ..page };
    samples.add("invitations-while-enforced", &page);
    let page = InvitationsPage { items: Vec::new(), ..page };
    samples.add("invitations-empty-while-enforced", &page);
    samples.add("invitations-empty", &InvitationsPage { instead: None, ..page });
}

fn add_settings(samples: &mut Samples) {
    let owner = Frame {
        notice: Some(Notice::new("The new name is saved.", Tone::Success)),
        deletion: Some(Banner { gone_at: ago(-9000), may_undo: true }),
        ..samples.owner(Section::Settings)
    };
    let page = GeneralSettingsPage {
        frame: owner,
        id: "org_01kb2m3x4y5z6a7b8c9d0e1f2g".to_owned(),
        name: Field::filled("Acme Robotics"),
        login_address: "https://sign-in.example.com/sign-in/acme".to_owned(),
        sso_entitled: true,
        mfa_required: true,
        sso_enforced: false,
        role: "Owner".to_owned(),
        may_manage: true,
        leave_refused: Some("You are the last Owner. Make somebody else an Owner first.".to_owned()),
    };
    samples.add("settings-being-deleted", &page);
    let frame = samples.owner(Section::Settings);
    let page = GeneralSettingsPage { frame, leave_refused: None, sso_entitled: false, mfa_required: false, ..page };
    samples.add("settings", &page);
    let frame = samples.member(Section::Settings);
    samples
        .add("settings-member", &GeneralSettingsPage { frame, may_manage: false, role: "Member".to_owned(), ..page });
}

fn add_audit_log(samples: &mut Samples) {
    let row = |sentence: &str, action: &str, outcome: Badge, minutes| AuditRow {
        id: "evt_01kb2m3x4y5z6a7b8c9d0e1f2g".to_owned(),
        at: ago(minutes),
        sentence: sentence.to_owned(),
        actor: "Robin Vale (robin@acme.example)".to_owned(),
        action: action.to_owned(),
        outcome,
        ip: "203.0.113.7".to_owned(),
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned(),
        data: "{\n  \"connection_id\": \"con_01kb\",\n  \"kind\": \"okta-oidc\"\n}".to_owned(),
    };
    let done = || Badge::new("Done", Tone::Success);
    let page = AuditLogPage {
        frame: samples.owner(Section::AuditLog),
        actions: Choice::list(&[("", "Everything"), ("connection.activated", "Connection activated")], ""),
        actor: String::new(),
        from: String::new(),
        to: String::new(),
        items: vec![
            row("Robin Vale activated the connection Okta (OIDC), acme.okta.com", "connection.activated", done(), 4),
            row(
                "Sam Okafor was refused at sign-in: the app is not assigned",
                "sign-in.refused",
                Badge::new("Refused", Tone::Danger),
                60,
            ),
            row(&format!("Robin Vale invited {} as Member", long_person().email), "invitation.created", done(), 3000),
        ],
        export_json_lines_url: "/organizations/acme/audit-log.jsonl".to_owned(),
        export_csv_url: "/organizations/acme/audit-log.csv".to_owned(),
        pager: pager(),
    };
    samples.add("audit-log", &page);
    let frame = samples.owner(Section::AuditLog);
    let page =
        AuditLogPage { frame, items: Vec::new(), from: "2026-11-01".to_owned(), pager: Pager::default(), ..page };
    samples.add("audit-log-empty", &page);
}

fn add_confirmations(samples: &mut Samples) {
    let page = ConfirmationPage {
        frame: samples.owner(Section::Members),
        above: Some(("Members".to_owned(), "/organizations/acme/members".to_owned())),
        title: "Remove Sam Okafor from Acme Robotics?".to_owned(),
        text: "sam.okafor@acme.example".to_owned(),
        badge: None,
        consequences: vec![
            Consequence::plain("Their role here and in 3 projects ends at once."),
            Consequence::counted(2, "invitations they sent are revoked"),
            Consequence::plain("Signing in through SSO is refused until an Owner re-admits or invites them again."),
        ],
        reassurance: "Their account and their other organizations stay as they are.".to_owned(),
        switches: Vec::new(),
        typed_name: None,
        problem: None,
        verb: "Remove".to_owned(),
        weight: Weight::Ending,
        action: "/organizations/acme/members/usr_2/removal".to_owned(),
        hidden: vec![Hidden { name: "identity".to_owned(), value: "idn_1".to_owned() }],
        cancel_url: "/organizations/acme/members".to_owned(),
    };
    samples.add("confirm-removal", &page);
    let page = ConfirmationPage {
        frame: samples.owner(Section::Settings),
        title: "Delete Acme Robotics?".to_owned(),
        text: "For everybody in it, 7 days from now.".to_owned(),
        consequences: vec![
            Consequence {
                people: vec![robin(), long_person()],
                ..Consequence::counted(47, "members lose their roles")
            },
            Consequence::counted(12, "projects are deleted with everything in them"),
            Consequence::counted(1, "connection to Okta is deleted; nobody signs in through it any more"),
        ],
        reassurance: "For 7 days an Owner can undo it. All Owners are mailed.".to_owned(),
        typed_name: Some(TypedName {
            expected: "acme".to_owned(),
            confirmation: Field::filled("Acme").refused("Type acme, in small letters."),
        }),
        problem: Some("Nothing was deleted.".to_owned()),
        verb: "Delete organization".to_owned(),
        ..page
    };
    samples.add("confirm-deletion", &page);
    let page = ConfirmationPage {
        frame: samples.owner(Section::SingleSignOn),
        above: Some(("Single Sign-On".to_owned(), "/organizations/acme/settings/single-sign-on".to_owned())),
        title: "Activate Okta (OIDC), acme.okta.com?".to_owned(),
        text: "Everybody assigned to the app in Okta can sign in to Acme Robotics.".to_owned(),
        badge: Some(Badge::new("Tested", Tone::Success)),
        consequences: vec![
            Consequence::counted(47, "members can sign in through Okta from now on, and in every way they have now"),
            Consequence::plain(
                "Anybody else who is assigned there joins as a member with no project at their first sign-in.",
            ),
        ],
        reassurance: "Nobody is signed out. You can disable it again at any time.".to_owned(),
        typed_name: None,
        problem: None,
        verb: "Activate".to_owned(),
        weight: Weight::Beginning,
        ..page
    };
    samples.add("confirm-activation", &page);
}
