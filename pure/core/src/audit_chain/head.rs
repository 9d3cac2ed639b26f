//! Owns the head of a chain: how far it goes, what retention took from its beginning, signed; and its one line of text, which
//! is kept outside of the database and held against it later.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use super::Hash;
use super::bytes::{Bytes, array};
use super::entry::Chain;
use super::keys::{AuditKeys, Marked};
use crate::id::{Identifier as _, OrganizationId};
use crate::time::Timestamp;

const TEXT: &str = "orgate-audit-head-1";

/// How far a chain goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which chain.
    pub chain: Chain,
    /// The position of the last event; zero before the first.
    pub position: u64,
    /// The link of the last event.
    pub link: Hash,
    /// When it was signed.
    pub at: Timestamp,
    /// Events up to this position were removed by retention; zero when none was.
    pub removed_to: u64,
    /// The link of the last removed event, which the first one that is left links to.
    pub removed_link: Hash,
}

/// A head with its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    /// What is signed.
    pub head: Head,
    /// Number of the key and Ed25519 signature.
    pub signature: Vec<u8>,
}

impl Head {
    /// Of a chain without an event.
    pub fn empty(chain: Chain, at: Timestamp) -> Self {
        let beginning = chain.beginning();
        Self { chain, position: 0, link: beginning, at, removed_to: 0, removed_link: beginning }
    }

    /// Signs it.
    pub fn sign(self, keys: &AuditKeys) -> SignedHead {
        let signature = keys.sign(&self.message());
        SignedHead { head: self, signature }
    }

    fn message(&self) -> Vec<u8> {
        let bytes = Bytes::of("orgate audit head v1").text(self.chain.name()).number(self.position).part(&self.link);
        bytes.moment(self.at).number(self.removed_to).part(&self.removed_link).finish()
    }
}

impl SignedHead {
    /// Whether Orgate signed it.
    pub fn check(&self, keys: &AuditKeys) -> Marked {
        keys.check_signature(&self.head.message(), &self.signature)
    }

    /// One line without spaces, to be kept elsewhere.
    pub fn to_text(&self) -> String {
        let head = &self.head;
        format!(
            "{TEXT}:{}:{}:{}:{}:{}:{}:{}",
            head.chain.name(),
            head.position,
            HEXLOWER.encode(&head.link),
            head.at.as_millis(),
            head.removed_to,
            HEXLOWER.encode(&head.removed_link),
            BASE64URL_NOPAD.encode(&self.signature)
        )
    }

    /// Reads what [`SignedHead::to_text`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.trim().split(':').collect();
        let [TEXT, chain, position, link, at, removed_to, removed_link, signature] = parts.as_slice() else {
            return None;
        };
        let chain = match *chain {
            "instance" => Chain::Instance,
            id => Chain::Organization(OrganizationId::parse(id)?),
        };
        let head = Head {
            chain,
            position: position.parse().ok()?,
            link: hash(link)?,
            at: Timestamp::from_millis(at.parse().ok()?),
            removed_to: removed_to.parse().ok()?,
            removed_link: hash(removed_link)?,
        };
        Some(Self { head, signature: BASE64URL_NOPAD.decode(signature.as_bytes()).ok()? })
    }
}

fn hash(text: &str) -> Option<Hash> {
    let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
    (bytes.len() == 32).then(|| array(&bytes))
}

#[cfg(test)]
mod tests {
    use super::super::keys::KeySecrets;
    use super::*;

    #[test]
    fn t_aud_1_a_head_is_signed_in_every_part_and_survives_its_text() {
        let keys = AuditKeys::new(&KeySecrets { marks: &[1; 32], heads: &[2; 32] }).unwrap();
        let at = Timestamp::from_millis(5);
        let chain = Chain::Organization(OrganizationId::new(at, [1; 10]));
        let signed = Head { position: 9, removed_to: 2, ..Head::empty(chain, at) }.sign(&keys);
        assert_eq!(signed.check(&keys), Marked::Right);
        assert_eq!(SignedHead::parse(&format!("{}\n", signed.to_text())), Some(signed.clone()));
        let of = |head: Head| SignedHead { head, signature: signed.signature.clone() };
        let changed = [
            Head { chain: Chain::Instance, ..signed.head.clone() },
            Head { position: 8, ..signed.head.clone() },
            Head { link: [0; 32], ..signed.head.clone() },
            Head { at: Timestamp::from_millis(6), ..signed.head.clone() },
            Head { removed_to: 3, ..signed.head.clone() },
            Head { removed_link: [0; 32], ..signed.head.clone() },
        ];
        for head in changed {
            assert_eq!(of(head.clone()).check(&keys), Marked::Wrong, "{head:?}");
        }
        let other = AuditKeys::new(&KeySecrets { marks: &[1; 32], heads: &[3; 32] }).unwrap();
        assert_eq!(signed.check(&other), Marked::OtherKey);
        for strange in ["", "orgate-audit-head-1:instance", &signed.to_text()[..80], &format!("{}:", signed.to_text())]
        {
            assert_eq!(SignedHead::parse(strange), None, "{strange}");
        }
    }
}
