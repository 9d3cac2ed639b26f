//! What the provider does wrong: a builder of deviations from the honest answer, each of which can be combined with any
//! other. An empty one is an honest provider.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::keys::{Algorithm, WeakRsa};

/// A change to a JSON object.
pub(crate) type Edit = Arc<dyn Fn(&mut Map<String, Value>) + Send + Sync>;
/// A change to bytes or text.
pub(crate) type Rewrite<T> = Arc<dyn Fn(T) -> T + Send + Sync>;
/// The parameters of an authorization response.
pub type Parameters = Vec<(String, String)>;

/// An address of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `/.well-known/openid-configuration`
    Discovery,
    /// `/oauth2/v1/authorize`
    Authorize,
    /// `/oauth2/v1/token`
    Token,
    /// `/oauth2/v1/userinfo`
    UserInfo,
    /// `/oauth2/v1/keys`
    Keys,
    /// `/oauth2/v1/logout`
    EndSession,
    /// `/oauth2/v1/par`, for a provider to which requests are pushed.
    PushedRequest,
    /// Anything else, which an honest provider answers with 404.
    Other,
}

impl Endpoint {
    /// The addresses that a relying party's server, not the browser, asks of every provider.
    pub const FETCHED: [Self; 4] = [Self::Discovery, Self::Token, Self::UserInfo, Self::Keys];

    /// Its path below the issuer.
    pub fn path(self) -> &'static str {
        match self {
            Self::Discovery => "/.well-known/openid-configuration",
            Self::Authorize => "/oauth2/v1/authorize",
            Self::Token => "/oauth2/v1/token",
            Self::UserInfo => "/oauth2/v1/userinfo",
            Self::Keys => "/oauth2/v1/keys",
            Self::EndSession => "/oauth2/v1/logout",
            Self::PushedRequest => "/oauth2/v1/par",
            Self::Other => "/",
        }
    }
}

/// What happens to the answer of an endpoint on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wire {
    /// A redirect instead.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The `Location`.
        to: String,
    },
    /// An HTML page with this status instead.
    Status(u16),
    /// The honest answer under another content type.
    ContentType(&'static str),
    /// The honest JSON, filled up with spaces to this many bytes: valid, so that only a size limit refuses it.
    Oversize(usize),
    /// The same, compressed, whether or not that was asked for: small on the wire, large when unpacked.
    GzipBomb(usize),
    /// The honest answer, a byte a second.
    Drip,
    /// Headers that never end.
    EndlessHeaders,
    /// A body that never ends.
    EndlessBody,
    /// Nothing at all, on an open connection.
    Silence,
    /// Half of the honest answer, then the end of the connection.
    Cut,
    /// These bytes instead.
    Body {
        /// The status.
        status: u16,
        /// The content type.
        content_type: &'static str,
        /// The body.
        body: Vec<u8>,
    },
}

/// Who signs a token, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signing {
    /// The published key, with the provider's algorithm.
    #[default]
    Honest,
    /// The published RSA, EC or Ed25519 key with this algorithm, whatever was agreed.
    Algorithm(Algorithm),
    /// A key that nobody published, under the published key's id.
    WrongKey,
    /// The same, with the public key in the token's `jwk` header.
    WrongKeyInHeader,
    /// `alg` as given, and no signature.
    Unsigned(&'static str),
    /// The honest header with an empty signature.
    Empty,
    /// The honest signature with one bit turned.
    FlippedBit,
    /// HS256 keyed with the PEM of the published RSA key.
    HmacOfPublicPem,
    /// HS256 keyed with the modulus of the published RSA key.
    HmacOfPublicModulus,
    /// HS256 keyed with the client secret.
    HmacOfClientSecret,
    /// HS256 keyed with the secret that [`KeySetShape::Symmetric`] publishes.
    HmacOfPublishedSecret,
    /// RS256 with a weak key; publish it with [`KeySetShape::Weak`].
    Weak(WeakRsa),
}

/// What the key address answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeySetShape {
    /// The current key, and older ones that were kept.
    #[default]
    Honest,
    /// `{"keys": []}`
    Empty,
    /// A symmetric key under the signing key's id.
    Symmetric,
    /// The signing key with a private exponent beside it.
    Private,
    /// A weak RSA key under the signing key's id.
    Weak(WeakRsa),
    /// The one signing key, without an id; tokens have none either.
    OneWithoutId,
    /// Three keys without ids; tokens have none either.
    ManyWithoutId,
    /// The signing key behind this many others.
    Many(usize),
    /// Two different keys under the signing key's id, the right one second.
    SameIdTwice,
    /// The signing key marked `"use": "enc"`.
    ForEncryption,
    /// The signing key marked for another algorithm.
    OtherAlgorithm,
    /// A key of another type under the signing key's id.
    OtherType,
    /// Somebody else's key under the signing key's id.
    Foreign,
    /// The signing key is not there, whatever is asked and how often.
    WithoutCurrent,
}

