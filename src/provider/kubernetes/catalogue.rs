//! All native functions by address, the names that only resolve to them, and how an entry is declared.

use super::{failure::Failure, invocation::Invocation};
use crate::{experiment::Value, provider::Native};
use futures_util::future::BoxFuture;

/// A function: its description and its code.
pub(super) struct Entry {
    pub(super) native: Native,
    pub(super) run: for<'a> fn(&'a Invocation<'a>) -> BoxFuture<'a, Result<Value, Failure>>,
}

/// Declares the entries of one Python module: effect, name, needed parameters; optional ones.
macro_rules! natives {
    ($module:literal: $($effect:ident $func:ident($($needed:ident),*; $($optional:ident),*)),+ $(,)?) => {
        &[$($crate::provider::kubernetes::catalogue::Entry {
            native: $crate::provider::Native {
                module: $module,
                func: stringify!($func),
                parameters: &[
                    $($crate::provider::Parameter { name: stringify!($needed), required: true },)*
                    $($crate::provider::Parameter { name: stringify!($optional), required: false },)*
                ],
                effect: $crate::provider::Effect::$effect,
            },
            run: |invocation| Box::pin($func(invocation)),
        },)+]
    };
}
pub(super) use natives;

/// The modules, each with its entries.
static MODULES: &[&[Entry]] = &[super::pod::probes::ENTRIES];

/// Functions that can also be reached through another module, where the reference merely imports them
/// (kubernetes-catalog 2.0): other module, function, its own module.
static ALIASES: &[(&str, &str, &str)] = &[("chaosk8s.probes", "all_pods_healthy", "chaosk8s.pod.probes")];

/// The native function under a Python address, if we have it.
pub fn resolve(module: &str, func: &str) -> Option<&'static Native> {
    entry(module, func).map(|entry| &entry.native)
}

pub(super) fn entry(module: &str, func: &str) -> Option<&'static Entry> {
    let alias = ALIASES.iter().find(|(other, name, _)| *other == module && *name == func);
    let module = alias.map_or(module, |(_, _, own)| own);
    let mut entries = MODULES.iter().flat_map(|entries| entries.iter());
    entries.find(|entry| entry.native.func == func && entry.native.module == module)
}
