//! Why nothing is played.

/// Why nothing is played.
#[derive(Debug, PartialEq, Eq)]
pub struct Refusal {
    /// One message with a way out.
    pub message: String,
    /// What the program exits with: 2 for what the command line can mend, else 1 (experiment-format 12.2).
    pub code: u8,
}

impl Refusal {
    /// Another command line is needed.
    pub(super) fn usage(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 2 }
    }

    /// Another file, or another environment, is needed.
    pub(super) fn invalid(message: impl ToString) -> Self {
        Self { message: message.to_string(), code: 1 }
    }
}
