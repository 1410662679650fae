//! Converts a cluster choice to the configuration of kube-rs.

use super::{
    ClusterSettings, Error,
    choice::{ClusterChoice, setting},
};
use crate::experiment::read_bounded;
use http::header::{HeaderValue, USER_AGENT};
use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};
use pyvalue::Map;
use std::path::{Path, PathBuf};

/// The maximum number of bytes of a kubeconfig: one of hundreds of clusters has a few MiB.
const LARGEST: usize = 16 << 20;
/// The maximum number of bytes of a certificate, key or token that a kubeconfig names.
const LARGEST_NAMED: u64 = 1 << 20;
/// The time for a connection, before the deadline of the answer.
const CONNECT: std::time::Duration = std::time::Duration::from_secs(10);
/// The User-Agent.
const AGENT: &str = concat!("chaos-tui/", env!("CARGO_PKG_VERSION"));

/// A configuration, and the names to display for it.
pub(super) struct Configured {
    pub(super) config: Config,
    pub(super) context: String,
    pub(super) user: Option<String>,
}

/// Reads the chosen configuration. The client's own retries are off: an action must not be executed twice (`resend.rs` has
/// the rules), and watchers have a back-off of their own.
pub(super) async fn configure(
    choice: ClusterChoice,
    settings: &ClusterSettings,
    secrets: &Map,
) -> Result<Configured, Error> {
    let mut configured = match choice {
        ClusterChoice::Kubeconfig { paths, context } => from_files(&paths, context).await?,
        ClusterChoice::InCluster => {
            Configured { config: Config::incluster()?, context: "in-cluster".to_owned(), user: None }
        }
        ClusterChoice::Direct => direct(settings, secrets)?,
    };
    configured.config.default_retry = false;
    configured.config.connect_timeout = Some(CONNECT);
    // The API server names the manager of changed fields by the part before the slash.
    configured.config.headers.push((USER_AGENT, HeaderValue::from_static(AGENT)));
    choose_proxy(&mut configured.config, settings)?;
    Ok(configured)
}

async fn from_files(paths: &[PathBuf], context: Option<String>) -> Result<Configured, Error> {
    let mut merged = Kubeconfig::default();
    for path in paths {
        let of = |source: KubeconfigError| Error::Kubeconfig { path: path.clone(), source: Box::new(source) };
        merged = merged.merge(read(path)?).map_err(of)?;
    }
    let path = || paths.first().cloned().unwrap_or_default();
    let known = || merged.contexts.iter().map(|named| named.name.as_str()).collect::<Vec<_>>().join(", ");
    let Some(context) = context.or_else(|| merged.current_context.clone()).filter(|name| !name.is_empty())
    else {
        return Err(Error::NoContext { path: path(), known: known() });
    };
    let Some(entry) = merged.contexts.iter().find(|named| named.name == context) else {
        return Err(Error::UnknownContext { path: path(), context, known: known() });
    };
    let user = entry.context.as_ref().and_then(|context| context.user.clone());
    let unfit = |reason: String| Error::UnfitKubeconfig { path: path(), reason };
    check_named_files(&merged).map_err(unfit)?;
    let options = KubeConfigOptions { context: Some(context.clone()), ..Default::default() };
    let config = Config::from_custom_kubeconfig(merged, &options)
        .await
        .map_err(|source| Error::Kubeconfig { path: path(), source: Box::new(source) })?;
    check_server(&config.cluster_url).map_err(|reason| Error::UnfitKubeconfig { path: path(), reason })?;
    Ok(Configured { config, context, user })
}

/// Reads one file, whatever it is.
fn read(path: &Path) -> Result<Kubeconfig, Error> {
    let unfit = |reason: String| Error::UnfitKubeconfig { path: path.to_owned(), reason };
    let of = |source: KubeconfigError| Error::Kubeconfig { path: path.to_owned(), source: Box::new(source) };
    let bytes = read_bounded(path).map_err(|error| unfit(format!("it cannot be read: {error}")))?;
    if bytes.len() > LARGEST {
        return Err(unfit(format!("it is larger than {} MiB, so it is not read", LARGEST >> 20)));
    }
    let is_utf_16 = matches!(bytes.as_slice(), [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]);
    if is_utf_16 && bytes.len() % 2 == 1 {
        return Err(unfit("it begins as UTF-16 and ends within a character; save it as UTF-8".to_owned()));
    }
    if path.is_file() {
        return Kubeconfig::read_from(path).map_err(of);
    }
    // A pipe can be read only once; it has no folder to which the paths in it could be relative.
    let text = String::from_utf8(bytes).map_err(|_| unfit("it is not valid UTF-8".to_owned()))?;
    Kubeconfig::from_yaml(&text).map_err(of)
}

