//! Splits a label selector into tokens.

/// A token of a label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A key or a value; also `in` and `notin`, which the parser distinguishes by their position.
    Word(String),
    /// One of `( ) , ! = == != < >`.
    Sign(&'static str),
    /// The end of the text.
    End,
}

impl Token {
    /// Returns the text for error messages.
    pub(super) fn text(&self) -> &str {
        match self {
            Token::Word(word) => word,
            Token::Sign(sign) => sign,
            Token::End => "",
        }
    }
}

/// Two-character signs come before their first characters, so that the longest sign is matched.
const SIGNS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", "<", ">"];

/// Returns all tokens of `text`, followed by one [`Token::End`].
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let ends = |c: char| c.is_whitespace() || "=!(),<>".contains(c);
            let length = rest.find(ends).unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..length].to_owned()));
            rest = &rest[length..];
        }
        rest = rest.trim_start();
    }
    tokens.push(Token::End);
    tokens
}
