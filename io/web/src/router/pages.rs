//! Owns the list of the pages: what browsers ask for.

use super::{GET, POST};
use crate::access::Access::{Account, Member, Owner, Project, Public, RecentAccount, RecentOwner, Session};
use crate::route::Routes;
use crate::{api, console, sign_in};

/// Every page and form.
pub(super) fn all(routes: Routes) -> Routes {
    let routes = sign_in_pages(routes);
    let routes = account_access_pages(routes);
    let routes = account_pages(routes);
    let routes = passkey_pages(second_factor_pages(routes));
    let routes = organization_pages(routes);
    let routes = people_pages(routes);
    let routes = project_pages(routes);
    let routes = connection_pages(routes);
    let routes = enforcement_pages(routes);
    let routes = domain_pages(routes);
    routes.page(GET, "/api/docs", Public, api::openapi::read)
}

fn sign_in_pages(routes: Routes) -> Routes {
    routes
        .page(GET, "/", Public, sign_in::password::home)
        .page(GET, "/sign-in", Public, sign_in::password::show)
        .page(POST, "/sign-in", Public, sign_in::password::create)
        .page(POST, "/sign-in/passkey", Public, sign_in::passkey::create)
        .page(POST, "/sign-in/passkey/challenge", Public, sign_in::passkey::challenge)
        .page(GET, "/sign-up", Public, sign_in::sign_up::show)
        .page(POST, "/sign-up", Public, sign_in::sign_up::create)
        .page(GET, "/sign-up/{id}", Public, sign_in::sign_up::show_code)
        .page(POST, "/sign-up/{id}", Public, sign_in::sign_up::verify)
        .page(POST, "/sign-up/{id}/code", Public, sign_in::sign_up::resend)
        .page(GET, "/sign-in/sso", Public, sign_in::organization::ask)
        .page(POST, "/sign-in/sso", Public, sign_in::organization::find)
        .page(GET, "/sign-in/{slug}", Public, sign_in::organization::show)
        .page(POST, "/sign-in/{slug}", Public, sign_in::organization::create)
        .page(GET, "/sign-in/{slug}/attempts/{reference}", Public, sign_in::organization::refused)
        .page(POST, "/sign-in/with/{provider}", Public, sign_in::personal::create)
        .entry(GET, "/sign-in/with/{provider}/callback", Public, sign_in::personal::come_back)
        .page(GET, "/sign-in/with/attempts/{id}", Public, sign_in::personal::show)
        .page(POST, "/sign-in/with/attempts/{id}", Public, sign_in::personal::verify)
        .page(POST, "/sign-in/with/attempts/{id}/code", Public, sign_in::personal::mail_code)
        .page(POST, "/sign-in/with/attempts/{id}/choice", Public, sign_in::personal::choose)
        .page(GET, "/sign-in/with/attempts/{id}/link", RecentAccount, sign_in::personal::show_link)
        .page(POST, "/sign-in/with/attempts/{id}/link", RecentAccount, sign_in::personal::create_link)
        .page(GET, "/sign-in/blocked/{id}", Public, sign_in::blocked::show)
        .page(GET, "/sign-in/blocked/{id}/departures/{slug}", Public, sign_in::blocked::ask)
        .page(POST, "/sign-in/blocked/{id}/departures/{slug}", Public, sign_in::blocked::mail_code)
        .page(GET, "/sign-in/blocked/{id}/departures/{slug}/code", Public, sign_in::blocked::show_code)
        .page(POST, "/sign-in/blocked/{id}/departures/{slug}/code", Public, sign_in::blocked::verify)
        .page(POST, "/sign-in/blocked/{id}/departures/{slug}/code/again", Public, sign_in::blocked::resend)
        .page(GET, "/sign-in/second-factor/{id}", Public, sign_in::second_factor::show)
        .page(POST, "/sign-in/second-factor/{id}", Public, sign_in::second_factor::verify)
        .page(POST, "/sign-in/second-factor/{id}/passkey", Public, sign_in::second_factor::verify_passkey)
        .page(POST, "/sign-in/second-factor/{id}/passkey/challenge", Public, sign_in::second_factor::challenge)
        .page(GET, "/sign-in/attempts/{id}", Public, sign_in::attempt::show)
        .page(POST, "/sign-in/attempts/{id}", Public, sign_in::attempt::verify)
        .page(POST, "/sign-in/attempts/{id}/code", Public, sign_in::attempt::resend)
        .page(POST, "/sign-in/attempts/{id}/choice", Public, sign_in::attempt::choose)
        .entry(GET, "/sso/oidc/{id}/callback", Public, sign_in::attempt::come_back)
        .entry(GET, "/sso/oidc/{id}/signed-out", Public, sign_in::sign_out::back)
        .entry(GET, "/sso/oidc/{id}/initiate", Public, sign_in::attempt::from_tile)
        .entry(POST, "/sso/oidc/{id}/initiate", Public, sign_in::attempt::from_tile_form)
        .page(GET, "/account/proof", Session, sign_in::proof::show)
        .page(POST, "/account/proof", Session, sign_in::proof::create)
        .page(POST, "/account/proof/passkey", Session, sign_in::proof::verify_passkey)
        .page(POST, "/account/proof/passkey/challenge", Session, sign_in::proof::challenge)
        .page(GET, "/account/proof/code", Session, sign_in::proof::show_code)
        .page(POST, "/account/proof/code", Session, sign_in::proof::verify)
        .page(POST, "/account/proof/code/again", Session, sign_in::proof::resend)
}

