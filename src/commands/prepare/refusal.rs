//! The error of a command that was refused.

use pyvalue::{Value, python_text};

/// Why a command was refused: a problem that the user can fix.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    /// The message, with a remedy.
    pub message: String,
    /// The exit code: 2 if another command line fixes the problem, otherwise usually 1 (experiment-format 12.2).
    pub code: u8,
    /// If Python exited or was interrupted: the text that `run` prints instead of the message; empty for none.
    pub python_message: Option<String>,
}

impl Refusal {
    /// The command line must change: exit code 2.
    pub(in crate::commands) fn usage(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 2, python_message: None }
    }

    /// A file or the environment must change: exit code 1.
    pub(in crate::commands) fn invalid(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 1, python_message: None }
    }

    /// Python requested an exit. A number is the exit code; any other value except null is printed, with exit code 1.
    pub(super) fn exit(message: String, code: &Value) -> Self {
        let (code, said) = match code {
            Value::Null => (0, String::new()),
            Value::Bool(flag) => (u8::from(*flag), String::new()),
            // The operating system takes the lowest byte.
            Value::Int(code) => (code.to_le_bytes()[0], String::new()),
            other => (1, python_text(other)),
        };
        Self { message, code, python_message: Some(said) }
    }

    /// Python was interrupted as by Ctrl-C. The text starts with a line break because the terminal may have echoed
    /// `^C`.
    pub(super) fn interrupted(message: String) -> Self {
        Self { message, code: 1, python_message: Some("\nAborted!".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;
    use pyvalue::parse_json;

    #[test]
    fn python_exits_with_numbers_and_says_what_is_none() {
        let cases = [
            ("7", 7, ""),
            ("300", 44, ""),
            ("-1", 255, ""),
            ("null", 0, ""),
            ("true", 1, ""),
            ("\"done\"", 1, "done"),
            ("1.5", 1, "1.5"),
            ("[1]", 1, "[1]"),
        ];
        for (asked, code, said) in cases {
            let refusal = Refusal::exit("m".to_owned(), &parse_json(asked).unwrap());
            assert_eq!((refusal.code, refusal.python_message.as_deref()), (code, Some(said)), "{asked}");
        }
    }
}
