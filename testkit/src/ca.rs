//! The certificate authority of the tests: its root goes into the product's extra roots, its leaves into test servers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

/// A certificate authority that exists for one test. Clones are the same authority.
#[derive(Clone)]
pub struct Authority(Arc<Inner>);

struct Inner {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// A new authority with a key of its own.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names to refuse");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "Orgate test authority");
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self(Arc::new(Inner { issuer: Issuer::new(params, key), pem }))
    }

    /// The root certificate as PEM.
    pub fn pem(&self) -> &str {
        &self.0.pem
    }

    /// Writes the root certificate into `folder`, for settings that name a file.
    pub fn write_pem(&self, folder: &Path) -> PathBuf {
        let path = folder.join("test-authority.pem");
        std::fs::write(&path, self.pem()).expect("a writable folder");
        path
    }

    /// The settings of a TLS server that is any of `hosts`, with HTTP/1.1 only.
    pub fn server_config(&self, hosts: &[&str]) -> Arc<ServerConfig> {
        self.config(params(hosts))
    }

    /// The same with a certificate that was valid for a year and is no more.
    pub fn expired_server_config(&self, hosts: &[&str]) -> Arc<ServerConfig> {
        let mut params = params(hosts);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        self.config(params)
    }

    fn config(&self, mut params: CertificateParams) -> Arc<ServerConfig> {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("a key");
        let leaf = params.signed_by(&key, &self.0.issuer).expect("a certificate");
        let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a PKCS#8 key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], private)
            .expect("a key that fits its certificate");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

fn params(hosts: &[&str]) -> CertificateParams {
    let names: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    CertificateParams::new(names).expect("host names")
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}
