//! HTTP requests as Python's `requests` sends them: proxies, trusted certificates and the netrc file by the variables of
//! the environment, redirects, retries. Every request of the program to others than the API server is sent from here.

mod body;
mod client;
mod encode;
mod exchange;
mod netrc;
mod proxies;
mod redirect;
mod request;
mod trust;
mod unpack;

pub(crate) use body::{BodyError, body};
pub(crate) use client::{builder, built};
pub(crate) use encode::{form, from_latin1, latin1};
pub(crate) use exchange::{HttpClient, SendError};
use netrc::Netrc;
use proxies::Proxies;
use pyvalue::Value;
pub(crate) use redirect::{RedirectChain, RedirectError};
pub(crate) use request::{Limits, Request, default_headers, parse_url};
use reqwest::{Url, header::HeaderValue};
use trust::Verify;
pub(crate) use unpack::{ContentCoding, decompress_prefix};

/// What the environment says about requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct HttpSettings {
    verify: Verify,
    netrc: Netrc,
    proxies: Proxies,
}

impl HttpSettings {
    /// Reads the environment through `variable`; `verify` is the `verify_tls` of a declared request.
    pub(crate) fn read(verify: Option<&Value>, variable: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            verify: Verify::of(verify, &variable),
            netrc: Netrc::read(&variable),
            proxies: Proxies::read(&variable),
        }
    }

    /// The `Authorization` header of a request; removes the credentials from the URL. The header replaces an explicit
    /// one, as in the reference.
    pub(crate) fn authorization(&self, url: &mut Url) -> Option<HeaderValue> {
        self.netrc.authorization(url)
    }

    /// Accepts every certificate.
    #[must_use]
    pub(crate) fn trusting_all(self) -> Self {
        Self { verify: Verify::Nothing, ..self }
    }

    /// Without the netrc file, where a header takes precedence over it.
    #[must_use]
    pub(crate) fn without_netrc(self) -> Self {
        Self { netrc: Netrc::default(), ..self }
    }

    /// Without proxies: a server on this machine is not asked through one.
    #[must_use]
    pub(crate) fn without_proxies(self) -> Self {
        Self { proxies: Proxies::default(), ..self }
    }
}
