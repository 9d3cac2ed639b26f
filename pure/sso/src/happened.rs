//! Owns what an Owner reads first of a refusal: what happened, in a few words. What to do about it is beside the codes.

use crate::refusal_code::SsoRefusalCode;

impl SsoRefusalCode {
    /// For the Owner: what happened, without a full stop. The person who is refused reads
    /// [`for_person`](Self::for_person).
    pub const fn happened(self) -> &'static str {
        match self {
            Self::AddressRefused => "The address of the identity provider may not be contacted",
            Self::NameNotResolved => "The domain of the identity provider has no address",
            Self::Unreachable => "The identity provider did not answer",
            Self::Certificate => "The certificate of the identity provider is not valid for its domain",
            Self::ResponseTooLarge => "The identity provider sent more than is accepted",
            Self::Redirected => "The identity provider redirects to another address",
            Self::RateLimited => "The identity provider refuses further questions for a while",
            Self::UnexpectedStatus => "The identity provider answered with an error of its own",
            Self::DiscoveryMalformed => "No identity provider describes itself at this address",
            Self::DiscoveryIssuer => "The identity provider names another issuer than the one that was entered",
            Self::DiscoveryIncomplete => "The identity provider does not offer all that a sign-in needs",
            Self::EndpointRefused => "An endpoint of the identity provider may not be contacted",
            Self::AlgorithmsUnsupported => "The identity provider signs in no way that is accepted",
            Self::ClientAuthenticationUnsupported => {
                "The identity provider takes no client secret from this application"
            }
            Self::PushedRequestRejected => "The identity provider did not take the request that was pushed to it",
            Self::PushedRequestMalformed => "The identity provider gave the request that was pushed to it no name",
            Self::KeysMalformed => "The keys of the identity provider cannot be read",
            Self::KeysEmpty => "The identity provider publishes no usable key",
            Self::KeysTooMany => "The identity provider publishes too many keys",
            Self::CallbackMalformed => "The answer of the identity provider was damaged",
            Self::StateMissing => "The sign-in did not start here",
            Self::StateUnknown => "The answer belongs to no sign-in that waits in that browser",
            Self::CallbackResponseType => "The identity provider answered with tokens in place of a code",
            Self::CallbackCodeMissing => "The identity provider answered without a code",
            Self::CallbackIssuerMissing => "The answer does not say which identity provider it is from",
            Self::CallbackIssuer => "Another identity provider answered than the one that was asked",
            Self::IdpAccessDenied => "The identity provider did not let this person into the application",
            Self::IdpInteractionRequired => "The identity provider has to ask the person something first",
            Self::IdpRejectedRequest => "The identity provider rejected the request",
            Self::IdpUnavailable => "The identity provider says that it is out of order",
            Self::IdpError => "The identity provider refused with an error of its own",
            Self::TokenResponseMalformed => "The identity provider did not exchange the code for tokens",
            Self::TokenType => "The identity provider sent tokens of another type",
            Self::IdTokenMissing => "The identity provider sent no ID token",
            Self::ClientRejected => "The identity provider does not accept client ID and secret",
            Self::CodeRejected => "The identity provider did not accept its own code",
            Self::TokenRequestRejected => "The identity provider rejected the exchange of the code",
            Self::AddressUnverified => "The account at the provider has no verified address",
            Self::IdTokenMalformed => "The ID token is damaged",
            Self::IdTokenTooLarge => "The ID token is too large",
            Self::IdTokenEncrypted => "The ID token is encrypted",
            Self::IdTokenType => "Another kind of token came in the place of the ID token",
            Self::IdTokenCritical => "The ID token demands an extension that is not known here",
            Self::IdTokenAlgorithm => "The ID token is signed with an algorithm that is not accepted",
            Self::KeyUnknown => "The ID token is signed with a key that is not published",
            Self::KeyAmbiguous => "Several keys could have signed the ID token",
            Self::KeyUnsuitable => "The key of the ID token does not fit its algorithm",
            Self::SignatureInvalid => "The signature of the ID token is not right",
            Self::IdTokenIssuer => "The ID token names another issuer",
            Self::IdTokenAudience => "The ID token is meant for another application",
            Self::IdTokenAuthorizedParty => "The ID token was issued to another application",
            Self::IdTokenTime => "A time in the ID token is missing or is no number",
            Self::IdTokenExpired => "The ID token had expired when it came",
            Self::IdTokenTooOld => "The ID token was issued too long ago",
            Self::Clock => "The clocks of this server and of the identity provider differ",
            Self::IdTokenNonce => "The ID token belongs to another sign-in",
            Self::IdTokenSubject => "The ID token does not name a person",
            Self::IdTokenAccessTokenHash => "The ID token does not belong to the access token",
            Self::IdTokenCodeHash => "The ID token does not belong to the code",
            Self::AuthTimeMissing => "The identity provider does not say when the person signed in there",
            Self::AuthTimeStale => "The identity provider did not ask the person to sign in again",
            Self::SessionExpiryMalformed => "The end of the session in the ID token is no time",
            Self::IdpSessionOver => "The session at the identity provider was over",
            Self::UserInfoMalformed => "The UserInfo answer cannot be read",
            Self::UserInfoRejected => "The UserInfo endpoint refused the access token",
            Self::UserInfoSignature => "The signed UserInfo answer is not right",
            Self::UserInfoSubject => "UserInfo and ID token name different people",
            Self::LogOutTokenMissing => "A log-out came without a token",
            Self::LogOutTokenMalformed => "A log-out token is damaged",
            Self::LogOutTokenTooLarge => "A log-out token is too large",
            Self::LogOutTokenType => "A log-out came with another kind of token",
            Self::LogOutTokenAlgorithm => "A log-out token is signed with an algorithm that is not accepted",
            Self::LogOutTokenIssuer => "A log-out token names another issuer",
            Self::LogOutTokenAudience => "A log-out token is meant for another application",
            Self::LogOutTokenTime => "A time in a log-out token is missing or is no number",
            Self::LogOutTokenExpired => "A log-out token had expired when it came",
            Self::LogOutTokenTooOld => "A log-out token was issued too long ago",
            Self::LogOutTokenEvent => "A log-out token does not report a log-out",
            Self::LogOutTokenNonce => "A token with a nonce came in the place of a log-out token",
            Self::LogOutTokenSubject => "A log-out token names nobody",
            Self::LogOutTokenId => "A log-out token has no id of its own",
            Self::LogOutTokenReplayed => "A log-out token came a second time",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn r_sso_9_an_owner_reads_of_each_code_what_happened_and_it_is_not_what_a_person_is_told() {
        let all: BTreeSet<_> = SsoRefusalCode::ALL.iter().map(|code| code.happened()).collect();
        assert_eq!(all.len(), SsoRefusalCode::ALL.len());
        for code in SsoRefusalCode::ALL {
            let text = code.happened();
            assert!(text.len() < 80 && !text.ends_with('.') && !text.contains("our administrator"), "{text}");
        }
    }
}
