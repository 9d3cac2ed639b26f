//! Owns what the document says of sending a call once more, as a program does whose answer was lost (R-API-1).

const SAME: &str = "Repeating it changes nothing more.";
const GONE: &str = "Repeating it changes nothing more: what is gone already is not found.";
const DONE: &str = "Repeated, it is refused, for it is done already: look whether it was.";
const ONCE: &str = "Repeated, it is refused, for what it takes serves once: begin again where that came from.";
const ANEW: &str = "Repeating it begins another one; what nobody goes on with is over by itself.";
const MAIL: &str = "Repeating it changes nothing more, but for another mail.";

/// The sentence for a call that changes something; none for a call that nobody has thought about yet.
pub(super) fn sentence(method: &str, path: &str) -> Option<&'static str> {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let path = path.strip_prefix("/organizations/{organization}").filter(|rest| !rest.is_empty()).unwrap_or(path);
    match method {
        "POST" => post(path),
        "PUT" => Some(put(path)),
        "PATCH" => Some(SAME),
        "DELETE" => Some(delete(path)),
        _ => None,
    }
}

fn put(path: &str) -> &'static str {
    match path {
        "/account/password" => DONE,
        "/connections/{id}/settings" => "Repeating it saves the same draft anew, which has to be tested anew.",
        _ => SAME,
    }
}

fn delete(path: &str) -> &'static str {
    match path {
        "/account/other-sessions" => "Repeating it ends what began in between as well.",
        "/session" | "/connections/{id}/activation" => DONE,
        "/members/{user_id}/proofs" => "Repeating it makes what was shown in between count no more either.",
        _ => GONE,
    }
}

fn post(path: &str) -> Option<&'static str> {
    let sentence = match path {
        "/organizations" => {
            "With slug it can be repeated: what the caller made by the same name and slug is answered once more. \
             Without, it makes another one: look in the list before."
        }
        "/projects" => {
            "With slug it can be repeated: a project of the same name and slug is answered as it is. Without, it makes \
             another one: look in the list before."
        }
        "/connections" => {
            "With name it can be repeated: the caller's own draft of this kind and name is answered once more, until \
             something is saved in it. Without, it makes another one: look in the list before."
        }
        "/invitations" => {
            "Repeating it invites nobody twice: the invitations are made anew, with another mail, and the links before \
             no longer serve."
        }
        "/invitations/{id}/mails" | "/invitations/{id}/links" => {
            "Repeating it makes another link; the one that it made before no longer serves."
        }
        "/account/recovery-codes" => "Repeating it makes other codes; those before no longer serve.",
        "/domains" => "Repeated, it is refused with domain-exists: the claim is in the list.",
        "/domains/{id}/verification" => "Repeating it looks once more.",
        "/sessions" => "Repeating it begins another session; one whose token was lost is ended in the person's list.",
        "/session/proofs" => "Repeating it shows the same once more; a code serves once.",
        "/members/{user_id}/readmission" | "/identities/removal" => GONE,
        "/projects/{project}/members" => {
            "Repeating it changes nothing more; an invitation's link is in the first answer only."
        }
        "/connections/{id}/activation" | "/deletion" => SAME,
        "/account/deletion" | "/account/passkeys" | "/account/totp/confirmation" => DONE,
        "/sign-ups"
        | "/sign-ups/{id}/codes"
        | "/session/codes"
        | "/password-resets"
        | "/account/email-changes"
        | "/account/enrolment-codes"
        | "/invitations/{token}/codes" => MAIL,
        "/sign-ups/{id}/verification"
        | "/sign-ins/{id}/second-factor"
        | "/passkey-challenges/{id}/answer"
        | "/password-resets/{token}/completion"
        | "/account/email-changes/{id}/verification"
        | "/account/enrolment-codes/verification"
        | "/invitations/{token}/acceptance" => ONCE,
        "/sign-ins/{id}/passkey-challenges"
        | "/passkey-challenges"
        | "/session/passkey-challenges"
        | "/account/passkey-challenges"
        | "/account/totp"
        | "/connections/{id}/tests" => ANEW,
        _ => return None,
    };
    Some(sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_reads_has_no_sentence_and_the_ways_of_repeating_are_told_apart() {
        assert_eq!(sentence("GET", "/api/v1/organizations"), None);
        assert_eq!(sentence("POST", "/api/v1/organizations/{organization}/deletion"), Some(SAME));
        assert_eq!(sentence("POST", "/api/v1/account/deletion"), Some(DONE));
        assert_eq!(sentence("DELETE", "/api/v1/organizations/{organization}/projects/{project}"), Some(GONE));
        assert_eq!(sentence("PATCH", "/api/v1/organizations/{organization}"), Some(SAME));
        assert!(sentence("POST", "/api/v1/organizations").is_some_and(|text| text.starts_with("With slug")));
        assert_eq!(sentence("POST", "/api/v1/organizations/{organization}/nothing"), None);
    }
}
