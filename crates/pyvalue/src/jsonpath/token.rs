//! The tokens of a path.

use super::path::PathError;
use crate::value::{Value, integer};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// One of `$ @ . .. [ ] ( ) { } , : ? * = != < <= > >=`.
    Sign(&'static str),
    /// A name or a keyword such as `and`.
    Word(String),
    /// A string in double quotes; escapes are not decoded.
    Text(String),
    Number(Value),
}

/// The longest signs come first.
const SIGNS: [&str; 21] = [
    "..", "!=", "<=", ">=", "$", "@", ".", "[", "]", "(", ")", "{", "}", ",", ":", "?", "*", "=", "<", ">",
    "",
];

/// Returns the tokens with their start columns, in characters from 1.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, PathError> {
    let mut tokens = Vec::new();
    let (mut rest, mut column) = (text, 1);
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        column += rest.len() - trimmed.len();
        rest = trimmed;
        if rest.is_empty() {
            return Ok(tokens);
        }
        let error = |message: &str| PathError::Syntax { column, message: message.to_owned() };
        let (token, length) = next(rest).map_err(error)?;
        tokens.push((column, token));
        column += rest[..length].chars().count();
        rest = &rest[length..];
    }
}

fn next(rest: &str) -> Result<(Token, usize), &'static str> {
    if let Some(text) = rest.strip_prefix('"') {
        let length = text_length(text).ok_or("this string is not closed or contains an invalid escape")?;
        return Ok((Token::Text(text[..length].to_owned()), length + 2));
    }
    if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        return Ok((Token::Word(rest[..end].to_owned()), end));
    }
    if rest.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return number(rest).ok_or("a number is expected after the minus");
    }
    let sign = SIGNS.iter().find(|sign| !sign.is_empty() && rest.starts_with(**sign));
    sign.map(|sign| (Token::Sign(sign), sign.len())).ok_or("this character is not allowed in a JSON path")
}

/// Returns the number of bytes before the closing quote.
fn text_length(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some(at),
            '\\' => match chars.next()?.1 {
                '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {}
                'u' => {
                    for _ in 0..4 {
                        chars.next().filter(|(_, c)| c.is_ascii_hexdigit())?;
                    }
                }
                _ => return None,
            },
            _ => {}
        }
    }
    None
}

fn number(rest: &str) -> Option<(Token, usize)> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(rest.starts_with('-'));
    let whole = if bytes.get(sign) == Some(&b'0') { 1 } else { digits(sign) };
    if whole == 0 {
        return None;
    }
    let integer_end = sign + whole;
    let mut end = integer_end;
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let from = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digits(from) > 0 {
            end = from + digits(from);
        }
    }
    let text = &rest[..end];
    let value = if end == integer_end { integer(text) } else { Value::Float(text.parse().ok()?) };
    Some((Token::Number(value), end))
}
