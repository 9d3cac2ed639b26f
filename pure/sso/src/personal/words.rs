//! Owns what a person is told when a sign-in through their own provider ended: what happened and what to do, without a word
//! about organizations. The particulars are for the operator's log.

use orgate_core::personal::PersonalProvider;

use crate::refusal::SsoRefusalCode;

/// What can be done about it.
enum Remedy {
    /// The person said no, or may not.
    Consent,
    /// Start over.
    Again,
    /// Wait.
    Later,
    /// The person mends their account there.
    VerifyThere,
    /// The operator mends the settings.
    Operator,
}

/// For the person: what happened and what to do.
pub fn for_person(provider: PersonalProvider, code: SsoRefusalCode) -> String {
    let name = provider.words();
    match remedy(code) {
        Remedy::Consent => format!("{name} did not let you in here, or you cancelled. Nothing was changed."),
        Remedy::Again => format!("The sign-in through {name} did not complete. Start it again."),
        Remedy::Later => format!("{name} could not be reached. Try again in a few minutes, or sign in another way."),
        Remedy::VerifyThere => {
            format!("Your {name} account has no verified e-mail address. Verify it at {name}, then try again.")
        }
        Remedy::Operator => format!(
            "{name} and this site do not agree about this sign-in. Nothing is wrong with your account. Sign in another \
             way, or tell whoever runs this site."
        ),
    }
}

fn remedy(code: SsoRefusalCode) -> Remedy {
    use SsoRefusalCode as C;
    match code {
        C::IdpAccessDenied => Remedy::Consent,
        C::AddressUnverified => Remedy::VerifyThere,
        C::CallbackMalformed
        | C::StateMissing
        | C::StateUnknown
        | C::CallbackCodeMissing
        | C::IdpInteractionRequired
        | C::CodeRejected
        | C::UserInfoRejected
        | C::IdTokenExpired
        | C::IdTokenTooOld
        | C::IdTokenNonce
        | C::AuthTimeMissing
        | C::AuthTimeStale
        | C::IdpSessionOver => Remedy::Again,
        C::NameNotResolved
        | C::Unreachable
        | C::Certificate
        | C::RateLimited
        | C::UnexpectedStatus
        | C::KeysEmpty
        | C::KeyUnknown
        | C::IdpUnavailable => Remedy::Later,
        C::AddressRefused
        | C::ResponseTooLarge
        | C::Redirected
        | C::DiscoveryMalformed
        | C::DiscoveryIssuer
        | C::DiscoveryIncomplete
        | C::EndpointRefused
        | C::AlgorithmsUnsupported
        | C::ClientAuthenticationUnsupported
        | C::PushedRequestRejected
        | C::PushedRequestMalformed
        | C::KeysMalformed
        | C::KeysTooMany
        | C::CallbackResponseType
        | C::CallbackIssuerMissing
        | C::CallbackIssuer
        | C::IdpRejectedRequest
        | C::IdpError
        | C::TokenResponseMalformed
        | C::TokenType
        | C::IdTokenMissing
        | C::ClientRejected
        | C::TokenRequestRejected
        | C::IdTokenMalformed
        | C::IdTokenTooLarge
        | C::IdTokenEncrypted
        | C::IdTokenType
        | C::IdTokenCritical
        | C::IdTokenAlgorithm
        | C::KeyAmbiguous
        | C::KeyUnsuitable
        | C::SignatureInvalid
        | C::IdTokenIssuer
        | C::IdTokenAudience
        | C::IdTokenAuthorizedParty
        | C::IdTokenTime
        | C::Clock
        | C::IdTokenSubject
        | C::IdTokenAccessTokenHash
        | C::IdTokenCodeHash
        | C::SessionExpiryMalformed
        | C::UserInfoMalformed
        | C::UserInfoSignature
        | C::UserInfoSubject
        // Providers of people post none.
        | C::LogOutTokenMissing
        | C::LogOutTokenMalformed
        | C::LogOutTokenTooLarge
        | C::LogOutTokenType
        | C::LogOutTokenAlgorithm
        | C::LogOutTokenIssuer
        | C::LogOutTokenAudience
        | C::LogOutTokenTime
        | C::LogOutTokenExpired
        | C::LogOutTokenTooOld
        | C::LogOutTokenEvent
        | C::LogOutTokenNonce
        | C::LogOutTokenSubject
        | C::LogOutTokenId
        | C::LogOutTokenReplayed => Remedy::Operator,
    }
}
