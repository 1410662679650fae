//! A client for one hop: nothing is built that the hop does not need, and no connection outlives the activity.

use super::{
    Fault,
    request::{Limits, Verify},
};
use reqwest::{Certificate, Client, redirect::Policy};

/// Builds it. Loading the trusted certificates costs milliseconds, so plain http goes without.
pub(super) fn build(https: bool, verify: &Verify, limits: Limits) -> Result<Client, Fault> {
    let mut builder = Client::builder().redirect(Policy::none()).http1_only().no_gzip().no_deflate();
    if let Some(connect) = limits.connect {
        builder = builder.connect_timeout(connect);
    }
    if let Some(read) = limits.read {
        builder = builder.read_timeout(read);
    }
    builder = match verify {
        _ if !https => builder.tls_certs_only([]),
        Verify::System => builder,
        Verify::Bundle(path) => {
            let unusable =
                |why: String| Fault::Other(format!("the CA bundle '{}' is unusable: {why}", path.display()));
            let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
            builder.tls_certs_only(
                Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))?,
            )
        }
        Verify::Nothing => builder.tls_danger_accept_invalid_certs(true),
    };
    builder.build().map_err(|error| Fault::Other(format!("no HTTP client can be made: {error}")))
}
