//! The declaration of native functions.

use super::{failure::Failure, invocation::Invocation};
use crate::provider::Native;
use futures_util::future::BoxFuture;
use pyvalue::Value;

/// A native function: its description and its implementation.
pub(super) struct Entry {
    pub(super) native: Native,
    pub(super) run: for<'a> fn(&'a Invocation<'a>) -> BoxFuture<'a, Result<Value, Failure>>,
}

/// Declares the entries of one Python module: effect, name, required parameters; optional parameters => implementation.
macro_rules! natives {
    ($module:literal: $($effect:ident $func:ident($($needed:ident),*; $($optional:ident),*) => $run:path),+ $(,)?) => {
        &[$($crate::provider::kubernetes::entry::Entry {
            native: $crate::provider::Native {
                module: $module,
                func: stringify!($func),
                parameters: &[
                    $($crate::provider::Parameter { name: stringify!($needed), required: true },)*
                    $($crate::provider::Parameter { name: stringify!($optional), required: false },)*
                ],
                effect: $crate::provider::Effect::$effect,
            },
            run: |invocation| Box::pin($run(invocation)),
        },)+]
    };
}
pub(super) use natives;
