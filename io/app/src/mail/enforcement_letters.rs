//! Owns what the mails about enforced single sign-on say: to whom it binds, and to the Owners who decide about it.

use orgate_core::time::Timestamp;

use super::letter::{Letter, foreign};
use super::templates::{NOT_YOU, RequiredSignIn, day_and_time};

pub(super) fn sso_instead_of_password(product: &str, required: &[RequiredSignIn], minutes: u32) -> Letter {
    let link = |verb: &str, one: &RequiredSignIn, url: &str| {
        (format!("{verb} {}", foreign(&one.organization)), url.to_owned())
    };
    let ways_in = required.iter().map(|one| link("Sign in to", one, &one.url)).collect();
    let ways_out: Vec<_> =
        required.iter().filter_map(|one| Some(link("Leave", one, one.leave_url.as_deref()?))).collect();
    let why = match required {
        [one] => format!("{} asks its members", foreign(&one.organization)),
        _ => "these organizations ask their members".to_owned(),
    };
    let letter = Letter::new(format!("How you sign in to {product}"))
        .paragraph(format!(
            "Somebody asked to set the password of this address at {product}. No password is set, because {why} to sign \
             in through single sign-on."
        ))
        .links(ways_in);
    let letter = if ways_out.is_empty() {
        letter
    } else {
        letter
            .paragraph(format!(
                "If you cannot sign in there, you can leave instead. The link says what that means before anything \
                 happens; it works once, within {minutes} minutes."
            ))
            .links(ways_out)
    };
    letter.paragraph(NOT_YOU)
}

pub(super) fn way_out(organization: &str, who: (&str, &str), at: Timestamp, url: &str) -> Letter {
    let (organization, name, email) = (foreign(organization), foreign(who.0), foreign(who.1));
    Letter::new(format!("{name} left {organization}"))
        .paragraph(format!(
            "On {} {name} ({email}) left {organization} without signing in through its single sign-on, as everybody can \
             who proves their address. Their access there has ended.",
            day_and_time(at)
        ))
        .paragraph("If they ask to come back: they are let in again by your single sign-on, with no project.")
        .link("Members", url)
}

pub(super) fn enforcement_changed(
    organization: &str,
    done: (&str, &str),
    at: Timestamp,
    login_url: &str,
    settings_url: &str,
) -> Letter {
    let (organization, actor, act) = (foreign(organization), foreign(done.0), foreign(done.1));
    Letter::new(format!("Single sign-on in {organization}"))
        .paragraph(format!("{actor} {act} in {organization} on {}.", day_and_time(at)))
        .paragraph("People sign in at this address; hand it out to those who ask.")
        .link("Login address", login_url)
        .paragraph(format!("All Owners of {organization} are told about acts like this one."))
        .link("Single sign-on settings", settings_url)
}

pub(super) fn trial_over(organization: &str, at: Timestamp, settings_url: &str) -> Letter {
    let organization = foreign(organization);
    Letter::new(format!("SSO enforcement in {organization} is off again"))
        .paragraph(format!(
            "SSO enforcement was on for a trial, and no Owner who had come in through SSO confirmed it in time. Since {} \
             members can sign in as before.",
            day_and_time(at)
        ))
        .paragraph("If somebody was locked out, look at the recent attempts of the connection before you try again.")
        .link("Single sign-on settings", settings_url)
}

pub(super) fn way_back_lost(organization: &str, settings_url: &str) -> Letter {
    let organization = foreign(organization);
    Letter::new(format!("{organization} depends on its identity provider alone"))
        .paragraph(format!(
            "{organization} enforces single sign-on, and no Owner could sign in without it any more: each has no password \
             of their own, or is bound by another organization too. If the identity provider were down, only the operator \
             of this service could let somebody in."
        ))
        .paragraph("Keep an Owner who has a password and belongs to no other organization that enforces single sign-on.")
        .link("Single sign-on settings", settings_url)
}

pub(super) fn exempt_sign_in(organization: &str, owner: &str, at: Timestamp, url: &str) -> Letter {
    let (organization, owner) = (foreign(organization), foreign(owner));
    Letter::new(format!("{owner} signed in to {organization} without single sign-on"))
        .paragraph(format!("{owner} used a way of their own on {}.", day_and_time(at)))
        .paragraph(format!(
            "{organization} enforces single sign-on, from which its Owners are exempt. If nobody knows why it was not \
             used, talk to each other; you can end the exemption in the settings."
        ))
        .link("Audit log", url)
}
