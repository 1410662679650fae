//! Why a command does nothing.

use pyvalue::{Value, python_text};

/// Why a command does nothing: something that the user can mend.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Refusal {
    /// One message with a way out.
    pub message: String,
    /// What the program exits with: 2 for what the command line can mend, else 1 (experiment-format 12.2).
    pub code: u8,
    /// What `run` says in place of the message, where Python was asked to exit: what Python says then.
    pub said: Option<String>,
}

impl Refusal {
    /// Another command line is needed.
    pub(in crate::commands) fn usage(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 2, said: None }
    }

    /// Another file, or another environment, is needed.
    pub(in crate::commands) fn invalid(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 1, said: None }
    }

    /// Python asked to exit: a number is the code, whatever else is not null is said, and the code is 1 then.
    pub(super) fn exit(message: String, code: &Value) -> Self {
        let (code, said) = match code {
            Value::Null => (0, String::new()),
            Value::Bool(flag) => (u8::from(*flag), String::new()),
            // As much of it as the operating system takes.
            Value::Int(code) => (code.to_le_bytes()[0], String::new()),
            other => (1, python_text(other)),
        };
        Self { message, code, said: Some(said) }
    }

    /// Python was interrupted as by Ctrl-C, which is told on a line of its own, also where the terminal has echoed `^C`.
    pub(super) fn interrupted(message: String) -> Self {
        Self { message, code: 1, said: Some("\nAborted!".to_owned()) }
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
            assert_eq!((refusal.code, refusal.said.as_deref()), (code, Some(said)), "{asked}");
        }
    }
}
