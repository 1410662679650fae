//! A company's network: servers with certificates of its own authority, reached through a proxy only, and logins in the
//! netrc file. Whatever the program requests, it follows the same variables as Chaos Toolkit.

use super::program::Case;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// The only server, whose name is known to the proxy alone.
const HOST: &str = "https://svc.test";

/// The proxy, which is the server too, and the requests that reached the server.
struct Network {
    proxy: String,
    authority: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Network {
    fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec!["svc.test".to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &authority).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let configuration = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .unwrap();
        let (configuration, requests) = (Arc::new(configuration), Arc::new(Mutex::new(Vec::new())));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = format!("http://joe:pass@{}", listener.local_addr().unwrap());
        let recorded = requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (configuration, recorded) = (configuration.clone(), recorded.clone());
                // A client that is denied, or that does not trust the server, hangs up.
                thread::spawn(move || serve(stream, configuration, &recorded));
            }
        });
        Self { proxy, authority: authority.pem(), requests }
    }

    /// The head of the request for a path, in lower case.
    fn request(&self, path: &str) -> String {
        let requests = self.requests.lock().unwrap();
        let found = requests.iter().find(|request| request.contains(&format!(" {path} ")));
        found.unwrap_or_else(|| panic!("nobody asked for {path}: {requests:?}")).to_lowercase()
    }
}

fn serve(
    mut stream: TcpStream,
    configuration: Arc<ServerConfig>,
    requests: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let connect = head(&mut stream)?.to_lowercase();
    // `joe:pass`
    if !connect.starts_with("connect svc.test:443 ") || !connect.contains("basic am9lonbhc3m=") {
        return stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let connection = ServerConnection::new(configuration).map_err(std::io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    let request = head(&mut stream)?;
    let body = match request.split(' ').nth(1).unwrap_or_default() {
        "/experiment.json" => r#"{"title": "t", "description": "d", "method": []}"#,
        "/v1/secret/data/a" => r#"{"data": {"data": {"k": "v"}}}"#,
        _ => "{}",
    };
    requests.lock().unwrap().push(request);
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes())?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// Reads a request; of its body only the length that its head tells.
fn head(stream: &mut impl Read) -> std::io::Result<String> {
    // One byte at a time: what follows belongs to another reader.
    let mut reader = BufReader::with_capacity(1, stream);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok(head)
}

/// A request of the program: what is run, and the path that is requested.
fn requests() -> [(&'static str, &'static str, Case); 5] {
    let probe = |pause: &str| {
        Case::new(&format!(
            r#""method": [{{"type": "probe", "name": "p", "tolerance": 200, {pause}
                "provider": {{"type": "http", "url": "{HOST}/page", "timeout": 5}}}}]"#
        ))
    };
    let vault = format!(
        r#""configuration": {{"vault_addr": "{HOST}"}}, "method": [],
           "secrets": {{"s": {{"x": {{"type": "vault", "path": "a", "key": "k"}}}}}}"#
    );
    let channel =
        format!("notifications:\n- type: http\n  url: {HOST}/notified\n  events: [run-completed]\n");
    let notified = Case::new(r#""method": []"#).file("settings.yaml", &channel);
    [
        ("the file", "/experiment.json", Case::named(&format!("{HOST}/experiment.json"))),
        ("Vault", "/v1/secret/data/a", Case::new(&vault).file(".vault-token", "the-token\n")),
        ("an activity", "/page", probe("")),
        ("a notification", "/notified", notified.with(&["--settings", "settings.yaml"])),
        ("users", "/page", probe(r#""pauses": {"after": 1},"#).with(&["--guard", "users=60"])),
    ]
}

#[test]
fn every_request_follows_the_variables_of_the_environment() {
    for in_file in [false, true] {
        for (name, path, case) in requests() {
            let network = Network::new();
            let case = case
                .file("ca.pem", &network.authority)
                .file("logins", "machine svc.test login ann password secret");
            let variables = [
                ("HTTPS_PROXY", network.proxy.clone()),
                ("NO_PROXY", "localhost,other.test".to_owned()),
                ("REQUESTS_CA_BUNDLE", "ca.pem".to_owned()),
                ("NETRC", "~/logins".to_owned()),
            ];
            let case = if in_file {
                let lines = variables.map(|(name, value)| format!("{name}={value}\n"));
                case.file("variables.env", &lines.concat()).with(&["--var-file", "variables.env"])
            } else {
                variables.iter().fold(case, |case, (name, value)| case.variable(name, value))
            };
            let ended = case.run();
            assert_eq!(ended.code(), 0, "{name}: {:?}", ended.messages());
            let request = network.request(path);
            // `ann:secret`
            assert!(request.contains("authorization: basic yw5uonnly3jlda=="), "{name}: {request}");
            assert!(request.contains("user-agent: chaos-tui/"), "{name}: {request}");
            assert_eq!(request.contains("x-vault-token: the-token"), name == "Vault", "{name}: {request}");
            if name == "users" {
                let requests = network.requests.lock().unwrap();
                assert!(requests.iter().any(|request| request.contains("(endpoint probe)")), "{requests:?}");
            }
        }
    }
}
