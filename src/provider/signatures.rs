//! Function signatures for validation: native functions first, then the answers of Python.

use super::{Providers, advice};
use crate::experiment::{ControlCheck, Described, Parameter, Signatures, nearest};
use futures_util::future::BoxFuture;
use pyvalue::Value;

/// The native functions of the providers, with Python for all other functions.
pub struct NativeSignatures<'a> {
    /// The providers whose native functions are described.
    pub providers: &'a Providers,
    /// Describes all other functions.
    pub python: &'a dyn Signatures,
}

impl Signatures for NativeSignatures<'_> {
    fn describe<'a>(&'a self, module: &'a str, func: &'a str) -> BoxFuture<'a, Described> {
        Box::pin(async move {
            let known = advice::of(module, func);
            if let Some(native) = self.providers.native(module, func) {
                let parameters = native.parameters.iter();
                let parameters =
                    parameters.map(|one| Parameter { name: one.name.to_owned(), required: one.required });
                return Described::Function {
                    parameters: parameters.collect(),
                    catch_all: false,
                    advice: known,
                };
            }
            match self.python.describe(module, func).await {
                Described::Function { parameters, catch_all, mut advice } => {
                    advice.extend(known);
                    Described::Function { parameters, catch_all, advice }
                }
                // Without Python, a misspelt function name is still reported for a module of which native functions
                // exist.
                Described::Unknown(reason) => match self.providers.functions_of(module) {
                    functions if nearest(func, functions.iter().map(String::as_str)).is_some() => {
                        Described::Missing { functions }
                    }
                    _ => Described::Unknown(reason),
                },
                // A Python without the extension cannot describe the functions that exist natively.
                Described::ImportError(reason) => match self.providers.functions_of(module) {
                    functions if functions.is_empty() => Described::ImportError(reason),
                    functions => Described::Missing { functions },
                },
                other => other,
            }
        })
    }

    fn control<'a>(&'a self, module: &'a str, declaration: &'a Value) -> BoxFuture<'a, ControlCheck> {
        self.python.control(module, declaration)
    }
}

#[cfg(test)]
mod tests {
    use super::NativeSignatures;
    use crate::{
        cluster::ClusterSettings,
        experiment::{Described, Environment, Signatures},
        provider::{Providers, kubernetes::Kubernetes},
        test_support::NoPython,
    };
    use std::sync::Arc;

    #[tokio::test]
    async fn native_functions_are_known_without_python() {
        let providers = Providers::new(Environment::default())
            .with_catalogue(Arc::new(Kubernetes::new(ClusterSettings::new(|_| None))));
        let known = NativeSignatures { providers: &providers, python: &NoPython };
        let described = known.describe("chaosk8s.pod.actions", "terminate_pods").await;
        let Described::Function { parameters, .. } = described else { panic!("{described:?}") };
        assert!(parameters.iter().any(|parameter| parameter.name == "label_selector"));
        let slip = known.describe("chaosk8s.pod.actions", "terminate_pod").await;
        assert!(
            matches!(&slip, Described::Missing { functions } if functions.contains(&"terminate_pods".to_owned()))
        );
        let other = known.describe("chaosk8s.node.actions", "delete_nodes").await;
        assert!(matches!(other, Described::Unknown(_)));
    }
}
