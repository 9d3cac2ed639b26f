//! Owns the one line that a person reads for each event: who, what, to whom.

use orgate_core::role::{OrganizationRole, ProjectRole};
use orgate_store::AuditEvent;
use serde_json::Value;

/// Every action and how it reads: `{target}` is the name of what it was done to, `{key}` a value of the event's data.
pub const ACTIONS: &[(&str, &str)] = &[
    ("address.proven", "proved their address"),
    ("connection.activated", "activated the connection {target}"),
    ("connection.created", "began setting up the connection {target}"),
    ("connection.disabled", "disabled the connection {target}"),
    ("connection.log-out-refused", "was sent a log-out that was refused: {outcome}"),
    ("connection.removed", "removed the connection {target}"),
    ("connection.settings_saved", "saved new settings of the connection {target}"),
    ("connection.test_started", "started a test sign-in through the connection {target}"),
    ("connection.validated", "completed a test sign-in through the connection {target}"),
    ("domain.claimed", "claimed the domain {target}"),
    ("domain.contested", "kept the domain {target}, although another organization shows its record for it"),
    ("domain.lapsed", "let the domain {target} lapse: {reason}"),
    ("domain.lost", "gave the domain {target} to another organization, which shows its record alone"),
    ("domain.passed", "made every address in {target} unproven, which passed to another organization: {addresses}"),
    ("domain.refused", "could not verify the domain {target}: {outcome}"),
    ("domain.removed", "removed the domain {target}"),
    ("domain.unanswered", "got no answer from the name servers of {target} for a day"),
    ("domain.verified", "verified the domain {target}"),
    ("enforcement.changed", "changed how SSO enforcement treats Owners"),
    ("enforcement.confirmed", "confirmed SSO enforcement after its trial"),
    ("enforcement.disabled", "turned SSO enforcement off"),
    ("enforcement.enabled", "turned SSO enforcement on"),
    ("enforcement.rolled-back", "turned SSO enforcement off, because nobody confirmed its trial"),
    (
        "enforcement.swept",
        "counted what SSO enforcement did: {members_bound} members bound, {sessions_ended} sessions ended",
    ),
    ("enforcement.trial-began", "turned SSO enforcement on for a trial"),
    ("enforcement.trial-kept", "kept SSO enforcement on, for whether its trial was confirmed is not known any more"),
    ("enforcement.way-back-lost", "found that no Owner could come in any more if the identity provider were down"),
    ("identity.cleared", "cleared the single sign-on link of {target}"),
    ("identity.linked", "linked {target} to single sign-on"),
    ("instance.backed-up", "made a backup: {people} people, {organizations} organizations"),
    (
        "instance.restored",
        "put everything back to its state of {state_of}: void are {sessions} sessions, {attempts} attempts, {codes} codes, \
         {links} links, {invitations} invitation links, {recovery_codes} recovery codes and {mails} mails",
    ),
    ("invitation.accepted", "accepted the invitation to {target}"),
    ("invitation.created", "invited {target} as {role}"),
    ("invitation.link-copied", "copied a link of the invitation to {target}"),
    ("invitation.resent", "sent the invitation to {target} again"),
    ("invitation.revoked", "revoked the invitation to {target}"),
    ("member.joined", "joined the organization"),
    ("member.left", "left the organization"),
    ("member.proofs-ended", "made {target} prove again who they are"),
    ("member.readmitted", "re-admitted {target}"),
    ("member.removed", "removed {target} from the organization"),
    ("member.role-changed", "changed the role of {target} from {from} to {to}"),
    (
        "member.signed-out-at-provider",
        "took the single sign-on from {target}, who signed out at the identity provider: {sessions_ended} sessions ended",
    ),
    ("organization.created", "created the organization {target}"),
    ("organization.deleted", "deleted the organization {target}"),
    ("organization.deletion-postponed", "moved the deletion of {target} to {deletes_at}"),
    ("organization.deletion-requested", "asked for the deletion of {target}"),
    ("organization.deletion-undone", "took the deletion of {target} back"),
    ("organization.mfa-requirement-changed", "changed whether members need a second factor"),
    ("organization.renamed", "renamed the organization from {from} to {target}"),
    ("organization.restored", "put {target} back to its state of {state_of}, with everything here"),
    ("organization.sso-entitled", "made single sign-on part of the plan of {target}"),
    ("organization.sso-entitlement-lost", "took single sign-on from the plan of {target}"),
    ("passkey.added", "added the passkey {name}"),
    ("passkey.removed", "removed the passkey {name}"),
    ("passkey.renamed", "gave a passkey the name {name}"),
    ("password-reset.requested", "asked for a new password of {target}"),
    ("password.changed", "changed their password"),
    ("password.removed", "removed their password"),
    ("password.reset", "set a new password by mail"),
    ("personal-identity.linked", "linked their {provider} account"),
    ("personal-identity.unlinked", "unlinked their {provider} account"),
    ("project-member.added", "gave {target} access to {project} as {role}"),
    ("project-member.invited", "invited {target} to {project} as {role}"),
    ("project-member.removed", "took the access of {target} to {project} away"),
    ("project-member.role-changed", "changed the role of {target} in {project} from {from} to {to}"),
    ("project-member.uninvited", "took {project} out of the invitation to {target}"),
    ("project.created", "created the project {target}"),
    ("project.deleted", "deleted the project {target}"),
    ("project.renamed", "renamed the project {from} to {target}"),
    ("recovery-code.used", "used a recovery code; left: {left}"),
    ("recovery-codes.replaced", "made new recovery codes"),
    ("secret-key.rotated", "replaced the secret key {from} by {to}"),
    ("session.blocked", "was stopped at sign-in by {method}, for SSO is enforced: reference {reference}"),
    ("session.created", "signed in by {method}"),
    ("session.created-without-sso", "signed in by {method} while SSO is enforced, as an exempt Owner"),
    ("session.ended", "ended one of their sessions"),
    ("session.others-ended", "ended their other sessions"),
    ("session.refused", "was refused at sign-in by {method}: {outcome}"),
    ("session.signed-out", "signed out"),
    ("totp.added", "set up an authenticator app"),
    ("totp.begun", "began setting up an authenticator app"),
    ("totp.removed", "removed their authenticator app"),
    ("user.closed", "closed their account"),
    ("user.created", "signed up as {target}"),
    ("user.email-change-requested", "asked for a code to change their address"),
    ("user.email-changed", "changed their address from {from} to {to}"),
    ("user.erased", "erased what {events} events said of {target} beyond its id"),
    ("user.merged", "brought their SSO account together with {target}"),
    ("user.renamed", "took the name {target}"),
];

