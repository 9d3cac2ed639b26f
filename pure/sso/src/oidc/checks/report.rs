//! Owns the result of the checks: one [`Check`] for each [`CheckName`], in their order.

use serde::{Deserialize, Deserializer, Serialize};

use crate::refusal::{SsoRefusal, SsoRefusalCode, printable};

/// The checks, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckName {
    /// The name resolves and may be contacted.
    Address,
    /// The discovery document is there.
    Discovery,
    /// It names the issuer that was entered.
    Issuer,
    /// There are usable keys.
    Keys,
    /// Code flow and PKCE are offered.
    CodeFlow,
    /// Client id and redirect URI are accepted.
    ClientAndRedirect,
    /// The client secret is accepted.
    ClientSecret,
}

impl CheckName {
    /// All of them, in order.
    pub const ALL: [Self; 7] = [
        Self::Address,
        Self::Discovery,
        Self::Issuer,
        Self::Keys,
        Self::CodeFlow,
        Self::ClientAndRedirect,
        Self::ClientSecret,
    ];

    /// Its stable name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Discovery => "discovery",
            Self::Issuer => "issuer",
            Self::Keys => "keys",
            Self::CodeFlow => "code-flow",
            Self::ClientAndRedirect => "client-and-redirect",
            Self::ClientSecret => "client-secret",
        }
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Address => "Address can be contacted",
            Self::Discovery => "Discovery document",
            Self::Issuer => "Issuer",
            Self::Keys => "Signing keys",
            Self::CodeFlow => "Code flow and PKCE",
            Self::ClientAndRedirect => "Client ID and redirect URI",
            Self::ClientSecret => "Client secret",
        }
    }
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// False only for a failure; a check that was not made has not failed.
    pub ok: bool,
    /// What limits the result: something that could not be told, or that is unusual.
    pub remark: Option<String>,
    /// What was found.
    pub detail: String,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What came instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<String>,
    /// How to mend a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
    /// The code of a failure.
    #[serde(skip_serializing_if = "Option::is_none", default, deserialize_with = "code_from_text")]
    pub code: Option<SsoRefusalCode>,
}

/// A code that this version does not know reads as none: the texts of the check still say what was wrong.
fn code_from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SsoRefusalCode>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.as_deref().and_then(SsoRefusalCode::parse))
}

impl Check {
    pub(super) fn passed(name: CheckName, detail: &str) -> Self {
        let detail = detail.to_owned();
        Self { name, ok: true, remark: None, detail, expected: None, received: None, mend: None, code: None }
    }

    pub(super) fn with_remark(mut self, remark: &str) -> Self {
        self.remark = Some(printable(remark, 400));
        self
    }

    /// A check without a result.
    pub(super) fn not_told(name: CheckName, why: &str) -> Self {
        Self::passed(name, "Could not be told.").with_remark(why)
    }

    /// A check that an earlier failure prevented.
    pub(super) fn not_made(name: CheckName, why: &str) -> Self {
        Self::passed(name, "Not made.").with_remark(&format!("Not made, because {why}."))
    }

    pub(super) fn failed(name: CheckName, refusal: &SsoRefusal) -> Self {
        Self {
            name,
            ok: false,
            remark: None,
            detail: format!("{}.", refusal.code.happened()),
            expected: refusal.expected.clone(),
            received: refusal.received.clone(),
            mend: Some(refusal.code.mend().to_owned()),
            code: Some(refusal.code),
        }
    }

    /// The same with another sentence about what was found.
    pub(super) fn with_detail(mut self, detail: &str) -> Self {
        detail.clone_into(&mut self.detail);
        self
    }
}

/// All checks of one save.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Report {
    checks: Vec<Check>,
}

impl Report {
    pub(super) fn add(&mut self, check: Check) {
        self.checks.push(check);
        self.checks.sort_by_key(|check| check.name);
    }

    /// The checks in order.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// Whether the address must not be contacted: the one failure that prevents saving (R-SSO-5).
    pub fn address_refused(&self) -> bool {
        self.checks.iter().any(|check| check.code == Some(SsoRefusalCode::AddressRefused))
    }

    /// Whether any check failed.
    pub fn failed(&self) -> bool {
        self.checks.iter().any(|check| !check.ok)
    }
}