/// Between a stranger and a session: passwords, invitations, the way out.
fn account_access_pages(routes: Routes) -> Routes {
    routes
        .page(GET, "/forgotten-password", Public, sign_in::forgotten_password::show)
        .page(POST, "/forgotten-password", Public, sign_in::forgotten_password::create)
        .page(GET, "/password-reset/{token}", Public, sign_in::password_reset::show)
        .page(POST, "/password-reset/{token}", Public, sign_in::password_reset::update)
        .page(GET, "/leave/{token}", Public, sign_in::departure::show)
        .page(POST, "/leave/{token}", Public, sign_in::departure::create)
        .page(GET, "/invitations/{token}", Public, sign_in::invitation::show)
        .page(POST, "/invitations/{token}/acceptance", Session, sign_in::invitation::accept)
        .page(GET, "/invitations/{token}/code", Session, sign_in::invitation::show_code)
        .page(POST, "/invitations/{token}/code", Session, sign_in::invitation::create_code)
        .page(POST, "/invitations/{token}/code/again", Session, sign_in::invitation::resend)
        .page(POST, "/sign-out", Public, sign_in::sign_out::create)
        .page(GET, "/signed-out", Public, sign_in::sign_out::show)
}

fn account_pages(routes: Routes) -> Routes {
    const LINKED: &str = "/account/security/linked-accounts/{provider}";
    const UNLINKING: &str = "/account/security/linked-accounts/{provider}/removal";
    routes
        .page(GET, "/account", Session, console::account::index)
        .page(GET, "/account/profile", Session, console::account::show_profile)
        .page(POST, "/account/profile", Session, console::account::update_profile)
        .page(POST, "/account/appearance", Session, console::account::update_appearance)
        .page(GET, "/account/security", Account, console::account::show_security)
        .page(POST, LINKED, RecentAccount, console::account::link_account)
        .page(GET, UNLINKING, RecentAccount, console::account::ask_unlinking)
        .page(POST, UNLINKING, RecentAccount, console::account::unlink_account)
        .page(POST, "/account/security/password", Account, console::account::update_password)
        .page(GET, "/account/password/removal", RecentAccount, console::account::ask_password_removal)
        .page(POST, "/account/password/removal", RecentAccount, console::account::remove_password)
        .page(GET, "/account/email-changes/new", RecentAccount, console::account::new_email_change)
        .page(POST, "/account/email-changes", RecentAccount, console::account::create_email_change)
        .page(GET, "/account/email-changes/{id}", Account, console::account::show_email_change)
        .page(POST, "/account/email-changes/{id}", Account, console::account::verify_email_change)
        .page(POST, "/account/email-changes/{id}/code", RecentAccount, console::account::resend_email_change)
        .page(GET, "/account/deletion", RecentAccount, console::account::ask_closing)
        .page(POST, "/account/deletion", RecentAccount, console::account::close)
        .page(GET, "/account/data", RecentAccount, console::account::show_data)
        .page(GET, "/account/data.json", RecentAccount, console::account::download_data)
        .page(GET, "/account/address-proof", Session, console::account::show_address_code)
        .page(POST, "/account/address-proof", Session, console::account::mail_address_code)
        .page(POST, "/account/address-proof/code", Session, console::account::prove_address)
        .page(POST, "/account/address-proof/code/again", Session, console::account::resend_address_code)
        .page(POST, "/account/security/sessions/{id}/removal", Account, console::account::remove_session)
        .page(GET, "/account/other-sessions/removal", Account, console::account::ask_removal_of_others)
        .page(POST, "/account/other-sessions/removal", Account, console::account::remove_other_sessions)
        .page(GET, "/account/organizations", Session, console::account::memberships)
}

