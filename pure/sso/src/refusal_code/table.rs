//! Owns the table of all codes and their texts.

use super::{AGAIN, ASK, LATER, LOG_OUT};

codes! {
    /// The URL or an address behind it may not be contacted (2.3 of the security bar).
    AddressRefused = "idp-address-refused",
        ASK,
        "Enter the public host name of the identity provider. A private address, another port or plain http has to \
         be listed by the operator in ORGATE_IDP_ALLOW.";
    /// The host has no address.
    NameNotResolved = "idp-name-unknown",
        LATER,
        "Check the spelling of the domain; no address was found for it.";
    /// No connection or no complete answer in time.
    Unreachable = "idp-unreachable",
        LATER,
        "Check that the identity provider runs and can be reached over https from this server.";
    /// The certificate is not valid for the host.
    Certificate = "idp-certificate",
        LATER,
        "The identity provider's certificate is expired, for another host, or of an unknown authority. An own \
         authority is added by the operator in ORGATE_EXTRA_CA_FILE.";
    /// A body over its limit (T-IDP-1).
    ResponseTooLarge = "idp-response-too-large",
        ASK,
        "The identity provider sent more than is accepted. Check that the domain points to it, and reduce the claims \
         it sends.";
    /// A redirect where none is allowed (T-ID-14).
    Redirected = "idp-redirected",
        ASK,
        "Enter the address that the identity provider redirects to; redirects are not followed.";
    /// It answers no more questions for now.
    RateLimited = "idp-rate-limited",
        LATER,
        "The identity provider refuses further questions for a while. Check its status page and your limits there.";
    /// Another status than the protocol allows.
    UnexpectedStatus = "idp-unexpected-status",
        LATER,
        "The identity provider answered with an error. Check its own status page and logs.";

    /// The discovery document is not one.
    DiscoveryMalformed = "discovery-malformed",
        ASK,
        "What is found at /.well-known/openid-configuration is no OpenID Connect discovery document. Check the \
         domain.";
    /// Its issuer is another (T-ID-15).
    DiscoveryIssuer = "discovery-issuer-mismatch",
        ASK,
        "Enter exactly the issuer that the identity provider names, in the same writing.";
    /// It lacks an endpoint.
    DiscoveryIncomplete = "discovery-incomplete",
        ASK,
        "The discovery document lacks an endpoint of the authorization code flow. Choose another authorization \
         server at the identity provider.";
    /// One of its endpoints may not be contacted (T-SSRF-4).
    EndpointRefused = "endpoint-refused",
        ASK,
        "The discovery document names an endpoint that is not public https on port 443. Correct it there, or have \
         the operator list it in ORGATE_IDP_ALLOW.";
    /// It offers no signature algorithm that is accepted (T-ID-04).
    AlgorithmsUnsupported = "algorithms-unsupported",
        ASK,
        "Have the identity provider sign ID tokens with RS256, PS256, ES256 or EdDSA.";
    /// It takes the client secret in no way that is spoken here (T-BCP-6).
    ClientAuthenticationUnsupported = "client-authentication-unsupported",
        ASK,
        "Set the client authentication of the application to client secret (basic or post).";

    /// It did not take the pushed authorization request (T-BCP-7).
    PushedRequestRejected = "pushed-request-rejected",
        ASK,
        "The identity provider takes authorization requests only when they are pushed to it, and did not take this one. Check \
         at the application there the sign-in redirect URI, the authorization code flow, and the scopes openid, email and \
         profile.";
    /// Its answer to the pushed request names none (T-BCP-7).
    PushedRequestMalformed = "pushed-request-malformed",
        ASK,
        "The identity provider takes authorization requests only when they are pushed to it, and its answer had no usable \
         request_uri and expires_in (RFC 9126). Check proxies in front of it, or have it take requests that are not pushed.";

    /// The key set is not one.
    KeysMalformed = "keys-malformed",
        ASK,
        "The identity provider's key set cannot be read. Check its jwks_uri.";
    /// It has no usable key (T-IDP-5).
    KeysEmpty = "keys-empty",
        LATER,
        "The identity provider publishes no usable signing key. RSA keys need 2048 to 8192 bits; private and \
         symmetric keys are refused.";
    /// It has more than 64 keys (T-IDP-1).
    KeysTooMany = "keys-too-many",
        ASK,
        "The identity provider publishes more than 64 keys. Remove retired ones.";

    /// The callback cannot be read: too long, repeated parameters.
    CallbackMalformed = "callback-malformed",
        AGAIN,
        "The identity provider's answer was damaged on the way. Check proxies in front of this site.";
    /// It carries no state (T-ID-13).
    StateMissing = "state-missing",
        AGAIN,
        "Sign-ins have to start here. Set the tile's link at the identity provider to the initiate login URI of this \
         connection.";
    /// Its state is that of no sign-in that waits in this browser for this connection (T-ID-13).
    StateUnknown = "state-unknown",
        AGAIN,
        "Mostly nothing is wrong: an old link, the button back, more than 10 minutes at the identity provider, or a link \
         that somebody else made. If many come, the identity provider changes the parameter state on the way.";
    /// It carries tokens (T-ID-08, T-BCP-3).
    CallbackResponseType = "callback-response-type",
        ASK,
        "Set the application to the authorization code flow alone; implicit and hybrid answers are refused.";
    /// It carries neither code nor error.
    CallbackCodeMissing = "callback-code-missing",
        AGAIN,
        "The identity provider answered without a code. Set the application to the authorization code flow.";
    /// It lacks the issuer that the metadata promises (T-BCP-2).
    CallbackIssuerMissing = "callback-issuer-missing",
        ASK,
        "The identity provider promises to name itself in its answer and did not. Check proxies that drop the \
         parameter iss.";
    /// It names another issuer (T-BCP-2).
    CallbackIssuer = "callback-issuer-mismatch",
        ASK,
        "The answer came from another identity provider than the one that was asked. Check the issuer of this \
         connection.";
    /// `access_denied`.
    IdpAccessDenied = "idp-access-denied",
        "Your organization's sign-in service did not let you in here. Ask your administrator to assign this \
         application to you, then try again.",
        "Assign the application to this person or their group at the identity provider (at Okta, its Assignments tab).";
    /// It wanted to ask the person something and was not allowed to.
    IdpInteractionRequired = "idp-login-required",
        "Your organization's sign-in service needs you to sign in there first. Start again from the sign-in page.",
        "The person has no session at the identity provider, or has to consent there.";
    /// It rejected our request.
    IdpRejectedRequest = "idp-rejected-request",
        ASK,
        "Check at the identity provider that the application allows the authorization code flow and the scopes \
         openid, email and profile.";
    /// It is out of order by its own word.
    IdpUnavailable = "idp-unavailable",
        LATER,
        "The identity provider says that it is out of order. Check its status page.";
    /// Any other error.
    IdpError = "idp-error",
        ASK,
        "The identity provider refused with an error of its own; its documentation explains the code received.";

    /// The token response cannot be read.
    TokenResponseMalformed = "token-response-malformed",
        ASK,
        "The token endpoint did not answer with a token response. Check proxies in front of the identity provider.";
    /// Its token type is not Bearer (T-ID-14).
    TokenType = "token-type-unsupported",
        ASK,
        "Set the application to bearer tokens; sender-constrained tokens (DPoP) are not used here.";
    /// It has no ID token.
    IdTokenMissing = "id-token-missing",
        ASK,
        "The token endpoint sent no ID token. Check that the application is an OpenID Connect one and allows the \
         scope openid.";
    /// `invalid_client`.
    ClientRejected = "client-rejected",
        ASK,
        "Copy client ID and client secret again from the application at the identity provider (at Okta, its General tab); \
         the secret may have been rotated. If both are right, the address is that of another identity provider.";
    /// `invalid_grant`.
    CodeRejected = "code-rejected",
        AGAIN,
        "The identity provider did not accept its own code: it was used before, too old, or the redirect URI \
         differs.";
    /// Any other error of the token endpoint.
    TokenRequestRejected = "token-request-rejected",
        ASK,
        "Check at the identity provider that the application allows the authorization code grant.";

    /// `unverified_user_email`: GitHub gives no token for somebody whose primary address it has not verified.
    AddressUnverified = "idp-address-unverified",
        "The account there has no verified e-mail address. Verify it there, then try again.",
        "The person has to verify their primary e-mail address at the provider.";

    /// Not a signed token of three parts, or its JSON is not acceptable (T-ID-11).
    IdTokenMalformed = "id-token-malformed",
        ASK,
        "The ID token is damaged or not strict JSON (repeated keys, numbers out of range, nesting).";
    /// Over 16 KiB (T-ID-11).
    IdTokenTooLarge = "id-token-too-large",
        ASK,
        "Send fewer claims in the ID token, groups above all; 16 KiB is the limit.";
    /// Encrypted (T-ID-12).
    IdTokenEncrypted = "id-token-encrypted",
        ASK,
        "Switch the encryption of ID tokens off for this application.";
    /// Another kind of token (T-ID-12).
    IdTokenType = "id-token-type",
        ASK,
        "The identity provider sent another kind of token in the place of the ID token.";
    /// It demands an extension (`crit`, T-ID-03).
    IdTokenCritical = "id-token-critical-extension",
        ASK,
        "Switch off the token extension that the header marks as critical.";
    /// Algorithm not allowed (T-ID-04).
    IdTokenAlgorithm = "id-token-algorithm",
        ASK,
        "Have the identity provider sign ID tokens with an algorithm that its discovery document lists: RS256, \
         PS256, ES256 or EdDSA.";
    /// No such key, also after one refetch (T-ID-03).
    KeyUnknown = "key-unknown",
        LATER,
        "The token is signed with a key that the identity provider does not publish. If keys were just changed, try \
         again in a minute.";
    /// Several keys could be meant.
    KeyAmbiguous = "key-ambiguous",
        ASK,
        "Several published keys could have signed the token. Have the identity provider name the key (kid), each \
         once.";
    /// The named key may not verify this algorithm, or is refused (T-ID-04, T-IDP-5).
    KeyUnsuitable = "key-unsuitable",
        ASK,
        "The key that the token names is of another kind than its algorithm needs, or too weak.";
    /// The signature does not hold (T-ID-03).
    SignatureInvalid = "signature-invalid",
        ASK,
        "The token was not signed by the key that the identity provider publishes.";
    /// Another issuer (T-ID-01).
    IdTokenIssuer = "id-token-issuer",
        ASK,
        "Enter exactly the issuer that the identity provider writes into its tokens. At Okta, set the issuer of the \
         application to the Okta URL.";
    /// Another audience (T-ID-02).
    IdTokenAudience = "id-token-audience",
        ASK,
        "The token is meant for another application. Check the client ID.";
    /// Another authorized party (T-ID-02).
    IdTokenAuthorizedParty = "id-token-authorized-party",
        ASK,
        "The token was issued to another application. Check the client ID.";
    /// `exp`, `iat` missing or a time that is no number (T-ID-05).
    IdTokenTime = "id-token-time",
        ASK,
        "The token's times (exp, iat, nbf) have to be numbers; exp and iat are required.";
    /// Expired (T-ID-05).
    IdTokenExpired = "id-token-expired",
        AGAIN,
        "The token had expired when it came. Check the clocks of both sides and the lifetime of ID tokens.";
    /// Issued more than 10 minutes ago (T-ID-05).
    IdTokenTooOld = "id-token-too-old",
        AGAIN,
        "The token was issued more than 10 minutes ago. Check the clocks of both sides.";
    /// The clocks differ by more than a minute (T-ID-05).
    Clock = "clock",
        ASK,
        "Expected and received say by how much; up to 60 seconds are forgiven. Set the clocks of both sides by NTP. A hosted \
         identity provider's is right: then tell whoever runs this site that the clock of this server is wrong.";
    /// Nonce missing or another (T-ID-06).
    IdTokenNonce = "id-token-nonce",
        AGAIN,
        "The token belongs to another sign-in, or the identity provider left out the nonce.";
    /// No usable subject (T-ID-07).
    IdTokenSubject = "id-token-subject",
        ASK,
        "The token's sub has to be a text of 1 to 255 ASCII characters.";
    /// `at_hash` does not fit (T-ID-08).
    IdTokenAccessTokenHash = "id-token-access-token-hash",
        ASK,
        "The ID token belongs to another access token than the one that came with it.";
    /// `c_hash` does not fit (T-ID-08).
    IdTokenCodeHash = "id-token-code-hash",
        ASK,
        "The ID token belongs to another code than the one that was exchanged.";
    /// `auth_time` missing though asked for, or no number (T-ID-09).
    AuthTimeMissing = "auth-time-missing",
        ASK,
        "Have the identity provider send auth_time when a fresh sign-in is asked for (max_age).";
    /// The person was not asked again (T-ID-09).
    AuthTimeStale = "auth-time-stale",
        "Your organization's sign-in service did not ask you to sign in again, which this step needs. Sign out there \
         and try again.",
        "The identity provider ignored max_age=0. Check its sign-on policy for this application.";
    /// `session_expiry` is no time (T-ID-16).
    SessionExpiryMalformed = "session-expiry-malformed",
        ASK,
        "The claim session_expiry has to be a number, seconds since 1970 as in exp. Correct it at the identity provider or \
         leave it out.";
    /// `session_expiry` has passed (T-ID-16).
    IdpSessionOver = "idp-session-over",
        "Your organization's sign-in service says that your session there is over. Sign in there anew, then try again; if \
         it happens again, give your administrator the reference below.",
        "The identity provider named a moment for the end of its session (session_expiry) that had passed. Have it ask \
         people to sign in again before it answers, and check the clocks of both sides.";

    /// UserInfo cannot be read.
    UserInfoMalformed = "userinfo-malformed",
        ASK,
        "The UserInfo endpoint did not answer with claims.";
    /// It did not accept the access token.
    UserInfoRejected = "userinfo-rejected",
        ASK,
        "The UserInfo endpoint did not accept the access token that the identity provider had just issued.";
    /// Its signature or its issuer, audience, times do not hold (T-ID-10).
    UserInfoSignature = "userinfo-signature",
        ASK,
        "The signed UserInfo answer does not pass the checks of an ID token; the code received says which.";
    /// It is about somebody else (T-ID-10).
    UserInfoSubject = "userinfo-subject-mismatch",
        ASK,
        "UserInfo and ID token name different people. Report this to the identity provider.";

    /// No log-out token, or several (T-LO-2).
    LogOutTokenMissing = "log-out-token-missing",
        LOG_OUT,
        "Have the identity provider post one logout_token as a form to the back-channel logout URI.";
    /// Not a signed token of three parts, or its JSON is not acceptable.
    LogOutTokenMalformed = "log-out-token-malformed",
        LOG_OUT,
        "The log-out token is damaged, encrypted, or not strict JSON (repeated keys, numbers out of range, nesting).";
    /// Over 16 KiB.
    LogOutTokenTooLarge = "log-out-token-too-large",
        LOG_OUT,
        "A log-out token names a person or a session and little else; 16 KiB is the limit.";
    /// It does not say that it is a log-out token.
    LogOutTokenType = "log-out-token-type",
        LOG_OUT,
        "Have the identity provider mark its log-out tokens with the header typ logout+jwt. No other kind of token ends \
         a session.";
    /// Algorithm not allowed.
    LogOutTokenAlgorithm = "log-out-token-algorithm",
        LOG_OUT,
        "Have the identity provider sign log-out tokens as it signs ID tokens, with an algorithm that its discovery \
         document lists.";
    /// Another issuer.
    LogOutTokenIssuer = "log-out-token-issuer",
        LOG_OUT,
        "The log-out token is another identity provider's. Each connection has a back-channel logout URI of its own.";
    /// Another audience.
    LogOutTokenAudience = "log-out-token-audience",
        LOG_OUT,
        "The log-out token is meant for another application. Each connection has a back-channel logout URI of its own.";
    /// `exp`, `iat` missing or a time that is no number.
    LogOutTokenTime = "log-out-token-time",
        LOG_OUT,
        "The log-out token's times (exp, iat, nbf) have to be numbers; exp and iat are required.";
    /// Expired.
    LogOutTokenExpired = "log-out-token-expired",
        LOG_OUT,
        "The log-out token had expired when it came. Check the clocks of both sides.";
    /// Issued more than 10 minutes ago.
    LogOutTokenTooOld = "log-out-token-too-old",
        LOG_OUT,
        "The log-out token was issued more than 10 minutes ago. Check the clocks of both sides.";
    /// No log-out event, or more than that.
    LogOutTokenEvent = "log-out-token-event",
        LOG_OUT,
        "The claim events has to hold the back-channel logout event, an object, and no other.";
    /// It has a nonce.
    LogOutTokenNonce = "log-out-token-nonce",
        LOG_OUT,
        "A log-out token must not have a nonce: that is what tells it from an ID token.";
    /// It names neither a person nor a session.
    LogOutTokenSubject = "log-out-token-subject",
        LOG_OUT,
        "The log-out token has to name a person (sub) or a session (sid), each a text of 1 to 255 ASCII characters.";
    /// It has no id.
    LogOutTokenId = "log-out-token-id",
        LOG_OUT,
        "The log-out token needs an id of its own (jti), so that it counts once.";
    /// It came before.
    LogOutTokenReplayed = "log-out-token-replayed",
        LOG_OUT,
        "This log-out token was received before and took effect then. The identity provider sent it twice, or somebody \
         who recorded it did.";
}
