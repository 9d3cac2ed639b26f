//! Owns the list of the API's calls.

use super::{DELETE, GET, PATCH, POST, PUT};
use crate::access::Access::{Account, Member, Operator, Owner, Project, Public, RecentAccount, RecentOwner, Session};
use crate::route::Routes;
use crate::{api, sign_in};

/// Every call.
pub(super) fn all(routes: Routes) -> Routes {
    let routes = routes.api(GET, "/api/openapi.json", Public, api::openapi::show);
    // A provider's server speaks as a program does, and reads failures as one.
    let routes = routes.api(POST, "/sso/oidc/{id}/backchannel-logout", Public, sign_in::backchannel_logout::create);
    operator(domains(enforcement(connections(projects(people(organizations(second_factors(account(sessions(
        routes,
    ))))))))))
}

fn sessions(routes: Routes) -> Routes {
    routes
        .api(POST, "/api/v1/sign-ups", Public, api::sign_ups::create)
        .api(POST, "/api/v1/sign-ups/{id}/verification", Public, api::sign_ups::verify)
        .api(POST, "/api/v1/sign-ups/{id}/codes", Public, api::sign_ups::resend)
        .api(POST, "/api/v1/sessions", Public, api::sessions::create)
        .api(POST, "/api/v1/sign-ins/{id}/passkey-challenges", Public, api::sign_ins::draw)
        .api(POST, "/api/v1/sign-ins/{id}/second-factor", Public, api::sign_ins::verify)
        .api(POST, "/api/v1/passkey-challenges", Public, api::passkeys::draw)
        .api(POST, "/api/v1/passkey-challenges/{id}/answer", Public, api::passkeys::sign_in)
        .api(GET, "/api/v1/session", Session, api::session::show)
        .api(DELETE, "/api/v1/session", Session, api::session::delete)
        .api(POST, "/api/v1/session/proofs", Session, api::session::prove)
        .api(POST, "/api/v1/session/passkey-challenges", Session, api::session::draw)
        .api(POST, "/api/v1/session/codes", Session, api::session::mail_code)
        .api(POST, "/api/v1/password-resets", Public, api::password_resets::create)
        .api(POST, "/api/v1/password-resets/{token}/completion", Public, api::password_resets::complete)
}

fn account(routes: Routes) -> Routes {
    routes
        .api(GET, "/api/v1/account", Account, api::account::show)
        .api(PATCH, "/api/v1/account", Session, api::account::rename)
        .api(PUT, "/api/v1/account/password", Account, api::account::change_password)
        .api(DELETE, "/api/v1/account/password", RecentAccount, api::account::remove_password)
        .api(POST, "/api/v1/account/email-changes", RecentAccount, api::email_changes::create)
        .api(POST, "/api/v1/account/email-changes/{id}/verification", Account, api::email_changes::verify)
        .api(GET, "/api/v1/account/deletion", RecentAccount, api::account_closing::show)
        .api(POST, "/api/v1/account/deletion", RecentAccount, api::account_closing::create)
        .api(GET, "/api/v1/account/export", RecentAccount, api::account_export::show)
        .api(GET, "/api/v1/account/linked-accounts", Account, api::linked_accounts::list)
        .api(DELETE, "/api/v1/account/linked-accounts/{provider}", RecentAccount, api::linked_accounts::remove)
        .api(GET, "/api/v1/account/sessions", Account, api::account::list_sessions)
        .api(DELETE, "/api/v1/account/sessions/{id}", Account, api::account::end_session)
        .api(DELETE, "/api/v1/account/other-sessions", Account, api::account::end_other_sessions)
}

fn second_factors(routes: Routes) -> Routes {
    use api::second_factors;
    const CODES: &str = "/api/v1/account/enrolment-codes";
    routes
        .api(GET, "/api/v1/account/second-factors", Account, second_factors::show)
        .api(POST, CODES, RecentAccount, second_factors::mail_code)
        .api(POST, "/api/v1/account/enrolment-codes/verification", RecentAccount, second_factors::verify_code)
        .api(POST, "/api/v1/account/totp", RecentAccount, second_factors::begin_totp)
        .api(DELETE, "/api/v1/account/totp", RecentAccount, second_factors::remove_totp)
        .api(POST, "/api/v1/account/totp/confirmation", RecentAccount, second_factors::confirm_totp)
        .api(GET, "/api/v1/account/passkeys", Account, api::passkeys::list)
        .api(POST, "/api/v1/account/passkeys", RecentAccount, api::passkeys::create)
        .api(POST, "/api/v1/account/passkey-challenges", RecentAccount, api::passkeys::draw_for_new)
        .api(PATCH, "/api/v1/account/passkeys/{id}", Account, api::passkeys::rename)
        .api(DELETE, "/api/v1/account/passkeys/{id}", RecentAccount, api::passkeys::remove)
        .api(POST, "/api/v1/account/recovery-codes", RecentAccount, second_factors::renew_recovery_codes)
}

fn organizations(routes: Routes) -> Routes {
    routes
        .api(GET, "/api/v1/organizations", Session, api::organizations::list)
        .api(POST, "/api/v1/organizations", Account, api::organizations::create)
        .api(GET, "/api/v1/organizations/{organization}", Member, api::organizations::show)
        .api(PATCH, "/api/v1/organizations/{organization}", Owner, api::organizations::change)
        .api(POST, "/api/v1/organizations/{organization}/deletion", RecentOwner, api::organizations::request_deletion)
        .api(DELETE, "/api/v1/organizations/{organization}/deletion", Owner, api::organizations::undo_deletion)
        .api(GET, "/api/v1/organizations/{organization}/deletion", RecentOwner, api::organizations::show_deletion)
        .api(
            GET,
            "/api/v1/organizations/{organization}/mfa-requirement",
            Owner,
            api::organizations::show_mfa_requirement,
        )
        .api(GET, "/api/v1/organizations/{organization}/audit-events", Owner, api::audit_events::list)
        .api(GET, "/api/v1/organizations/{organization}/audit-events/export", Owner, api::audit_events::export)
}

