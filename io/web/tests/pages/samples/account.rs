//! The account, the list of organizations, and the API reader.

use orgate_web::pages::account::{
    AccountOrganizationsPage, ClosingRefusedPage, EmailChangePage, LinkedIdentity, NeededBy, OwnDataPage,
    OwnOrganization, ProfilePage, SecurityPage, SessionCard,
};
use orgate_web::pages::api_reader::ApiReaderPage;
use orgate_web::pages::organizations::{Access, OrganizationRow, OrganizationsPage};
use orgate_web::pages::passkeys::PasskeysCard;
use orgate_web::pages::{Field, Frame, Section};

use super::{Samples, ago, factors, long_name, passkeys, personal};

pub fn add(samples: &mut Samples) {
    add_organizations(samples);
    add_account(samples);
    add_own_account(samples);
    samples.add("api", &ApiReaderPage::from_document(samples.site(), &document()));
}

fn add_organizations(samples: &mut Samples) {
    let row = |name: &str, role: &str, access| OrganizationRow {
        name: name.to_owned(),
        slug: "acme".to_owned(),
        role: role.to_owned(),
        access,
        url: "/organizations/acme/projects".to_owned(),
        being_deleted: access == Access::NeedsProof,
    };
    let page = OrganizationsPage {
        frame: samples.outside(Section::Organizations),
        items: vec![
            row("Acme Robotics", "Owner", Access::Open),
            row("Borealis Freight", "Member", Access::NeedsSso),
            row(long_name(), "Member", Access::NeedsProof),
            row("Cinder Labs", "Owner", Access::NeedsSecondFactor),
        ],
        may_create: true,
    };
    samples.add("organizations", &page);
    samples.add("organizations-empty", &OrganizationsPage { items: Vec::new(), ..page });
    let frame = Frame {
        others_hidden: true,
        confirm_url: "/account/proof".to_owned(),
        ..samples.outside(Section::Organizations)
    };
    let items = vec![row("Acme Robotics", "Member", Access::Open)];
    samples.add("organizations-hidden", &OrganizationsPage { frame, items, may_create: false });
}

fn add_account(samples: &mut Samples) {
    let name = Field::filled("Robin Vale");
    samples.add("account-profile", &ProfilePage { frame: samples.outside(Section::Profile), name });
    let session = |id: &str, device: &str, current| SessionCard {
        id: id.to_owned(),
        device: device.to_owned(),
        ip: "203.0.113.7".to_owned(),
        methods: vec!["password".to_owned(), "SSO of Acme Robotics".to_owned()],
        signed_in: ago(600),
        last_used: ago(3),
        current,
    };
    let page = SecurityPage {
        frame: samples.outside(Section::Security),
        email_proven: true,
        has_password: true,
        may_remove_password: true,
        current_password: Field::empty().refused("That is not your password."),
        new_password: Field::empty(),
        minimum_password_length: Some(12),
        linked_accounts: personal::linked_accounts(),
        passkeys: passkeys::some(),
        second_factor: factors::on(),
        identities: vec![LinkedIdentity {
            organization_name: "Acme Robotics".to_owned(),
            host: "acme.okta.com".to_owned(),
            linked: ago(20_000),
        }],
        sessions: vec![session("ses_1", "Firefox on Linux", true), session("ses_2", "Safari on iPhone", false)],
    };
    samples.add("account-security", &page);
    let page = SecurityPage { minimum_password_length: None, ..page };
    samples.add("account-security-passwords-not-offered", &page);
    let page = SecurityPage {
        email_proven: false,
        has_password: false,
        may_remove_password: false,
        minimum_password_length: Some(12),
        current_password: Field::empty(),
        linked_accounts: personal::both_linked(),
        passkeys: passkeys::none(),
        second_factor: factors::off(),
        identities: Vec::new(),
        ..page
    };
    samples.add("account-security-sso-born", &page);
    let page = SecurityPage { passkeys: passkeys::no_longer_offered(), second_factor: factors::on(), ..page };
    samples.add("account-security-passkeys-no-longer-offered", &page);
    let page = SecurityPage { passkeys: PasskeysCard::default(), ..page };
    samples.add("account-security-passkeys-not-offered", &page);
    let own = |name: &str, leave_refused: Option<&str>| OwnOrganization {
        name: name.to_owned(),
        slug: "acme".to_owned(),
        role: "Owner".to_owned(),
        joined: ago(90_000),
        leave_refused: leave_refused.map(str::to_owned),
    };
    let items = vec![own("Acme Robotics", Some("You are its last Owner.")), own(long_name(), None)];
    let frame = samples.outside(Section::AccountOrganizations);
    samples.add("account-organizations", &AccountOrganizationsPage { frame, items });
}

