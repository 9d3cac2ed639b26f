//! Owns the checks of the client at the provider: an authorization request that must not show a page, and a token
//! request that cannot succeed. Providers answer both in many ways; what is not clear is said to be unclear.

use url::Url;

use crate::exchange::{Response, TransportFailure};
use crate::oidc::callback::idp_error;
use crate::oidc::checks::IMPOSSIBLE_CODE;
use crate::oidc::checks::report::{Check, CheckName};
use crate::oidc::metadata::Metadata;
use crate::oidc::token_response;
use crate::refusal::{SsoRefusal, SsoRefusalCode};

/// Whether the provider sends the browser back to our redirect URI.
pub(super) fn client_and_redirect(
    response: Result<Response, TransportFailure>,
    redirect_uri: &str,
    metadata: &Metadata,
) -> Check {
    let name = CheckName::ClientAndRedirect;
    let Ok(response) = response else {
        return Check::not_told(name, "The authorization endpoint gave no answer that could be read from here.");
    };
    match response.status {
        300..400 => redirected(&response, redirect_uri, metadata),
        200..300 => {
            let detail = "The identity provider answered with a page of its own.";
            Check::passed(name, detail).with_remark("Whether it takes the redirect URI, a test sign-in will tell.")
        }
        400 | 401 | 403 | 404 | 422 => {
            let refusal = SsoRefusal::new(SsoRefusalCode::IdpRejectedRequest)
                .expected(format!("a redirect to {redirect_uri}"))
                .received(format!("status {}", response.status));
            let mut check = Check::failed(name, &refusal)
                .with_detail("The identity provider shows an error instead of coming back.");
            check.mend = Some(
                "Enter the Single sign-on URL as sign-in redirect URI of the application at the identity provider. If it is \
                 there, check the client ID, and that the address is that of the identity provider which has the application."
                    .to_owned(),
            );
            check
        }
        status => Check::not_told(name, &format!("The authorization endpoint answered with status {status}.")),
    }
}

fn redirected(response: &Response, redirect_uri: &str, metadata: &Metadata) -> Check {
    let name = CheckName::ClientAndRedirect;
    let base = Url::parse(metadata.issuer()).ok();
    let location = response.location.as_deref().unwrap_or_default();
    let target = Url::options().base_url(base.as_ref()).parse(location).ok();
    let Some(target) = target.filter(|target| same_place(target, redirect_uri)) else {
        let detail = "The identity provider went on to a page of its own.";
        return Check::passed(name, detail).with_remark("Whether it takes the redirect URI, a test sign-in will tell.");
    };
    let find =
        |wanted: &str| target.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
    let Some(error) = find("error") else {
        return Check::passed(name, "The identity provider came back to the Single sign-on URL.");
    };
    let refusal = idp_error(&error, find("error_description").as_deref());
    if matches!(refusal.code, SsoRefusalCode::IdpInteractionRequired | SsoRefusalCode::IdpAccessDenied) {
        Check::passed(name, "The identity provider knows the client and came back to the Single sign-on URL.")
    } else if refusal.code == SsoRefusalCode::IdpUnavailable {
        Check::not_told(name, "The identity provider says that it is out of order.")
    } else {
        Check::failed(name, &refusal).with_detail("The identity provider came back with an error.")
    }
}

/// The same with a remark if sign-ins go on in another way than the provider recommends. What is wrong with the secret the
/// check of that says.
pub(super) fn with_push(check: Check, not_taken: Option<&SsoRefusal>) -> Check {
    let not_taken = not_taken.filter(|refusal| refusal.code != SsoRefusalCode::ClientRejected);
    match not_taken {
        Some(refusal) if check.ok && check.remark.is_none() => {
            let code = refusal.code.as_str();
            let reason = refusal.received.as_deref().unwrap_or("nothing more was said");
            check.with_remark(&format!(
                "The identity provider offers to have requests pushed to it and did not take this one ({code}: {reason}). \
                 Sign-ins go on through the browser's address."
            ))
        }
        Some(_) | None => check,
    }
}

/// Whether both are the same but for the query.
fn same_place(target: &Url, redirect_uri: &str) -> bool {
    Url::parse(redirect_uri).is_ok_and(|ours| {
        let place = |url: &Url| (url.origin(), url.path().to_owned());
        place(&ours) == place(target)
    })
}

/// Whether the provider takes the secret: with a right one it complains about the code.
pub(super) fn client_secret(response: Result<Response, SsoRefusal>, secret: &str) -> Check {
    let name = CheckName::ClientSecret;
    let response = match response {
        Ok(response) => response,
        // Each sign-in would send the code there.
        Err(refusal) if refusal.code == SsoRefusalCode::AddressRefused => return Check::failed(name, &refusal),
        Err(_) => return Check::not_told(name, "The token endpoint gave no answer that could be read."),
    };
    let refusal = token_response::error(&response, &[secret, IMPOSSIBLE_CODE]);
    match refusal {
        Some(refusal) if refusal.code == SsoRefusalCode::CodeRejected => {
            Check::passed(name, "The identity provider accepts client ID and secret.")
        }
        Some(refusal) if refusal.code == SsoRefusalCode::ClientRejected => {
            Check::failed(name, &refusal).with_detail("The identity provider does not accept client ID and secret.")
        }
        Some(refusal) => {
            let received = refusal.received.unwrap_or_default();
            Check::not_told(name, &format!("The token endpoint answered “{received}”, which may have other reasons."))
        }
        None => Check::not_told(name, &format!("The token endpoint answered with status {}.", response.status)),
    }
}
