//! Builds the command line from `path` and `arguments`.

use crate::experiment::{Environment, executable};
use pyvalue::{Value, python_text};
use std::path::{Path, PathBuf};

/// A command line: the program and its arguments.
#[derive(Debug, PartialEq)]
pub(super) struct Command {
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// Whether the program is the shell, with a line.
    in_shell: bool,
}

impl Command {
    /// A list or mapping becomes the argument list; a text is passed to the shell, with the unquoted path in front.
    pub(super) fn new(path: &str, arguments: &Value, environment: &Environment) -> Result<Self, String> {
        let found = executable::find(&expand_home(path, environment), environment);
        let words = match arguments {
            Value::Text(line) => return Ok(Self::shell(found.as_deref(), line)),
            Value::List(items) => items.iter().filter_map(word).collect(),
            Value::Map(pairs) => {
                let flat = pairs.iter().flat_map(|(key, value)| [word(&key.as_str().into()), word(value)]);
                flat.flatten().collect()
            }
            _ => return Err("the arguments of a process activity must be a list or text".into()),
        };
        let program = found.ok_or_else(|| {
            format!("no executable file '{path}' was found; check the path, or PATH, and its permissions")
        })?;
        Ok(Self { program, arguments: words, in_shell: false })
    }

    /// If the path is not found, the reference makes the shell run a command called `None`: exit status 127.
    fn shell(program: Option<&Path>, line: &str) -> Self {
        let program = program.map_or("None".into(), Path::to_string_lossy);
        Self {
            program: PathBuf::from("/bin/sh"),
            arguments: vec!["-c".to_owned(), format!("{program} {line}")],
            in_shell: true,
        }
    }

    /// What is run, as the reference writes it: the shell's line, or a list in Python's notation.
    pub(super) fn line(&self) -> String {
        if let (true, [_, line]) = (self.in_shell, self.arguments.as_slice()) {
            return line.clone();
        }
        let words = std::iter::once(self.shown()).chain(self.arguments.clone());
        python_text(&Value::List(words.map(Value::from).collect()))
    }

    /// The program's path, for error messages.
    pub(super) fn shown(&self) -> String {
        self.program.display().to_string()
    }
}

/// The text of an argument; `None` for null and empty arguments, which are dropped.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        value => Some(python_text(value)).filter(|text| !text.is_empty()),
    }
}

/// Replaces `~`, alone or before a slash, by the home directory; `~name` is not expanded.
fn expand_home(path: &str, environment: &Environment) -> String {
    let rest = path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/'));
    match (rest, environment.get("HOME")) {
        (Some(rest), Some(home)) => format!("{}{rest}", home.trim_end_matches('/')),
        _ => path.to_owned(),
    }
}
