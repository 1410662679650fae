//! The proxies of the environment, chosen as Python's `requests` chooses them.

use reqwest::{ClientBuilder, Proxy, Url};
use std::net::Ipv4Addr;

/// The proxies by scheme, and the servers that are asked directly.
#[derive(Clone, Default)]
pub(super) struct Proxies {
    http: Option<String>,
    https: Option<String>,
    /// For a scheme that has no proxy of its own.
    all: Option<String>,
    /// The list of `NO_PROXY`.
    no: String,
}

impl Proxies {
    /// Reads `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`. The lower-case form of a variable wins; an empty one
    /// takes the proxy away.
    pub(super) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let proxy = |name: &str| {
            variable(name).or_else(|| variable(&name.to_uppercase())).filter(|proxy| !proxy.is_empty())
        };
        // Unlike a proxy, an empty lower-case list does not hide the other one.
        let no = variable("no_proxy").filter(|list| !list.is_empty()).or_else(|| variable("NO_PROXY"));
        Self {
            http: proxy("http_proxy"),
            https: proxy("https_proxy"),
            all: proxy("all_proxy"),
            no: no.unwrap_or_default(),
        }
    }

    /// The proxy for a request to `url`; the error names a proxy that is no URL, without its credentials.
    pub(super) fn of(&self, url: &Url) -> Result<Option<Url>, String> {
        let own = if url.scheme() == "https" { &self.https } else { &self.http };
        let Some(named) = own.as_ref().or(self.all.as_ref()) else { return Ok(None) };
        if excepts(&self.no, url) {
            return Ok(None);
        }
        let address = if named.contains("://") { named.clone() } else { format!("http://{named}") };
        let known = |url: &Url| {
            matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h")
                && url.has_host()
        };
        address.parse().ok().filter(known).map(Some).ok_or_else(|| {
            let shown = named.rsplit('@').next().unwrap_or_default();
            format!("the proxy '{shown}' is no URL of a proxy: check HTTP_PROXY, HTTPS_PROXY and ALL_PROXY")
        })
    }

    /// Makes a client use these proxies, and none that the HTTP library finds by itself.
    pub(super) fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        let proxies = self.clone();
        // Whether the proxy is valid was checked when the client was built.
        builder.no_proxy().proxy(Proxy::custom(move |url| proxies.of(url).ok().flatten()))
    }
}

/// Never shows credentials.
impl std::fmt::Debug for Proxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Proxies")
    }
}

/// Whether a `NO_PROXY` list names the server: `*` alone, a host or a domain, with or without port, an IPv4 network.
fn excepts(list: &str, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_lowercase();
    let with_port = url.port().map(|port| format!("{host}:{port}"));
    let address: Option<Ipv4Addr> = host.parse().ok();
    let list = list.replace(' ', "");
    let mut entries = list.split(',').map(|entry| entry.trim_start_matches('.').to_lowercase());
    let named = |entry: &str, host: &str| {
        host.strip_suffix(entry).is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    list == "*"
        || entries.any(|entry| {
            !entry.is_empty()
                && (named(&entry, &host)
                    || with_port.as_deref().is_some_and(|host| named(&entry, host))
                    || address.is_some_and(|address| is_in_network(address, &entry)))
        })
}

/// Whether an address is in a network such as `10.0.0.0/8`.
fn is_in_network(address: Ipv4Addr, network: &str) -> bool {
    let parsed = network.split_once('/').and_then(|(base, bits)| {
        let bits: u32 = bits.parse().ok().filter(|bits| (1..=32).contains(bits))?;
        Some((base.parse::<Ipv4Addr>().ok()?, u32::MAX << (32 - bits)))
    });
    parsed.is_some_and(|(base, mask)| base.to_bits() & mask == address.to_bits() & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The proxy for a URL under variables such as `HTTP_PROXY=http://p:1 no_proxy=h`.
    fn chosen(variables: &str, url: &str) -> Option<String> {
        let variable = |name: &str| {
            let pairs = variables.split(' ').filter_map(|pair| pair.split_once('='));
            pairs.into_iter().find(|(other, _)| *other == name).map(|(_, value)| value.to_owned())
        };
        Proxies::read(variable).of(&url.parse().unwrap()).unwrap().map(String::from)
    }

    #[test]
    fn the_proxy_follows_the_scheme_and_lower_case_wins() {
        let cases = [
            ("HTTP_PROXY=http://p:1", "http://h/", Some("http://p:1/")),
            ("HTTP_PROXY=http://p:1", "https://h/", None),
            ("HTTPS_PROXY=p:1", "https://h/", Some("http://p:1/")),
            ("ALL_PROXY=socks5h://p:1", "https://h/", Some("socks5h://p:1")),
            ("HTTP_PROXY=http://p:1 http_proxy=http://q:1", "http://h/", Some("http://q:1/")),
            ("HTTP_PROXY=http://p:1 http_proxy=", "http://h/", None),
            ("http_proxy=http://p:1 all_proxy=http://q:1", "http://h/", Some("http://p:1/")),
            ("", "http://h/", None),
        ];
        for (variables, url, expected) in cases {
            assert_eq!(chosen(variables, url).as_deref(), expected, "{variables} {url}");
        }
    }

    #[test]
    fn no_proxy_names_hosts_domains_ports_networks_or_everything() {
        let cases = [
            ("*", "http://10.1.2.3/", true),
            ("a.test,*", "http://10.1.2.3/", false),
            ("test", "http://a.test/", true),
            (".test, b.org", "http://a.test/", true),
            ("B.org", "http://b.org:80/", true),
            ("st", "http://a.test/", false),
            ("localhost:8080", "http://localhost:8080/", true),
            ("localhost:8080", "http://localhost:8081/", false),
            ("10.0.0.0/8", "http://10.1.2.3/", true),
            ("10.0.0.0/16", "http://10.1.2.3/", false),
            ("10.1.2.3/32", "http://10.1.2.3:81/", true),
            ("127.0.0.1", "http://127.0.0.1:8080/", true),
            ("::1", "http://[::1]:8080/", true),
            ("", "http://h/", false),
        ];
        for (list, url, excepted) in cases {
            for name in ["NO_PROXY", "no_proxy"] {
                let list = list.replace(' ', "");
                let proxy = chosen(&format!("http_proxy=http://p:1 {name}={list}"), url);
                assert_eq!(proxy.is_none(), excepted, "{list} {url}");
            }
        }
        assert_eq!(chosen("http_proxy=http://p:1 no_proxy= NO_PROXY=h", "http://h/"), None);
        let url = "http://a.test/".parse().unwrap();
        assert!(excepts(".other, .test", &url), "spaces do not count");
    }

    #[test]
    fn a_proxy_that_is_no_url_is_refused_without_its_password() {
        for wrong in ["http://u:geheim@", "ftp://u:geheim@p/", "u:geheim@:x"] {
            let proxies = Proxies::read(|name| (name == "http_proxy").then(|| wrong.to_owned()));
            let refused = proxies.of(&"http://h/".parse().unwrap()).unwrap_err();
            assert!(refused.contains("HTTP_PROXY") && !refused.contains("geheim"), "{refused}");
            assert!(proxies.of(&"https://h/".parse().unwrap()).unwrap().is_none());
        }
    }
}