fn add_own_account(samples: &mut Samples) {
    let frame = samples.outside(Section::Security);
    samples.add("account-email-change", &EmailChangePage { frame, email: Field::empty() });
    let frame = samples.outside(Section::Security);
    let email = Field::filled("robin@acme.example").refused("This is your address already.");
    samples.add("account-email-change-refused", &EmailChangePage { frame, email });
    let needed = |name: &str, why: &str, act: &str| NeededBy {
        name: name.to_owned(),
        why: why.to_owned(),
        url: "/organizations/acme/members".to_owned(),
        act: act.to_owned(),
    };
    let frame = samples.outside(Section::Profile);
    let organizations = vec![
        needed("Acme Robotics", "You are its last Owner. Make another member Owner, or delete it.", "Choose a member"),
        needed(long_name(), "Nobody could sign in without the identity provider.", "Look at single sign-on"),
    ];
    samples.add("account-closing-refused", &ClosingRefusedPage { frame, organizations });
    let page = OwnDataPage {
        frame: samples.outside(Section::Profile),
        memberships: 3,
        project_roles: 12,
        sessions: 2,
        identities: 1,
        events: 10_000,
        has_older_events: true,
    };
    samples.add("account-data", &page);
    let frame = samples.outside(Section::Profile);
    samples.add("account-data-new", &OwnDataPage { frame, memberships: 0, events: 1, has_older_events: false, ..page });
}

fn document() -> serde_json::Value {
    serde_json::json!({
        "info": {"version": "1.0.0", "description": "The same use cases as the console, as JSON over HTTP."},
        "tags": [{"name": "Sessions", "description": "Signing in, and who is signed in."}, {"name": "Members"}],
        "paths": {
            "/api/v1/sessions": {"post": {
                "tags": ["Sessions"], "summary": "Sign in with a password",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/SignIn"}}}},
                "responses": {
                    "201": {"description": "A session; its token is shown once.", "content": {"application/json": {
                        "schema": {"$ref": "#/components/schemas/Session"}}}},
                    "401": {"description": "invalid-credentials"},
                    "403": {"description": "sso-required"}
                }
            }},
            "/api/v1/organizations/{organization}/members": {"get": {
                "tags": ["Members"], "summary": "List the members",
                "description": "The latest first, 50 a page.",
                "parameters": [
                    {"name": "organization", "in": "path", "required": true, "schema": {"type": "string"}, "description": "Id or slug."},
                    {"name": "cursor", "in": "query", "schema": {"type": "string"}}
                ],
                "responses": {"200": {"description": "A page of members."}}
            }}
        },
        "components": {"schemas": {
            "SignIn": {"type": "object", "required": ["method", "email", "password"], "properties": {
                "method": {"enum": ["password"]}, "email": {"type": "string"}, "password": {"type": "string"}}},
            "Session": {"type": "object", "required": ["token", "expires_at", "user"], "properties": {
                "token": {"type": "string"}, "expires_at": {"type": "string", "format": "date-time"},
                "user": {"type": "object", "required": ["id"], "properties": {
                    "id": {"type": "string"}, "email": {"type": "string"}, "name": {"type": "string"}}}}}
        }}
    })
}
