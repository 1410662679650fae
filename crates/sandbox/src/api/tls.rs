//! A new self-signed certificate for each start of the server, valid for loopback names only.
//!
//! kubectl does not send a token over plain HTTP, so without TLS every user of the machine could access the cluster.

use std::sync::Arc;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

/// The server's TLS configuration and the certificate that clients trust.
pub(super) struct Identity {
    /// Performs the TLS handshake.
    pub(super) acceptor: TlsAcceptor,
    /// The certificate in PEM.
    pub(super) certificate: String,
}

/// An error of creating a certificate.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The key or certificate could not be generated.
    #[error("cannot make a certificate: {0}")]
    Generate(#[from] rcgen::Error),
    /// The TLS library refused the certificate.
    #[error("cannot use the certificate: {0}")]
    Use(#[from] tokio_rustls::rustls::Error),
}

/// Creates a new identity for `127.0.0.1` and `localhost`.
pub(super) fn identity() -> Result<Identity, CertificateError> {
    let names = vec!["127.0.0.1".to_owned(), "localhost".into()];
    let made = rcgen::generate_simple_self_signed(names)?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())
        .map_err(|why| tokio_rustls::rustls::Error::General(why.into()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Identity { acceptor: TlsAcceptor::from(Arc::new(config)), certificate: made.cert.pem() })
}