fn second_factor_pages(routes: Routes) -> Routes {
    use crate::console::account::{recovery_codes, second_factor, totp};
    const CODES: &str = "/account/enrolment-codes";
    routes
        .page(GET, "/account/second-factor/new", Session, second_factor::require)
        .page(GET, CODES, RecentAccount, second_factor::show_code)
        .page(POST, CODES, RecentAccount, second_factor::create_code)
        .page(POST, "/account/enrolment-codes/again", RecentAccount, second_factor::resend_code)
        .page(POST, "/account/enrolment-codes/verification", RecentAccount, second_factor::verify_code)
        .page(GET, "/account/totp/new", RecentAccount, totp::new)
        .page(GET, "/account/totp", RecentAccount, totp::show)
        .page(POST, "/account/totp", RecentAccount, totp::create)
        .page(POST, "/account/totp/confirmation", RecentAccount, totp::confirm)
        .page(GET, "/account/totp/removal", RecentAccount, totp::ask_removal)
        .page(POST, "/account/totp/removal", RecentAccount, totp::remove)
        .page(GET, "/account/recovery-codes/new", Account, recovery_codes::new)
        .page(POST, "/account/recovery-codes", RecentAccount, recovery_codes::create)
}

fn passkey_pages(routes: Routes) -> Routes {
    use crate::console::account::passkeys;
    const ONE: &str = "/account/passkeys/{id}";
    const REMOVAL: &str = "/account/passkeys/{id}/removal";
    routes
        .page(GET, "/account/passkeys/new", RecentAccount, passkeys::new)
        .page(POST, "/account/passkeys", RecentAccount, passkeys::create)
        .page(POST, "/account/passkeys/challenge", RecentAccount, passkeys::challenge)
        .page(GET, ONE, Account, passkeys::show)
        .page(POST, ONE, Account, passkeys::update)
        .page(GET, REMOVAL, RecentAccount, passkeys::ask_removal)
        .page(POST, REMOVAL, RecentAccount, passkeys::remove)
}

fn organization_pages(routes: Routes) -> Routes {
    routes
        .page(GET, "/organizations", Session, console::organizations::index)
        .page(POST, "/organizations", Account, console::organizations::create)
        .page(GET, "/organizations/new", Account, console::organizations::new)
        .page(GET, "/organizations/{slug}", Member, console::organizations::enter)
        .page(GET, "/organizations/{slug}/settings", Member, console::settings::show)
        .page(POST, "/organizations/{slug}/settings", Owner, console::settings::update)
        .page(GET, "/organizations/{slug}/settings/second-factor", Owner, console::second_factor_rule::new)
        .page(POST, "/organizations/{slug}/settings/second-factor", Owner, console::second_factor_rule::create)
        .page(GET, "/organizations/{slug}/departure", Member, console::departure::new)
        .page(POST, "/organizations/{slug}/departure", Member, console::departure::create)
        .page(GET, "/organizations/{slug}/deletion", RecentOwner, console::deletion::new)
        .page(POST, "/organizations/{slug}/deletion", RecentOwner, console::deletion::create)
        .page(POST, "/organizations/{slug}/deletion/removal", Owner, console::deletion::remove)
        .page(GET, "/organizations/{slug}/audit-log", Owner, console::audit_log::index)
        .page(GET, "/organizations/{slug}/audit-log.csv", Owner, console::audit_log::export_csv)
        .page(GET, "/organizations/{slug}/audit-log.jsonl", Owner, console::audit_log::export_json_lines)
}

