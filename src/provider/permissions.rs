//! What an activity needs in the cluster, and the namespace that it acts in.

use super::{
    gremlin::{self, Gremlin},
    kubernetes::{self, Needed},
};
use crate::experiment::Secrets;
use pyvalue::{Map, Value};

fn text<'a>(provider: &'a Map, key: &str) -> &'a str {
    provider.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn arguments(provider: &Map) -> Map {
    provider.get("arguments").and_then(Value::as_map).cloned().unwrap_or_default()
}

/// The permissions that a call of this provider needs, with what is looked up before it and the undo kit. Empty for
/// programs and functions that are not built in, whose requests are not known.
pub fn permissions(provider: &Map, gremlin: &Gremlin, secrets: &Secrets) -> Vec<Needed> {
    if text(provider, "module") == gremlin::MODULE {
        return gremlin.permissions(provider, secrets);
    }
    let native = kubernetes::resolve(text(provider, "module"), text(provider, "func"));
    native.map(|native| kubernetes::permissions(native, &arguments(provider))).unwrap_or_default()
}

/// The namespace that a call of this provider acts in; `None` for providers without one.
pub fn namespace_of(provider: &Map) -> Option<String> {
    let module = text(provider, "module");
    if module == gremlin::MODULE {
        let (namespace, names) = gremlin::containers(&arguments(provider));
        return (!names.is_empty()).then_some(namespace);
    }
    match kubernetes::resolve(module, text(provider, "func")) {
        Some(native) => kubernetes::namespace_of(native, &arguments(provider)),
        None if super::is_kubernetes(module) => {
            let arguments = arguments(provider);
            Some(text(&arguments, "ns").to_owned()).filter(|namespace| !namespace.is_empty())
        }
        None => None,
    }
}