/// Changes to a signed token.
#[derive(Clone, Default)]
pub(crate) struct TokenChanges {
    pub(crate) header: Vec<Edit>,
    pub(crate) claims: Vec<Edit>,
    pub(crate) header_bytes: Vec<Rewrite<Vec<u8>>>,
    pub(crate) payload_bytes: Vec<Rewrite<Vec<u8>>>,
    pub(crate) compact: Vec<Rewrite<String>>,
    pub(crate) signing: Signing,
}

/// A set of deviations. *Source*: security-bar 1.2 to 1.4 and 2.3.
#[derive(Clone, Default)]
pub struct Mischief {
    pub(crate) id_token: TokenChanges,
    pub(crate) log_out_token: TokenChanges,
    pub(crate) signed_user_info: Option<TokenChanges>,
    pub(crate) user_info: Vec<Edit>,
    pub(crate) token_response: Vec<Edit>,
    pub(crate) push_response: Vec<Edit>,
    pub(crate) discovery: Vec<Edit>,
    pub(crate) key_set: KeySetShape,
    pub(crate) keys: Vec<Edit>,
    pub(crate) callback: Vec<Rewrite<Parameters>>,
    pub(crate) wire: Vec<(Endpoint, Wire)>,
}

impl Mischief {
    /// An honest provider.
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets a claim of the ID token.
    pub fn claim(self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.claims(move |claims| {
            claims.insert(name.to_owned(), value.clone());
        })
    }

    /// Removes a claim of the ID token.
    pub fn without_claim(self, name: &'static str) -> Self {
        self.claims(move |claims| {
            claims.remove(name);
        })
    }

    /// Moves a time claim of the ID token by so many seconds.
    pub fn shift(self, name: &'static str, seconds: i64) -> Self {
        self.claims(move |claims| {
            let time = claims.get(name).and_then(Value::as_i64).unwrap_or_default();
            claims.insert(name.to_owned(), json!(time + seconds));
        })
    }

    /// Changes the claims of the ID token.
    pub fn claims(mut self, edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        self.id_token.claims.push(Arc::new(edit));
        self
    }

    /// Changes the header of the ID token after the signing algorithm has written its own.
    pub fn header(mut self, edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        self.id_token.header.push(Arc::new(edit));
        self
    }

    /// Sets a member of the ID token's header.
    pub fn header_member(self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.header(move |header| {
            header.insert(name.to_owned(), value.clone());
        })
    }

    /// Rewrites the bytes of the ID token's header before they are encoded and signed.
    pub fn header_bytes(mut self, rewrite: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        self.id_token.header_bytes.push(Arc::new(rewrite));
        self
    }

    /// Rewrites the bytes of the ID token's payload before they are encoded and signed: the way to invalid JSON.
    pub fn payload_bytes(mut self, rewrite: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        self.id_token.payload_bytes.push(Arc::new(rewrite));
        self
    }

    /// Rewrites the finished, signed ID token.
    pub fn compact(mut self, rewrite: impl Fn(String) -> String + Send + Sync + 'static) -> Self {
        self.id_token.compact.push(Arc::new(rewrite));
        self
    }

    /// Signs the ID token in another way.
    pub fn signing(mut self, signing: Signing) -> Self {
        self.id_token.signing = signing;
        self
    }

    /// Changes the claims of log-out tokens.
    pub fn log_out_claims(mut self, edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        self.log_out_token.claims.push(Arc::new(edit));
        self
    }

    /// Sets a claim of log-out tokens.
    pub fn log_out_claim(self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.log_out_claims(move |claims| {
            claims.insert(name.to_owned(), value.clone());
        })
    }

    /// Removes a claim of log-out tokens.
    pub fn without_log_out_claim(self, name: &'static str) -> Self {
        self.log_out_claims(move |claims| {
            claims.remove(name);
        })
    }

