//! Builds the client for one hop, with only the parts that the hop needs; no connection outlives the activity.

use super::{request::Limits, trust::Verify};
use reqwest::{Client, ClientBuilder, redirect::Policy};

/// Builds the client; the error is the reason why it cannot be built.
pub(super) fn build(https: bool, verify: &Verify, limits: Limits) -> Result<Client, String> {
    let mut builder = bare(https, verify)?;
    if let Some(connect) = limits.connect {
        builder = builder.connect_timeout(connect);
    }
    if let Some(read) = limits.read {
        builder = builder.read_timeout(read);
    }
    built(builder)
}

/// A client builder that neither follows redirects nor decompresses bodies; the caller does. Loading the trusted
/// certificates costs milliseconds, so a client for plain http has none.
pub(super) fn bare(https: bool, verify: &Verify) -> Result<ClientBuilder, String> {
    let builder = Client::builder().redirect(Policy::none()).http1_only().no_gzip().no_deflate();
    if https { verify.apply(builder) } else { Ok(builder.tls_certs_only([])) }
}

pub(super) fn built(builder: ClientBuilder) -> Result<Client, String> {
    builder.build().map_err(|error| format!("no HTTP client can be made: {error}"))
}
