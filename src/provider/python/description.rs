//! The description of a Python module's attribute.

use super::answer::{Answer, texts};
use crate::{
    experiment::{Described, Parameter},
    provider::Signature,
};
use pyvalue::Value;

/// Python's description of a name in a module.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Description {
    /// The name is a callable.
    Callable(Callable),
    /// The module does not define the name.
    Missing {
        /// Python's message.
        message: String,
        functions: Vec<String>,
    },
    /// The module cannot be imported; Python's message.
    ImportError(String),
    /// Importing the module or inspecting the name raised another exception; Python's message.
    Broken(String),
}

/// A callable object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Callable {
    /// Whether it is a plain function or a built-in. Classes and callable objects can be called too, but validation
    /// does not find them (experiment-format 3.1).
    function: bool,
    signature: Signature,
    /// The first required parameter that is positional-only and so cannot be given by name.
    unnamed: Option<String>,
    functions: Vec<String>,
}

impl Callable {
    /// Whether the callable has a parameter of exactly this name.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.signature.has(name)
    }
}

impl Description {
    /// Parses the answer to a `describe` request.
    pub(super) fn of(mut answer: Answer) -> Self {
        let functions = texts(answer.list("functions"));
        match answer.kind() {
            kind @ ("function" | "builtin" | "other") => {
                let function = kind != "other";
                let (signature, unnamed) = parameters(&answer.list("parameters"));
                Self::Callable(Callable { function, signature, unnamed, functions })
            }
            "missing" => Self::Missing { message: answer.message(), functions },
            "import_error" => Self::ImportError(answer.message()),
            _ => Self::Broken(answer.message()),
        }
    }

    /// The signature for a call, or the reason why the name cannot be called.
    pub(super) fn into_signature(self) -> Result<Signature, String> {
        match self {
            Self::Callable(callable) => Ok(callable.signature),
            Self::Missing { message, .. } | Self::ImportError(message) | Self::Broken(message) => {
                Err(message)
            }
        }
    }

    pub(super) fn into_described(self) -> Described {
        match self {
            Self::Callable(Callable { unnamed: Some(name), function: true, .. }) => Described::Broken(
                format!("its parameter '{name}' is positional only, and arguments are given by name"),
            ),
            Self::Callable(Callable { function: true, signature, .. }) => Described::Function {
                parameters: signature
                    .parameters
                    .into_iter()
                    .map(|(name, required)| Parameter { name, required })
                    .collect(),
                catch_all: signature.catch_all,
                advice: Vec::new(),
            },
            Self::Callable(Callable { functions, .. }) | Self::Missing { functions, .. } => {
                Described::Missing { functions }
            }
            Self::ImportError(message) => Described::ImportError(message),
            Self::Broken(message) => Described::Broken(message),
        }
    }
}

/// Parses parameters of the form `[name, kind, required]`.
fn parameters(list: &[Value]) -> (Signature, Option<String>) {
    let (mut signature, mut unnamed) = (Signature::default(), None);
    for parameter in list {
        let Some([Value::Text(name), Value::Text(kind), Value::Bool(required)]) = parameter.as_list() else {
            continue;
        };
        match kind.as_str() {
            "VAR_KEYWORD" => signature.catch_all = true,
            "VAR_POSITIONAL" => {}
            kind => {
                if kind == "POSITIONAL_ONLY" && *required {
                    unnamed.get_or_insert_with(|| name.clone());
                }
                signature.parameters.push((name.clone(), *required));
            }
        }
    }
    (signature, unnamed)
}