fn people_pages(routes: Routes) -> Routes {
    const IDENTITIES: &str = "/organizations/{slug}/members/{id}/identities/removal";
    routes
        .page(GET, "/organizations/{slug}/members", Owner, console::members::index)
        .page(GET, "/organizations/{slug}/members/{id}", Owner, console::members::show)
        .page(POST, "/organizations/{slug}/members/{id}", Owner, console::members::update)
        .page(GET, "/organizations/{slug}/members/{id}/role", Owner, console::member_role::ask_role)
        .page(GET, "/organizations/{slug}/members/{id}/removal", Owner, console::member_access::ask_removal)
        .page(POST, "/organizations/{slug}/members/{id}/removal", Owner, console::member_access::remove)
        .page(
            GET,
            "/organizations/{slug}/members/{id}/proofs/removal",
            Owner,
            console::member_access::ask_proofs_removal,
        )
        .page(POST, "/organizations/{slug}/members/{id}/proofs/removal", Owner, console::member_access::remove_proofs)
        .page(GET, IDENTITIES, Owner, console::member_access::ask_identities_removal)
        .page(POST, IDENTITIES, RecentOwner, console::member_access::remove_identities)
        .page(GET, "/organizations/{slug}/members/{id}/readmission", Owner, console::member_access::ask_readmission)
        .page(POST, "/organizations/{slug}/members/{id}/readmission", Owner, console::member_access::readmit)
        .page(GET, "/organizations/{slug}/invitations", Owner, console::invitations::index)
        .page(POST, "/organizations/{slug}/invitations", Owner, console::invitations::create)
        .page(GET, "/organizations/{slug}/invitations/new", Owner, console::invitations::new)
        .page(POST, "/organizations/{slug}/invitations/{id}/mails", Owner, console::invitations::create_mail)
        .page(POST, "/organizations/{slug}/invitations/{id}/links", Owner, console::invitations::create_link)
        .page(GET, "/organizations/{slug}/invitations/{id}/removal", Owner, console::invitations::ask_removal)
        .page(POST, "/organizations/{slug}/invitations/{id}/removal", Owner, console::invitations::remove)
}

fn project_pages(routes: Routes) -> Routes {
    routes
        .page(GET, "/organizations/{slug}/projects", Member, console::projects::index)
        .page(POST, "/organizations/{slug}/projects", Owner, console::projects::create)
        .page(GET, "/organizations/{slug}/projects/new", Owner, console::projects::new)
        .page(GET, "/organizations/{slug}/projects/{id}", Project, console::project_people::show)
        .page(POST, "/organizations/{slug}/projects/{id}", Project, console::projects::update)
        .page(GET, "/organizations/{slug}/projects/{id}/edit", Project, console::projects::edit)
        .page(GET, "/organizations/{slug}/projects/{id}/removal", Owner, console::projects::ask_removal)
        .page(POST, "/organizations/{slug}/projects/{id}/removal", Owner, console::projects::remove)
        .page(POST, "/organizations/{slug}/projects/{id}/members", Project, console::project_people::create)
        .page(POST, "/organizations/{slug}/projects/{id}/members/{user}", Project, console::project_people::update)
        .page(GET, "/organizations/{slug}/projects/{id}/members/{user}/role", Project, console::project_role::ask_role)
        .page(
            GET,
            "/organizations/{slug}/projects/{id}/members/{user}/removal",
            Project,
            console::project_people::ask_removal,
        )
        .page(
            POST,
            "/organizations/{slug}/projects/{id}/members/{user}/removal",
            Project,
            console::project_people::remove,
        )
}

