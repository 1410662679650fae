//! Access to a service for requests outside the experiment's activities: the users' probe, the breaker's pages.

use super::request;
use crate::{
    experiment::{Environment, Secrets, substitute},
    http_client::{self, HttpSettings, RedirectChain, Request},
};
use pyvalue::{Map, Value};
use reqwest::{
    Client, ClientBuilder, Method, Url,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use std::{sync::OnceLock, time::Duration};

/// Headers whose name contains one of these parts are sensitive, as are those whose value contains a secret: only the
/// origin receives them.
const SECRET: [&str; 10] =
    ["auth", "cookie", "token", "key", "secret", "passw", "session", "credential", "signature", "csrf"];
/// The maximum number of response headers, as in curl; the HTTP library's default of 100 suffices for most servers and
/// is cheaper.
const MANY: usize = 5000;

/// The headers, credentials and trusted certificates for all requests to one service. Its `Debug` hides header values.
#[derive(Clone, Default)]
pub struct Access {
    /// Overrides of the default headers; `None` removes a default header.
    headers: Vec<(HeaderName, Option<HeaderValue>)>,
    settings: HttpSettings,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Access").field("headers", &names).field("settings", &self.settings).finish()
    }
}

/// The parts of an http activity that are specific to its page rather than to its service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The activity's URL, substituted.
    pub url: String,
    /// The query that the arguments add to the URL.
    pub query: String,
    /// The timeout, if the activity has one.
    pub timeout: Option<Duration>,
}

impl Access {
    /// The access of a client that knows no experiment but has this environment.
    pub fn plain(environment: &Environment) -> Self {
        Self { headers: Vec::new(), settings: HttpSettings::read(None, |name| environment.get(name)) }
    }

    /// The access and the page of an http activity.
    ///
    /// # Errors
    /// When a part of the activity cannot be sent; the error names the part.
    pub fn of_activity(
        provider: &Map,
        configuration: &Map,
        secrets: &Secrets,
        environment: &Environment,
    ) -> Result<(Page, Self), String> {
        let field =
            |name: &str| substitute(&provider.get(name).cloned().unwrap_or_default(), configuration, secrets);
        let arguments = request::arguments(provider, configuration, secrets);
        let limits = request::limits(&field("timeout"))?;
        let page = Page {
            url: pyvalue::python_text(&field("url")),
            query: request::query(&arguments)?,
            timeout: limits.read.or(limits.connect),
        };
        let settings = HttpSettings::read(provider.get("verify_tls"), |name| environment.get(name));
        let mut access = Self { headers: Vec::new(), settings };
        let hidden = secrets.texts();
        for (name, value) in request::headers_of(&field("headers"))? {
            let holds =
                |text: &str| hidden.iter().any(|secret| !secret.is_empty() && text.contains(secret.as_str()));
            let secret = value.as_str().is_some_and(holds);
            access.set(&name, value, secret)?;
        }
        Ok((page, access))
    }

    /// Adds or replaces a header. It is sensitive, so only the origin receives it; an `Authorization` header takes
    /// precedence over the netrc file.
    ///
    /// # Errors
    /// When the header cannot be sent; the error does not contain the value.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, String> {
        self.set(name, value.into(), true)?;
        if name.eq_ignore_ascii_case("authorization") {
            self.settings = self.settings.without_netrc();
        }
        Ok(self)
    }

    /// Asks for this host, whatever the host of the URL.
    ///
    /// # Errors
    /// When it is no host.
    pub fn with_host(mut self, host: &str) -> Result<Self, String> {
        self.set("Host", host.into(), false)?;
        Ok(self)
    }

    /// Accepts every certificate.
    #[must_use]
    pub fn trusting_all(self) -> Self {
        Self { settings: self.settings.trusting_all(), ..self }
    }

    fn set(&mut self, name: &str, value: Value, secret: bool) -> Result<(), String> {
        let mut one = HeaderMap::new();
        let nothing = value.is_null();
        request::apply(&mut one, &Map::from_iter([(name.to_owned(), value)]))?;
        if nothing {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?;
            self.headers.push((name, None));
        }
        for (name, value) in &one {
            let mut value = value.clone();
            value.set_sensitive(secret || SECRET.iter().any(|part| name.as_str().contains(part)));
            self.headers.push((name.clone(), Some(value)));
        }
        Ok(())
    }

    /// Builds the request for a page of the service. `who` is the `User-Agent`.
    pub(crate) fn request(&self, method: Method, mut url: Url, who: &'static str) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(who));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate, br"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        for (name, value) in &self.headers {
            match value {
                Some(value) => drop(headers.insert(name.clone(), value.clone())),
                None => drop(headers.remove(name)),
            }
        }
        if let Some(authorization) = self.settings.authorization(&mut url) {
            headers.insert(header::AUTHORIZATION, authorization);
        }
        Request { method, url, headers, body: None }
    }

    /// The URL of a page, quoted like the URLs of the experiment's own requests.
    ///
    /// # Errors
    /// When the text is not a valid http or https URL.
    pub(crate) fn url(page: &str, query: &str) -> Result<Url, String> {
        let mut url = http_client::parse_url(page)?;
        request::add_query(&mut url, query.to_owned());
        Ok(url)
    }

    /// The redirects of one request.
    pub(crate) fn redirects(&self) -> RedirectChain<'_> {
        RedirectChain::new(&self.settings)
    }

    /// The values of sensitive headers, which must be redacted: a response may echo them.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &str> {
        let secret = self.headers.iter().filter_map(|(_, value)| value.as_ref());
        let texts = secret.filter(|value| value.is_sensitive()).filter_map(|value| value.to_str().ok());
        // For `Bearer abc`, both the whole value and `abc` are secrets.
        texts.flat_map(|text| [Some(text), text.split_once(' ').map(|(_, rest)| rest)]).flatten()
    }

    /// The clients for requests to the service. A server on this machine is never asked through a proxy, as browsers do.
    pub(crate) fn clients(&self, proxied: bool) -> Clients {
        let settings = self.settings.clone();
        let settings = if proxied { settings } else { settings.without_proxies() };
        Clients { settings, made: Default::default(), wide: Default::default() }
    }
}