fn people(routes: Routes) -> Routes {
    routes
        .api(GET, "/api/v1/organizations/{organization}/members", Member, api::members::list)
        .api(GET, "/api/v1/organizations/{organization}/members/{user_id}", Member, api::members::show)
        .api(PATCH, "/api/v1/organizations/{organization}/members/{user_id}", Owner, api::members::change_role)
        .api(DELETE, "/api/v1/organizations/{organization}/members/{user_id}", Member, api::members::remove)
        .api(POST, "/api/v1/organizations/{organization}/members/{user_id}/readmission", Owner, api::members::readmit)
        .api(DELETE, "/api/v1/organizations/{organization}/members/{user_id}/proofs", Owner, api::members::end_proofs)
        .api(
            DELETE,
            "/api/v1/organizations/{organization}/members/{user_id}/identities",
            RecentOwner,
            api::identities::clear,
        )
        .api(GET, "/api/v1/organizations/{organization}/identities", Owner, api::identities::list)
        .api(
            POST,
            "/api/v1/organizations/{organization}/identities/removal",
            RecentOwner,
            api::identities::clear_several,
        )
        .api(GET, "/api/v1/organizations/{organization}/invitations", Owner, api::invitations::list)
        .api(POST, "/api/v1/organizations/{organization}/invitations", Owner, api::invitations::create)
        .api(POST, "/api/v1/organizations/{organization}/invitations/{id}/mails", Owner, api::invitations::resend)
        .api(POST, "/api/v1/organizations/{organization}/invitations/{id}/links", Owner, api::invitations::copy_link)
        .api(DELETE, "/api/v1/organizations/{organization}/invitations/{id}", Owner, api::invitations::revoke)
        .api(POST, "/api/v1/invitations/{token}/acceptance", Session, api::invitations::accept)
        .api(POST, "/api/v1/invitations/{token}/codes", Session, api::invitations::request_code)
}

fn projects(routes: Routes) -> Routes {
    const ONE: &str = "/api/v1/organizations/{organization}/projects/{project}";
    const MEMBERS: &str = "/api/v1/organizations/{organization}/projects/{project}/members";
    const MEMBER: &str = "/api/v1/organizations/{organization}/projects/{project}/members/{user_id}";
    routes
        .api(GET, "/api/v1/organizations/{organization}/projects", Member, api::projects::list)
        .api(POST, "/api/v1/organizations/{organization}/projects", Owner, api::projects::create)
        .api(GET, ONE, Project, api::projects::show)
        .api(PATCH, ONE, Project, api::projects::rename)
        .api(DELETE, ONE, Project, api::projects::delete)
        .api(GET, MEMBERS, Project, api::projects::list_members)
        .api(POST, MEMBERS, Project, api::projects::add_member)
        .api(PATCH, MEMBER, Project, api::projects::change_role)
        .api(DELETE, MEMBER, Project, api::projects::remove_member)
}

fn connections(routes: Routes) -> Routes {
    const ONE: &str = "/api/v1/organizations/{organization}/connections/{id}";
    const ACTIVATION: &str = "/api/v1/organizations/{organization}/connections/{id}/activation";
    routes
        .api(GET, "/api/v1/organizations/{organization}/connections", Owner, api::connections::list)
        .api(POST, "/api/v1/organizations/{organization}/connections", RecentOwner, api::connections::create)
        .api(GET, ONE, Owner, api::connections::show)
        .api(DELETE, ONE, RecentOwner, api::connections::remove)
        .api(PUT, "/api/v1/organizations/{organization}/connections/{id}/settings", RecentOwner, api::connections::save)
        .api(POST, ACTIVATION, RecentOwner, api::connections::activate)
        .api(DELETE, ACTIVATION, RecentOwner, api::connections::disable)
        .api(
            GET,
            "/api/v1/organizations/{organization}/connections/{id}/attempts",
            Owner,
            api::connections::list_attempts,
        )
        .api(POST, "/api/v1/organizations/{organization}/connections/{id}/tests", Owner, api::connection_tests::create)
        .api(
            GET,
            "/api/v1/organizations/{organization}/connections/{id}/tests/{test_id}",
            Owner,
            api::connection_tests::show,
        )
}

fn domains(routes: Routes) -> Routes {
    const ALL: &str = "/api/v1/organizations/{organization}/domains";
    const ONE: &str = "/api/v1/organizations/{organization}/domains/{id}";
    const VERIFICATION: &str = "/api/v1/organizations/{organization}/domains/{id}/verification";
    routes
        .api(GET, ALL, Owner, api::domains::list)
        .api(POST, ALL, RecentOwner, api::domains::create)
        .api(GET, ONE, Owner, api::domains::show)
        .api(DELETE, ONE, RecentOwner, api::domains::remove)
        .api(POST, VERIFICATION, RecentOwner, api::domains::verify)
}

fn enforcement(routes: Routes) -> Routes {
    const ONE: &str = "/api/v1/organizations/{organization}/sso-enforcement";
    routes.api(GET, ONE, Owner, api::enforcement::show).api(PUT, ONE, RecentOwner, api::enforcement::set)
}

fn operator(routes: Routes) -> Routes {
    routes.api(GET, "/api/v1/operator/organizations", Operator, api::operator::list).api(
        PUT,
        "/api/v1/operator/organizations/{organization}/entitlements",
        Operator,
        api::operator::set_entitlements,
    )
}
