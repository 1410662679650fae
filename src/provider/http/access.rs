//! How a service is asked by whoever asks beside the experiment's own activities: users' probe, the breaker's pages.

use super::{
    client,
    credentials::Netrc,
    redirect::RedirectChain,
    request::{self, Request},
    trust::Verify,
};
use crate::experiment::{Environment, Secrets, substitute};
use pyvalue::{Map, Value};
use reqwest::{
    Client, ClientBuilder, Method, Url,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use std::{sync::OnceLock, time::Duration};

/// Headers of a name with one of these in it are for the origin alone, as are those that hold a secret.
const SECRET: [&str; 10] =
    ["auth", "cookie", "token", "key", "secret", "passw", "session", "credential", "signature", "csrf"];
/// Headers that curl takes of an answer; the HTTP library's hundred are enough for most, and cheaper.
const MANY: usize = 5000;

/// What goes with every request to one service, and whom it trusts. It never shows a header's value.
#[derive(Clone, Default)]
pub struct Access {
    /// Over those that every request has; `None` takes one of these away.
    headers: Vec<(HeaderName, Option<HeaderValue>)>,
    netrc: Netrc,
    verify: Verify,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Access").field("headers", &names).field("verify", &self.verify).finish()
    }
}

/// What of an http activity is about its page rather than about its service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// As the activity has it, variables replaced.
    pub url: String,
    /// What its arguments add to the URL's query.
    pub query: String,
    /// How long it is waited for, where that is said.
    pub timeout: Option<Duration>,
}

impl Access {
    /// As somebody asks who knows of no experiment, but has this environment.
    pub fn plain(environment: &Environment) -> Self {
        let verify = Verify::of(None, environment).with_openssl(environment);
        Self { headers: Vec::new(), netrc: Netrc::read(environment), verify }
    }

    /// As an http activity asks, and the page that it asks for.
    ///
    /// # Errors
    /// With what of it cannot be sent.
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
        let verify = Verify::of(provider.get("verify_tls"), environment).with_openssl(environment);
        let mut access = Self { headers: Vec::new(), netrc: Netrc::read(environment), verify };
        let hidden = secrets.texts();
        for (name, value) in request::headers_of(&field("headers"))? {
            let holds = |text: &str| hidden.iter().any(|secret| !secret.is_empty() && text.contains(secret));
            let secret = value.as_str().is_some_and(holds);
            access.set(&name, value, secret)?;
        }
        Ok((page, access))
    }

    /// With one header more, over what was there. It is for the origin alone, and goes before the netrc file.
    ///
    /// # Errors
    /// When it cannot be sent; its value is not repeated.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, String> {
        self.set(name, value.into(), true)?;
        if name.eq_ignore_ascii_case("authorization") {
            self.netrc = Netrc::default();
        }
        Ok(self)
    }

    /// With every certificate accepted.
    #[must_use]
    pub fn trusting_all(self) -> Self {
        Self { verify: Verify::Nothing, ..self }
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

    /// The request for a page of the service. `who` tells the server which part of us asks.
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
        if let Some(authorization) = self.netrc.authorization(&mut url) {
            headers.insert(header::AUTHORIZATION, authorization);
        }
        Request { method, url, headers, body: None }
    }

    /// The URL of a page, quoted as the experiment's own requests are.
    ///
    /// # Errors
    /// When it is none for http.
    pub(crate) fn url(page: &str, query: &str) -> Result<Url, String> {
        let mut url = request::parse_url(page)?;
        request::add_query(&mut url, query.to_owned());
        Ok(url)
    }

    /// The way of one request through redirects.
    pub(crate) fn walk(&self) -> RedirectChain<'_> {
        RedirectChain::new(&self.netrc)
    }

    /// Texts that an answer may echo and nobody may see: what secret headers hold.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &str> {
        let secret = self.headers.iter().filter_map(|(_, value)| value.as_ref());
        let texts = secret.filter(|value| value.is_sensitive()).filter_map(|value| value.to_str().ok());
        // `Bearer abc` is a secret, and `abc` is.
        texts.flat_map(|text| [Some(text), text.split_once(' ').map(|(_, rest)| rest)]).flatten()
    }

    pub(crate) fn clients(&self, proxied: bool) -> Clients {
        let verify = self.verify.clone();
        Clients { verify, proxied, made: Default::default(), wide: Default::default() }
    }
}

/// The clients of one service: one for http, one for https, made when the first of its requests is sent, as most need only
/// one of them. Answers with very many headers have others.
pub(crate) struct Clients {
    verify: Verify,
    proxied: bool,
    made: [OnceLock<Result<Client, String>>; 2],
    wide: [OnceLock<Result<Client, String>>; 2],
}

impl Clients {
    /// The client for a URL; `wide` for one whose answers have more headers than usual.
    pub(crate) fn of(&self, url: &Url, wide: bool) -> Result<&Client, String> {
        let https = url.scheme() == "https";
        let slots = if wide { &self.wide } else { &self.made };
        let slot = if https { &slots[1] } else { &slots[0] };
        slot.get_or_init(|| self.build(https, wide)).as_ref().map_err(Clone::clone)
    }

    fn build(&self, https: bool, wide: bool) -> Result<Client, String> {
        let mut builder: ClientBuilder = client::bare(https, &self.verify)?
            .retry(reqwest::retry::never())
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true);
        if wide {
            builder = builder.http1_max_headers(MANY);
        }
        if !self.proxied {
            builder = builder.no_proxy();
        }
        client::built(builder)
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
