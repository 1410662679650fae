//! What stands under a function's address.

use super::answer::{Answer, texts};
use crate::{
    experiment::{Described, Parameter},
    provider::Signature,
};
use pyvalue::Value;

/// What Python said of a module and a name in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Description {
    /// Something that can be called.
    Callable(Callable),
    /// The module has nothing of that name.
    Missing {
        /// In Python's words.
        message: String,
        functions: Vec<String>,
    },
    /// The module cannot be imported.
    ImportError(String),
    /// Importing or inspecting it raised something else.
    Broken(String),
}

/// Something that can be called.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Callable {
    /// Whether it is a plain function or a built-in: classes and callable objects run, but validation does not find
    /// them (experiment-format 3.1).
    function: bool,
    signature: Signature,
    /// The first parameter that cannot be given by name although it must be given.
    unnamed: Option<String>,
    functions: Vec<String>,
}

impl Callable {
    /// Whether it has a parameter of exactly this name.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.signature.has(name)
    }
}

impl Description {
    /// Reads the answer to a request to describe.
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

    /// For a call: its parameters, or why there can be none.
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

/// Parameters as `[name, kind, whether it must be given]`.
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
