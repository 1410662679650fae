//! The interface for natively implemented Python functions.

use super::{Call, Native, Outcome};
use futures_util::future::BoxFuture;
use pyvalue::Map;

/// A set of Python functions of one extension, implemented natively.
pub trait Catalogue: Send + Sync {
    /// The name of the catalogue in step lines: `k8s`, `gremlin`.
    fn name(&self) -> &'static str;

    /// All functions of the catalogue.
    fn functions(&self) -> &'static [Native];

    /// Calls one of [`Catalogue::functions`].
    ///
    /// `arguments` are final: substituted, `secrets` and `configuration` injected (experiment-format 13.2), and checked
    /// against [`Native::parameters`]. The call should end soon after `call.cancel` is cancelled; the caller then stops
    /// waiting for it.
    fn call<'a>(
        &'a self,
        native: &'static Native,
        arguments: Map,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Outcome>;

    /// The objects that a call with these arguments acts on, as far as the arguments name them, such as
    /// `deployment/my-provider`.
    fn targets(&self, native: &'static Native, arguments: &Map) -> Vec<String> {
        let _ = (native, arguments);
        Vec::new()
    }
}
