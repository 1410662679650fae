//! Builds the client for one hop, with only the parts that the hop needs; no connection outlives the activity.

use super::{HttpSettings, request::Limits};
use reqwest::{Client, ClientBuilder, Url, redirect::Policy};

/// Builds the client for a request to `url`; the error is the reason why it cannot be built.
pub(super) fn build(url: &Url, settings: &HttpSettings, limits: Limits) -> Result<Client, String> {
    let mut builder = builder(url, settings)?;
    if let Some(connect) = limits.connect {
        builder = builder.connect_timeout(connect);
    }
    if let Some(read) = limits.read {
        builder = builder.read_timeout(read);
    }
    built(builder)
}

/// A builder of clients for the scheme of `url` that neither follow redirects nor decompress bodies; the caller does.
/// Loading the trusted certificates costs milliseconds, so a client for plain http has none, unless the proxy needs
/// them.
pub(crate) fn builder(url: &Url, settings: &HttpSettings) -> Result<ClientBuilder, String> {
    let proxy = settings.proxies.of(url)?;
    // Malformed headers are read as leniently as by Python and curl.
    let builder = Client::builder()
        .redirect(Policy::none())
        .http1_only()
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true);
    let builder = settings.proxies.apply(builder);
    let encrypted = [Some(url), proxy.as_ref()].into_iter().flatten().any(|url| url.scheme() == "https");
    if encrypted { settings.verify.apply(builder) } else { Ok(builder.tls_certs_only([])) }
}

pub(crate) fn built(builder: ClientBuilder) -> Result<Client, String> {
    builder.build().map_err(|error| format!("no HTTP client can be made: {error}"))
}
