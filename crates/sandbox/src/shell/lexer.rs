//! The words and operators of a script.

use super::parse::{Piece, Redirect, Word, script};
use std::{iter::Peekable, str::Chars};

const UNENDED: &str = "a quotation that does not end";

/// A token of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word, and its text if nothing of it is quoted or expanded, which makes it a candidate for a keyword.
    Word(Word, Option<String>),
    Redirect(Redirect),
    /// `;`, a line end, `&&`, `||`, `(`, `)`.
    Operator(&'static str),
}

/// Splits a script into tokens. Error: a message that names what is not supported.
pub(super) fn tokens(script: &str) -> Result<Vec<Token>, String> {
    Lexer { chars: script.chars().peekable() }.tokens()
}

struct Lexer<'a> {
    chars: Peekable<Chars<'a>>,
}

impl Lexer<'_> {
    fn tokens(mut self) -> Result<Vec<Token>, String> {
        let mut tokens = Vec::new();
        while let Some(&next) = self.chars.peek() {
            let token = match next {
                '\n' => self.operator("\n"),
                ' ' | '\t' | '\r' => {
                    self.chars.next();
                    continue;
                }
                '#' => {
                    while self.chars.peek().is_some_and(|next| *next != '\n') {
                        self.chars.next();
                    }
                    continue;
                }
                ';' => self.operator(";"),
                '(' => self.operator("("),
                ')' => self.operator(")"),
                '&' | '|' => {
                    self.chars.next();
                    if self.chars.next_if_eq(&next).is_none() {
                        let what = if next == '&' { "background commands (&)" } else { "pipes (|)" };
                        return Err(format!("no {what}"));
                    }
                    Token::Operator(if next == '&' { "&&" } else { "||" })
                }
                '>' => self.redirect(1)?,
                '<' => return Err("no input redirection (<)".to_owned()),
                _ => self.word_or_redirect()?,
            };
            tokens.push(token);
        }
        Ok(tokens)
    }

    fn operator(&mut self, operator: &'static str) -> Token {
        self.chars.next();
        Token::Operator(operator)
    }

    fn word_or_redirect(&mut self) -> Result<Token, String> {
        let (word, plain) = self.word()?;
        match plain.as_deref() {
            Some(from @ ("1" | "2")) if self.chars.peek() == Some(&'>') => {
                self.redirect(usize::from(from == "2") + 1)
            }
            _ => Ok(Token::Word(word, plain)),
        }
    }

    /// Reads `>TO` or `>&TO`; the only targets are the two output streams and `/dev/null`.
    fn redirect(&mut self, from: usize) -> Result<Token, String> {
        self.chars.next();
        self.chars.next_if_eq(&'>');
        let duplicates = self.chars.next_if_eq(&'&').is_some();
        while self.chars.next_if_eq(&' ').is_some() {}
        let (_, target) = self.word()?;
        let to = match (duplicates, target.as_deref()) {
            (true, Some("1")) | (false, Some("/dev/stdout" | "/proc/1/fd/1" | "/dev/fd/1")) => Some(1),
            (true, Some("2")) | (false, Some("/dev/stderr" | "/proc/1/fd/2" | "/dev/fd/2")) => Some(2),
            (false, Some("/dev/null")) => None,
            (_, target) => {
                let target = target.unwrap_or("a file");
                return Err(format!("no files: output cannot be redirected to {target}"));
            }
        };
        Ok(Token::Redirect(Redirect { from, to }))
    }

    fn word(&mut self) -> Result<(Word, Option<String>), String> {
        let mut word = Word::new();
        let mut plain = true;
        while let Some(&next) = self.chars.peek() {
            match next {
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | '<' | '>' | '(' | ')' => break,
                '\'' => {
                    self.chars.next();
                    let mut text = String::new();
                    loop {
                        match self.chars.next() {
                            Some('\'') => break,
                            Some(letter) => text.push(letter),
                            None => return Err(UNENDED.to_owned()),
                        }
                    }
                    word.push(Piece::Text(text));
                    plain = false;
                }
                '"' => {
                    self.chars.next();
                    self.quoted(&mut word)?;
                    plain = false;
                }
                '\\' => {
                    self.chars.next();
                    // A backslash before a line end continues the line.
                    if let Some(escaped) = self.chars.next().filter(|escaped| *escaped != '\n') {
                        push(&mut word, escaped);
                    }
                    plain = false;
                }
                '$' => {
                    self.chars.next();
                    let piece = self.dollar(false)?;
                    plain &= matches!(piece, Piece::Text(_));
                    word.push(piece);
                }
                '`' => return Err("no backquotes: use $(…)".to_owned()),
                _ => {
                    self.chars.next();
                    push(&mut word, next);
                }
            }
        }
        let text = plain.then(|| word.iter().filter_map(text).collect::<String>());
        Ok((word, text))
    }

    fn quoted(&mut self, word: &mut Word) -> Result<(), String> {
        // An empty text makes `""` a word.
        word.push(Piece::Text(String::new()));
        loop {
            match self.chars.next() {
                None => return Err(UNENDED.to_owned()),
                Some('"') => return Ok(()),
                Some('$') => {
                    let piece = self.dollar(true)?;
                    word.push(piece);
                }
                Some('`') => return Err("no backquotes: use $(…)".to_owned()),
                Some('\\') => match self.chars.next() {
                    Some(escaped @ ('"' | '\\' | '$' | '`')) => push(word, escaped),
                    Some('\n') => {}
                    Some(other) => {
                        push(word, '\\');
                        push(word, other);
                    }
                    None => return Err(UNENDED.to_owned()),
                },
                Some(other) => push(word, other),
            }
        }
    }

    /// Reads what follows a `$`.
    fn dollar(&mut self, quoted: bool) -> Result<Piece, String> {
        match self.chars.peek().copied() {
            Some('(') => {
                self.chars.next();
                let inner = self.balanced()?;
                match inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
                    Some(expression) => {
                        let mut word = Word::new();
                        let text = format!("{expression}\"");
                        Lexer { chars: text.chars().peekable() }.quoted(&mut word)?;
                        Ok(Piece::Arithmetic(word))
                    }
                    None => Ok(Piece::Output { command: script(&inner)?, quoted }),
                }
            }
            Some('{') => {
                self.chars.next();
                let name: String = self.chars.by_ref().take_while(|next| *next != '}').collect();
                if name.is_empty() || !name.chars().all(is_name) {
                    return Err(format!("no expansions such as ${{{name}}}"));
                }
                Ok(Piece::Variable { name, quoted })
            }
            Some(special @ ('?' | '$' | '#' | '@' | '*' | '0'..='9')) => {
                self.chars.next();
                Ok(Piece::Variable { name: special.to_string(), quoted })
            }
            Some(first) if is_name(first) => {
                let mut name = String::new();
                while let Some(next) = self.chars.next_if(|next| is_name(*next)) {
                    name.push(next);
                }
                Ok(Piece::Variable { name, quoted })
            }
            _ => Ok(Piece::Text("$".to_owned())),
        }
    }

    /// Reads up to the parenthesis that closes the one just read.
    fn balanced(&mut self) -> Result<String, String> {
        let mut inner = String::new();
        let mut depth = 1;
        for next in self.chars.by_ref() {
            match next {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return Ok(inner);
            }
            inner.push(next);
        }
        Err("a $( that does not end".to_owned())
    }
}

pub(super) fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn push(word: &mut Word, letter: char) {
    match word.last_mut() {
        Some(Piece::Text(text)) => text.push(letter),
        _ => word.push(Piece::Text(letter.to_string())),
    }
}

pub(super) fn text(piece: &Piece) -> Option<&str> {
    match piece {
        Piece::Text(text) => Some(text),
        _ => None,
    }
}