fn enforcement_pages(routes: Routes) -> Routes {
    use crate::console::enforcement::{confirmation, edit, enable, removal};
    const ONE: &str = "/organizations/{slug}/enforcement";
    const EDIT: &str = "/organizations/{slug}/enforcement/edit";
    const CONFIRMATION: &str = "/organizations/{slug}/enforcement/confirmation";
    const REMOVAL: &str = "/organizations/{slug}/enforcement/removal";
    routes
        .page(GET, "/organizations/{slug}/enforcement/new", RecentOwner, enable::new)
        .page(POST, ONE, RecentOwner, enable::create)
        .page(GET, EDIT, RecentOwner, edit::edit)
        .page(POST, EDIT, RecentOwner, edit::update)
        .page(GET, CONFIRMATION, Owner, confirmation::new)
        .page(POST, CONFIRMATION, RecentOwner, confirmation::create)
        .page(GET, REMOVAL, RecentOwner, removal::new)
        .page(POST, REMOVAL, RecentOwner, removal::create)
}

fn domain_pages(routes: Routes) -> Routes {
    use crate::console::domains;
    const ALL: &str = "/organizations/{slug}/settings/domains";
    const VERIFICATION: &str = "/organizations/{slug}/settings/domains/{id}/verification";
    const REMOVAL: &str = "/organizations/{slug}/settings/domains/{id}/removal";
    routes
        .page(GET, ALL, Owner, domains::show)
        .page(POST, ALL, RecentOwner, domains::create)
        .page(GET, VERIFICATION, Owner, domains::ask_verification)
        .page(POST, VERIFICATION, RecentOwner, domains::verify)
        .page(GET, REMOVAL, Owner, domains::ask_removal)
        .page(POST, REMOVAL, RecentOwner, domains::remove)
}

fn connection_pages(routes: Routes) -> Routes {
    use crate::console::connections::{activation, identities, overview, records, settings, tests};
    routes
        .page(GET, "/organizations/{slug}/settings/single-sign-on", Owner, overview::show)
        .page(GET, "/organizations/{slug}/connections/new", Owner, overview::new)
        .page(POST, "/organizations/{slug}/connections", RecentOwner, overview::create)
        .page(GET, "/organizations/{slug}/connections/{id}", Owner, settings::show)
        .page(POST, "/organizations/{slug}/connections/{id}/settings", RecentOwner, settings::save)
        .page(POST, "/organizations/{slug}/connections/{id}/tests", Owner, tests::create)
        .page(GET, "/organizations/{slug}/connections/{id}/tests/{test}", Owner, tests::show)
        .page(POST, "/organizations/{slug}/connections/{id}/tests/{test}", Owner, tests::begin)
        .page(GET, "/organizations/{slug}/connections/{id}/activation", Owner, activation::ask_activation)
        .page(POST, "/organizations/{slug}/connections/{id}/activation", RecentOwner, activation::activate)
        .page(GET, "/organizations/{slug}/connections/{id}/deactivation", Owner, activation::ask_deactivation)
        .page(POST, "/organizations/{slug}/connections/{id}/deactivation", RecentOwner, activation::deactivate)
        .page(GET, "/organizations/{slug}/connections/{id}/removal", Owner, activation::ask_removal)
        .page(POST, "/organizations/{slug}/connections/{id}/removal", RecentOwner, activation::remove)
        .page(GET, "/organizations/{slug}/connections/{id}/attempts", Owner, records::attempts)
        .page(GET, "/organizations/{slug}/connections/{id}/identities", Owner, identities::index)
        .page(GET, "/organizations/{slug}/connections/{id}/identities/removal", Owner, identities::ask_removal)
        .page(POST, "/organizations/{slug}/connections/{id}/identities/removal", RecentOwner, identities::remove)
}
