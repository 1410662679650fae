//! The seam for Python functions that we have natively.

use super::{Call, Native, Outcome};
use futures_util::future::BoxFuture;
use pyvalue::Map;

/// A set of Python functions of an extension, done natively.
pub trait Catalogue: Send + Sync {
    /// How step lines call it: `k8s`, `gremlin`.
    fn name(&self) -> &'static str;

    /// Everything it can do.
    fn functions(&self) -> &'static [Native];

    /// Calls one of [`Catalogue::functions`].
    ///
    /// `arguments` are final: substituted, `secrets` and `configuration` injected (experiment-format 13.2), and checked
    /// against [`Native::parameters`]. The call should end soon after `call.cancel` fires; whoever awaits it then stops
    /// listening.
    fn call<'a>(
        &'a self,
        native: &'static Native,
        arguments: Map,
        call: &'a Call<'a>,
    ) -> BoxFuture<'a, Outcome>;

    /// The objects a call with these arguments is about, as far as the arguments tell, such as
    /// `deployment/my-provider`.
    fn targets(&self, native: &'static Native, arguments: &Map) -> Vec<String> {
        let _ = (native, arguments);
        Vec::new()
    }
}
