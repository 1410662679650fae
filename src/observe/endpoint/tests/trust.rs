//! Tests of certificates: which ones users trust, and the error kinds of the others.

use super::{answer, first, saying};
use crate::{
    experiment::{Environment, Secrets},
    provider::http::Access,
    session::event::{AnswerKind, ErrorKind},
};
use pyvalue::{Map, Value, parse_json};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use std::{path::Path, sync::Arc};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server with a certificate, and the certificate of its issuer as PEM.
struct Shown {
    url: String,
    trusted: String,
}

fn parameters(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn authority() -> CertificateParams {
    let mut parameters = parameters(&[]);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
}

async fn serve(certificate: &rcgen::Certificate, key: &KeyPair, trusted: String) -> Shown {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let configuration = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(configuration));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(connection) = acceptor.accept(connection).await {
                    saying(connection, |_| answer("200 OK", "", b"1")).await;
                }
            });
        }
    });
    Shown { url, trusted }
}

/// A server whose certificate is signed by a new authority.
async fn signed(names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Shown {
    let issuer = CertifiedIssuer::self_signed(authority(), KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut parameters = parameters(names);
    change(&mut parameters);
    let certificate = parameters.signed_by(&key, &issuer).unwrap();
    serve(&certificate, &key, issuer.pem()).await
}

/// The kind of answer that a user with these environment variables gets; `verify_tls` as a file declares it.
async fn got(shown: &Shown, variables: [(&str, &Path); 1], verify_tls: Option<&str>) -> AnswerKind {
    let environment = Environment::of(variables.map(|(name, path)| (name, path.to_str().unwrap())));
    let access = match verify_tls {
        None => Access::plain(&environment),
        Some(declared) => {
            let provider = parse_json(&format!(r#"{{"url": "x", "verify_tls": {declared}}}"#)).unwrap();
            let Value::Map(provider) = provider else { panic!("a mapping") };
            Access::of_activity(&provider, &Map::default(), &Secrets::default(), &environment).unwrap().1
        }
    };
    first(&shown.url, |settings| settings.access = Ok(access)).await.0.kind
}

#[tokio::test]
async fn private_authorities_are_trusted_as_requests_and_openssl_do() {
    let shown = signed(&["localhost"], |_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &shown.trusted).unwrap();
    for name in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"] {
        assert_eq!(got(&shown, [(name, &file)], None).await, AnswerKind::Unjudged, "{name}");
    }
    let untrusted = AnswerKind::Error(ErrorKind::Untrusted);
    assert_eq!(got(&shown, [("NOTHING", &file)], None).await, untrusted);
    // A directory works only once it is hashed: its files are named by hashes.
    for name in ["REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"] {
        assert_eq!(got(&shown, [(name, folder.path())], None).await, untrusted, "{name}");
    }
    std::fs::copy(&file, folder.path().join("5ed36f99.0")).unwrap();
    for name in ["REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"] {
        assert_eq!(got(&shown, [(name, folder.path())], None).await, AnswerKind::Unjudged, "{name}");
    }
    let named = format!("\"{}\"", file.display());
    assert_eq!(got(&shown, [("NOTHING", &file)], Some(&named)).await, AnswerKind::Unjudged);
    assert_eq!(got(&shown, [("NOTHING", &file)], Some("false")).await, AnswerKind::Unjudged);
    assert_eq!(got(&shown, [("NOTHING", &file)], Some("true")).await, untrusted);
}

#[tokio::test]
async fn a_certificate_that_signs_itself_is_trusted_where_it_is_the_authority() {
    for is_authority in [true, false] {
        let key = KeyPair::generate().unwrap();
        let mut parameters = parameters(&["localhost"]);
        if is_authority {
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        let certificate = parameters.self_signed(&key).unwrap();
        let shown = serve(&certificate, &key, certificate.pem()).await;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, &shown.trusted).unwrap();
        let kind = got(&shown, [("REQUESTS_CA_BUNDLE", file.path())], None).await;
        assert_eq!(kind, AnswerKind::Unjudged, "authority: {is_authority}");
        let other = Shown { url: shown.url.replace("localhost", "127.0.0.1"), trusted: String::new() };
        let kind = got(&other, [("REQUESTS_CA_BUNDLE", file.path())], None).await;
        assert_eq!(kind, AnswerKind::Error(ErrorKind::WrongName), "authority: {is_authority}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_has_a_name() {
    let other_name = signed(&["elsewhere.test"], |_| {}).await;
    let past =
        signed(&["localhost"], |parameters| parameters.not_after = rcgen::date_time_ymd(2020, 1, 1)).await;
    let future =
        signed(&["localhost"], |parameters| parameters.not_before = rcgen::date_time_ymd(2200, 1, 1)).await;
    let cases =
        [(other_name, ErrorKind::WrongName), (past, ErrorKind::Expired), (future, ErrorKind::Expired)];
    for (shown, kind) in cases {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, &shown.trusted).unwrap();
        let got = got(&shown, [("REQUESTS_CA_BUNDLE", file.path())], None).await;
        assert_eq!(got, AnswerKind::Error(kind));
    }
}

#[tokio::test]
async fn a_bundle_that_cannot_be_used_is_told_and_users_are_not_let_down() {
    let environment = Environment::of([("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")]);
    let access = Access::plain(&environment);
    let mut probe =
        super::Probe::start("https://localhost:1/".to_owned(), |settings| settings.access = Ok(access));
    let reason = probe
        .until(|event| match &event.what {
            crate::session::event::EventKind::SourceChanged {
                state: crate::session::event::SourceState::Absent { reason },
                ..
            } => Some(reason.clone()),
            _ => None,
        })
        .await;
    assert!(reason.contains("the CA bundle '/nowhere/ca.pem' is unusable"), "{reason}");
}
