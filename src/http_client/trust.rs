//! The certificates that a client trusts.

use pyvalue::Value;
use reqwest::ClientBuilder;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The maximum number of certificates read from a folder: a system has some hundreds.
const MOST: usize = 4096;
/// The maximum number of bytes of a file of certificates: a system's bundle has some hundred KiB.
const LARGEST: u64 = 16 << 20;

/// Which certificates a client trusts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Verify {
    /// The certificates that the system trusts.
    #[default]
    System,
    /// The certificates in these PEM files, and in these folders prepared by OpenSSL's `rehash`.
    Bundle(Vec<PathBuf>),
    Nothing,
}

impl Verify {
    /// Chooses by a request's `verify_tls`, by the variables of Python's `requests`, and by those of OpenSSL, which most
    /// HTTP clients respect: `SSL_CERT_FILE` and `SSL_CERT_DIR` (several folders, separated by colons).
    pub(super) fn of(declared: Option<&Value>, variable: impl Fn(&str) -> Option<String>) -> Self {
        match declared {
            Some(Value::Text(path)) if !path.is_empty() => return Verify::Bundle(vec![path.into()]),
            Some(value) if !value.is_null() && !value.truthy() => return Verify::Nothing,
            _ => {}
        }
        let named = |name| variable(name).filter(|path: &String| !path.is_empty());
        if let Some(path) = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].into_iter().find_map(named) {
            return Verify::Bundle(vec![path.into()]);
        }
        let mut paths: Vec<PathBuf> = named("SSL_CERT_FILE").into_iter().map(PathBuf::from).collect();
        let folders = named("SSL_CERT_DIR");
        paths.extend(folders.iter().flat_map(std::env::split_paths).filter(|path| path.is_dir()));
        if paths.is_empty() { Verify::System } else { Verify::Bundle(paths) }
    }

    /// Whether the files and folders exist.
    pub(super) fn is_there(&self) -> bool {
        match self {
            Verify::Bundle(paths) => paths.iter().all(|path| path.exists()),
            Verify::System | Verify::Nothing => true,
        }
    }

    /// Configures the client builder; the error names the certificate file that cannot be used.
    pub(super) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, String> {
        Ok(match self {
            Verify::System => builder,
            Verify::Bundle(paths) => builder.tls_backend_preconfigured(configuration(&certificates(paths)?)?),
            Verify::Nothing => builder.tls_danger_accept_invalid_certs(true),
        })
    }
}

fn certificates(paths: &[PathBuf]) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut found = Vec::new();
    for path in paths {
        let unusable = |why: String| format!("the CA bundle '{}' is unusable: {why}", path.display());
        if path.is_dir() {
            for file in hashed(path).map_err(|error| unusable(error.to_string()))? {
                found.extend(of_file(&file).unwrap_or_default());
            }
        } else {
            let read = of_file(path).map_err(unusable)?;
            if read.is_empty() {
                return Err(unusable("it holds no certificate in PEM form".to_owned()));
            }
            found.extend(read);
        }
    }
    Ok(found)
}

fn of_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut pem = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut pem));
    if read.map_err(|error| error.to_string())? as u64 > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// The files of a folder that OpenSSL would read: named by the hash of a subject, such as `5ed36f99.0`.
fn hashed(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let is_hash = |name: &str| {
        name.split_once('.').is_some_and(|(hash, number)| {
            hash.len() == 8
                && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let files = std::fs::read_dir(folder)?.filter_map(Result::ok);
    let files = files.filter(|file| file.file_name().to_str().is_some_and(is_hash));
    Ok(files.map(|file| file.path()).take(MOST).collect())
}

fn configuration(trusted: &[CertificateDer<'static>]) -> Result<ClientConfig, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("no TLS client can be made: {error}");
    let provider = CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(rustls::crypto::ring::default_provider()));
    let mut roots = RootCertStore::empty();
    // A certificate that cannot be parsed is skipped and thus not trusted.
    roots.add_parsable_certificates(trusted.iter().cloned());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error))?;
    if roots.is_empty() {
        return Ok(builder.with_root_certificates(roots).with_no_client_auth());
    }
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| wrong(&error))?;
    let verifier = Arc::new(PinnedVerifier { usual, trusted: trusted.to_vec() });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// The standard verifier, which in addition accepts a trusted CA certificate as the server's own certificate.
/// `openssl req -x509` creates such certificates, and OpenSSL, and so `requests` and curl, accept them.
#[derive(Debug)]
struct PinnedVerifier {
    usual: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.usual.verify_server_cert(shown, others, name, ocsp, now) {
            // The standard verifier checks the validity dates before it checks the role of the certificate.
            Err(error) if is_authority(&error) && self.trusted.iter().any(|ca| ca == shown) => {
                verify_server_name(&ParsedCertificate::try_from(shown)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls12_signature(message, shown, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls13_signature(message, shown, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

/// Whether the only error is that a CA certificate is used as a server certificate. The error has no public type.
fn is_authority(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(CertificateError::Other(other))
        if other.to_string().contains("CaUsedAsEndEntity"))
}