/// Refuses a file that would be read without end, or into too much memory.
fn check_named_files(config: &Kubeconfig) -> Result<(), String> {
    let clusters = config.clusters.iter().filter_map(|named| named.cluster.as_ref());
    let users = config.auth_infos.iter().filter_map(|named| named.auth_info.as_ref());
    let named = clusters
        .map(|cluster| &cluster.certificate_authority)
        .chain(users.flat_map(|user| [&user.client_certificate, &user.client_key, &user.token_file]));
    for path in named.flatten() {
        // A file that is missing is reported when it is needed.
        let Ok(found) = std::fs::metadata(path) else { continue };
        if !found.is_file() {
            return Err(format!("it names {path}, which is not a regular file"));
        }
        if found.len() > LARGEST_NAMED {
            return Err(format!("it names {path}, which is larger than {} MiB", LARGEST_NAMED >> 20));
        }
    }
    Ok(())
}

fn check_server(url: &http::Uri) -> Result<(), String> {
    match (url.scheme_str(), url.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(()),
        _ => Err(format!("the server `{url}` is no http or https URL: write it as https://HOST:PORT")),
    }
}

/// `KUBERNETES_HOST` and related settings (kubernetes-catalog 1.2). Deliberate deviation: `KUBERNETES_VERIFY_SSL` is
/// parsed as a boolean instead of counting as true whatever its text.
fn direct(settings: &ClusterSettings, secrets: &Map) -> Result<Configured, Error> {
    let get = |name: &str| setting(settings, secrets, name);
    let host = get("KUBERNETES_HOST").unwrap_or_else(|| "http://localhost".to_owned());
    let url = host.parse().map_err(|error| Error::Setting {
        name: "KUBERNETES_HOST",
        reason: format!("`{host}` is no URL ({error})"),
    })?;
    check_server(&url).map_err(|reason| Error::Setting { name: "KUBERNETES_HOST", reason })?;
    let mut config = Config::new(url);
    config.accept_invalid_certs = !get("KUBERNETES_VERIFY_SSL").is_some_and(|text| yes(&text));
    config.root_cert_file = get("KUBERNETES_CA_CERT_FILE").map(PathBuf::from);
    let mut login = serde_json::Map::new();
    let mut user = None;
    if let Some(key) = get("KUBERNETES_API_KEY") {
        match get("KUBERNETES_API_KEY_PREFIX").filter(|prefix| prefix != "Bearer") {
            None => drop(login.insert("token".to_owned(), key.into())),
            Some(prefix) => {
                let unfit = || Error::Setting {
                    name: "KUBERNETES_API_KEY",
                    reason: "it holds characters that cannot stand in a header".to_owned(),
                };
                let value = format!("{prefix} {key}").parse().map_err(|_| unfit())?;
                config.headers.push(("authorization".parse().map_err(|_| unfit())?, value));
            }
        }
    } else if let (Some(cert), Some(key)) = (get("KUBERNETES_CERT_FILE"), get("KUBERNETES_KEY_FILE")) {
        login.insert("client-certificate".to_owned(), cert.into());
        login.insert("client-key".to_owned(), key.into());
    } else if let Some(name) = get("KUBERNETES_USERNAME") {
        login.insert("username".to_owned(), name.clone().into());
        login.insert("password".to_owned(), get("KUBERNETES_PASSWORD").unwrap_or_default().into());
        user = Some(name);
    }
    config.auth_info = serde_json::from_value(login.into())
        .map_err(|error| Error::Setting { name: "KUBERNETES_API_KEY", reason: error.to_string() })?;
    Ok(Configured { config, context: host, user })
}

fn yes(text: &str) -> bool {
    !matches!(text.to_ascii_lowercase().as_str(), "" | "0" | "false" | "no" | "off")
}

/// A server on this machine is never accessed through a proxy; for others `HTTP_PROXY` applies as in the reference,
/// besides what kube-rs reads itself (the kubeconfig's `proxy-url`, `HTTPS_PROXY`, `NO_PROXY`).
fn choose_proxy(config: &mut Config, settings: &ClusterSettings) -> Result<(), Error> {
    let host = config.cluster_url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    if is_loopback(&host) {
        config.proxy_url = None;
        return Ok(());
    }
    let excepted = settings.variable("NO_PROXY").is_some_and(|list| excepts(&list, &host));
    if let (None, false, Some(proxy)) = (&config.proxy_url, excepted, settings.variable("HTTP_PROXY")) {
        let url = proxy.parse().map_err(|error| Error::Setting {
            name: "HTTP_PROXY",
            reason: format!("it is no URL ({error})"),
        })?;
        config.proxy_url = Some(url);
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a `NO_PROXY` list names the host: exactly, as a domain's suffix, or with `*`.
fn excepts(list: &str, host: &str) -> bool {
    list.split(',').map(|entry| entry.trim().trim_start_matches('.')).any(|entry| {
        entry == "*" || (!entry.is_empty() && (host == entry || host.ends_with(&format!(".{entry}"))))
    })
}