/// The event as a person reads it: `Robin Vale removed Sam Ode from the organization`.
pub fn sentence(event: &AuditEvent) -> String {
    let pattern = ACTIONS.iter().find(|(action, _)| *action == event.action).map(|(_, pattern)| *pattern);
    let said = match pattern {
        Some(pattern) => format!("{} {}", who(event), fill(pattern, event)),
        None => format!("{}: {}", who(event), event.action),
    };
    if event.tries > 1 { format!("{said}, {} times in a minute", event.tries) } else { said }
}

fn who(event: &AuditEvent) -> String {
    let known = event.actor_name.clone().filter(|name| !name.is_empty());
    known.unwrap_or_else(|| match event.actor.as_str() {
        "operator" => "The operator".to_owned(),
        "system" => "Orgate".to_owned(),
        "anonymous" => event.target_name.clone().unwrap_or_else(|| "Somebody".to_owned()),
        other => other.to_owned(),
    })
}

/// Puts values in the place of `{names}`. What is put in is never looked at again, so a name in braces stays a name.
fn fill(pattern: &str, event: &AuditEvent) -> String {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let mut filled = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(before);
        filled.push_str(&value(name, event, &data));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

fn value(name: &str, event: &AuditEvent, data: &Value) -> String {
    match name {
        "target" => {
            event.target_name.clone().or_else(|| event.target.clone()).unwrap_or_else(|| "nobody known".to_owned())
        }
        "outcome" => event.outcome.clone(),
        key => match data.get(key) {
            Some(Value::String(text)) => word(text),
            Some(Value::Number(number)) => number.to_string(),
            _ => "an unknown value".to_owned(),
        },
    }
}

/// Roles as people read them; anything else as it is.
fn word(text: &str) -> String {
    let organization = OrganizationRole::parse(text).map(OrganizationRole::label);
    let label = organization.or_else(|| ProjectRole::parse(text).map(ProjectRole::label));
    label.unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use orgate_core::id::{AuditEventId, Identifier};
    use orgate_core::time::Timestamp;

    use super::*;

    fn event(action: &str, target: &str, data: &str) -> AuditEvent {
        let at = Timestamp::from_millis(1);
        AuditEvent {
            id: AuditEventId::new(at, [1; 10]),
            organization_id: None,
            at,
            action: action.to_owned(),
            actor: "user:usr_1".to_owned(),
            actor_name: Some("Robin Vale".to_owned()),
            target: Some("usr_2".to_owned()),
            target_name: Some(target.to_owned()),
            outcome: "success".to_owned(),
            ip: None,
            user_agent: None,
            data: data.to_owned(),
            tries: 1,
            position: None,
            link: None,
        }
    }

    #[test]
    fn an_event_reads_as_a_sentence() {
        let changed = event("member.role-changed", "Sam Ode", r#"{"from":"member","to":"owner"}"#);
        assert_eq!(sentence(&changed), "Robin Vale changed the role of Sam Ode from Member to Owner");
        let left = AuditEvent {
            actor_name: None,
            actor: "operator".to_owned(),
            ..event("organization.sso-entitled", "Acme", "{}")
        };
        assert_eq!(sentence(&left), "The operator made single sign-on part of the plan of Acme");
    }

    #[test]
    fn r_ops_3_an_event_that_stands_for_many_tries_says_how_many() {
        let refused = AuditEvent { tries: 57, ..event("session.refused", "Sam Ode", "{}") };
        assert!(sentence(&refused).ends_with(", 57 times in a minute"), "{}", sentence(&refused));
    }

    #[test]
    fn a_name_in_braces_stays_a_name() {
        let removed = event("member.removed", "{outcome}", "{}");
        assert_eq!(sentence(&removed), "Robin Vale removed {outcome} from the organization");
    }

    #[test]
    fn every_action_has_a_sentence_and_every_sentence_an_action() {
        let mut written = actions_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        written.sort_unstable();
        written.dedup();
        let said: Vec<&str> = ACTIONS.iter().map(|(action, _)| *action).collect();
        assert_eq!(written, said);
    }

    fn actions_in(folder: &Path) -> Vec<String> {
        let entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        let mut found = Vec::new();
        for path in entries {
            if path.ends_with("audit_log/sentence.rs") {
                continue;
            }
            if path.is_dir() {
                found.extend(actions_in(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.extend(text.split('"').filter(|piece| is_action(piece)).map(str::to_owned));
            }
        }
        found
    }

    fn is_action(literal: &str) -> bool {
        const NOUNS: &[&str] = &[
            "address",
            "connection",
            "domain",
            "enforcement",
            "identity",
            "instance",
            "invitation",
            "member",
            "organization",
            "passkey",
            "password",
            "password-reset",
            "personal-identity",
            "project",
            "project-member",
            "recovery-code",
            "recovery-codes",
            "secret-key",
            "session",
            "totp",
            "user",
        ];
        literal.split_once('.').is_some_and(|(noun, done)| {
            NOUNS.contains(&noun) && done.chars().all(|c| c.is_ascii_lowercase() || "-_".contains(c))
        })
    }
}