/// The clients of one service: one for http and one for https, each built at its first request, as most services need
/// only one. Responses with very many headers need separate clients.
pub(crate) struct Clients {
    settings: HttpSettings,
    made: [OnceLock<Result<Client, String>>; 2],
    wide: [OnceLock<Result<Client, String>>; 2],
}

impl Clients {
    /// Returns the client for a URL; `wide` selects the one that accepts more response headers.
    pub(crate) fn of(&self, url: &Url, wide: bool) -> Result<&Client, String> {
        let https = url.scheme() == "https";
        let slots = if wide { &self.wide } else { &self.made };
        let slot = if https { &slots[1] } else { &slots[0] };
        slot.get_or_init(|| self.build(url, wide)).as_ref().map_err(Clone::clone)
    }

    fn build(&self, url: &Url, wide: bool) -> Result<Client, String> {
        let mut builder: ClientBuilder =
            http_client::builder(url, &self.settings)?.retry(reqwest::retry::never());
        if wide {
            builder = builder.http1_max_headers(MANY);
        }
        http_client::built(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyvalue::parse_json;

    fn asked(provider: &str, environment: &Environment) -> Result<(Page, Access), String> {
        let Value::Map(provider) = parse_json(provider).unwrap() else { panic!("no mapping") };
        Access::of_activity(&provider, &Map::default(), &Secrets::default(), environment)
    }

    #[test]
    fn a_page_is_asked_for_as_the_activity_asks() {
        let netrc = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&netrc, "machine host login ann password secret").unwrap();
        let environment = Environment::of([("NETRC", netrc.path().to_str().unwrap())]);
        let (page, access) = asked(
            r#"{"url": "http://host/a?x=1", "arguments": {"q": "a b", "n": null}, "timeout": [1, 7],
                "headers": {"X-Tenant": "a", "X-Api-Key": "k", "Accept": null}}"#,
            &environment,
        )
        .unwrap();
        assert_eq!(page.timeout, Some(Duration::from_secs(7)));
        let request = access.request(Method::GET, Access::url(&page.url, &page.query).unwrap(), "us");
        assert_eq!(request.url.as_str(), "http://host/a?x=1&q=a+b");
        assert_eq!(request.headers["authorization"], "Basic YW5uOnNlY3JldA==");
        assert_eq!(request.headers["x-tenant"], "a");
        assert!(request.headers["x-api-key"].is_sensitive() && !request.headers["x-tenant"].is_sensitive());
        assert!(!request.headers.contains_key("accept"));
        assert!(!format!("{access:?}").contains("\"k\""), "{access:?}");
        assert_eq!(access.hidden().collect::<Vec<_>>(), ["k"]);
    }

    #[test]
    fn a_header_given_by_hand_goes_before_the_netrc_file() {
        let netrc = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&netrc, "default login ann password secret").unwrap();
        let environment = Environment::of([("NETRC", netrc.path().to_str().unwrap())]);
        let access = Access::plain(&environment).with_header("Authorization", "Bearer abc").unwrap();
        let request = access.request(Method::GET, "http://host/".parse().unwrap(), "us");
        assert_eq!(request.headers["authorization"], "Bearer abc");
        assert_eq!(access.hidden().collect::<Vec<_>>(), ["Bearer abc", "abc"]);
        let refused = access.with_header("a", "geheim\n").unwrap_err();
        assert!(!refused.contains("geheim"), "{refused}");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_as_the_activity_is() {
        let none = Environment::default();
        for (provider, wanted) in [
            (r#"{"url": "http://h/", "headers": {"a": 1}}"#, "not text"),
            (r#"{"url": "http://h/", "arguments": 5}"#, "arguments"),
            (r#"{"url": "http://h/", "timeout": "x"}"#, "timeout"),
        ] {
            let refused = asked(provider, &none).unwrap_err();
            assert!(refused.contains(wanted), "{refused}");
        }
    }
}