    /// Moves a time claim of log-out tokens by so many seconds.
    pub fn shift_log_out(self, name: &'static str, seconds: i64) -> Self {
        self.log_out_claims(move |claims| {
            let time = claims.get(name).and_then(Value::as_i64).unwrap_or_default();
            claims.insert(name.to_owned(), json!(time + seconds));
        })
    }

    /// Sets a member of the header of log-out tokens; null removes it.
    pub fn log_out_header_member(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.log_out_token.header.push(Arc::new(move |header| {
            if value.is_null() {
                header.remove(name);
            } else {
                header.insert(name.to_owned(), value.clone());
            }
        }));
        self
    }

    /// Rewrites the bytes of the payload of log-out tokens before they are encoded and signed.
    pub fn log_out_payload_bytes(mut self, rewrite: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        self.log_out_token.payload_bytes.push(Arc::new(rewrite));
        self
    }

    /// Rewrites finished, signed log-out tokens.
    pub fn log_out_compact(mut self, rewrite: impl Fn(String) -> String + Send + Sync + 'static) -> Self {
        self.log_out_token.compact.push(Arc::new(rewrite));
        self
    }

    /// Signs log-out tokens in another way.
    pub fn log_out_signing(mut self, signing: Signing) -> Self {
        self.log_out_token.signing = signing;
        self
    }

    /// Changes what UserInfo says.
    pub fn user_info(mut self, edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        self.user_info.push(Arc::new(edit));
        self
    }

    /// Sets a claim of UserInfo.
    pub fn user_info_claim(self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.user_info(move |claims| {
            claims.insert(name.to_owned(), value.clone());
        })
    }

    /// Answers UserInfo as a JWT signed in this way.
    pub fn signed_user_info(mut self, signing: Signing) -> Self {
        self.signed_user_info = Some(TokenChanges { signing, ..TokenChanges::default() });
        self
    }

    /// Sets a claim of UserInfo that is signed, after its own `iss` and `aud` were written.
    pub fn signed_user_info_claim(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let changes = self.signed_user_info.get_or_insert_default();
        changes.claims.push(Arc::new(move |claims| {
            claims.insert(name.to_owned(), value.clone());
        }));
        self
    }

    /// Changes the token response around the ID token.
    pub fn token_response(mut self, edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        self.token_response.push(Arc::new(edit));
        self
    }

    /// Changes what a pushed request is answered with.
    pub fn push_response(mut self, edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        self.push_response.push(Arc::new(edit));
        self
    }

    /// Sets a member of what a pushed request is answered with.
    pub fn push_response_member(self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.push_response(move |response| {
            response.insert(name.to_owned(), value.clone());
        })
    }

    /// Changes the discovery document.
    pub fn discovery(mut self, edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        self.discovery.push(Arc::new(edit));
        self
    }

    /// Sets a member of the discovery document.
    pub fn discovery_member(self, name: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.discovery(move |document| {
            document.insert(name.to_owned(), value.clone());
        })
    }

    /// Publishes another key set.
    pub fn key_set(mut self, shape: KeySetShape) -> Self {
        self.key_set = shape;
        self
    }

    /// Changes the published key set, `{"keys": [...]}`.
    pub fn keys(mut self, edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static) -> Self {
        self.keys.push(Arc::new(edit));
        self
    }

    /// Changes the parameters of the authorization response.
    pub fn callback(mut self, rewrite: impl Fn(Parameters) -> Parameters + Send + Sync + 'static) -> Self {
        self.callback.push(Arc::new(rewrite));
        self
    }

    /// Sets a parameter of the authorization response, whether or not it is there.
    pub fn callback_parameter(self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        self.callback(move |mut parameters| {
            parameters.retain(|(existing, _)| existing != name);
            parameters.push((name.to_owned(), value.clone()));
            parameters
        })
    }

    /// Removes a parameter of the authorization response.
    pub fn without_callback_parameter(self, name: &'static str) -> Self {
        self.callback(move |mut parameters| {
            parameters.retain(|(existing, _)| existing != name);
            parameters
        })
    }

    /// Answers the authorization request with an error instead of a code.
    pub fn callback_error(self, error: impl Into<String>, description: impl Into<String>) -> Self {
        self.without_callback_parameter("code")
            .callback_parameter("error", error)
            .callback_parameter("error_description", description)
    }

    /// Spoils the answers of an endpoint on their way out.
    pub fn wire(mut self, endpoint: Endpoint, wire: Wire) -> Self {
        self.wire.push((endpoint, wire));
        self
    }
}
