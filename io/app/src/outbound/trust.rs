//! Owns which certificate authorities are trusted: the public roots that are compiled in, and those of the operator's
//! file.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

/// Why TLS could not be set up.
#[derive(Debug)]
pub enum TrustError {
    /// The file is not PEM.
    NotPem(rustls_pki_types::pem::Error),
    /// The file holds no certificate.
    Empty,
    /// A certificate of the file, or the set-up as a whole, was refused.
    Refused(rustls::Error),
}

impl fmt::Display for TrustError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NotPem(_) => "the file of extra certificate authorities is not PEM",
            Self::Empty => "the file of extra certificate authorities holds no certificate",
            Self::Refused(_) => "a certificate of the file of extra certificate authorities cannot be used",
        })
    }
}

impl std::error::Error for TrustError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotPem(source) => Some(source),
            Self::Refused(source) => Some(source),
            Self::Empty => None,
        }
    }
}

/// TLS settings of a client that trusts the public roots and those of `extra_pem`.
///
/// *Errors*: [`TrustError`].
pub fn client_config(extra_pem: Option<&[u8]>) -> Result<ClientConfig, TrustError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = extra_pem {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.add(certificate.map_err(TrustError::NotPem)?).map_err(TrustError::Refused)?;
        }
        if roots.len() == before {
            return Err(TrustError::Empty);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TrustError::Refused)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use orgate_testkit::Authority;

    use super::*;

    #[test]
    fn extra_authorities_are_read_and_a_file_without_any_is_refused() {
        assert!(client_config(None).is_ok());
        assert!(client_config(Some(Authority::new().pem().as_bytes())).is_ok());
        assert!(matches!(client_config(Some(b"")), Err(TrustError::Empty)));
        assert!(matches!(client_config(Some(b"just words")), Err(TrustError::Empty)));
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(client_config(Some(broken.as_bytes())), Err(TrustError::Refused(_))));
    }
}
