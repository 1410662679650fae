//! The grammar: a part of the POSIX shell's.

use super::lexer::{Token, is_name, text, tokens};

/// A command of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    Simple {
        assignments: Vec<(String, Word)>,
        words: Vec<Word>,
        redirects: Vec<Redirect>,
    },
    Not(Box<Command>),
    And(Box<Command>, Box<Command>),
    Or(Box<Command>, Box<Command>),
    Sequence(Vec<Command>),
    /// `(…)`: its variables and its `exit` are its own.
    Subshell(Box<Command>),
    Loop {
        until: bool,
        condition: Box<Command>,
        body: Box<Command>,
    },
    If {
        branches: Vec<(Command, Command)>,
        otherwise: Box<Command>,
    },
    For {
        name: String,
        words: Vec<Word>,
        body: Box<Command>,
    },
}

/// A word before expansion.
pub(super) type Word = Vec<Piece>;

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// The value of a variable; unless it is quoted, it is split into fields.
    Variable {
        name: String,
        quoted: bool,
    },
    /// The output of a command; unless it is quoted, it is split into fields.
    Output {
        command: Command,
        quoted: bool,
    },
    /// `$((…))`.
    Arithmetic(Word),
}

/// `FROM>TO`: output of one stream goes to another one; `None` discards it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Redirect {
    pub from: usize,
    pub to: Option<usize>,
}

/// Parses a script. Error: a message that names what is not supported.
pub(super) fn script(text: &str) -> Result<Command, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    let command = parser.sequence(&[])?;
    match parser.tokens.get(parser.at) {
        None => Ok(command),
        Some(token) => Err(format!("syntax error near {}", shown(token))),
    }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Word(_, Some(text)) => format!("{text:?}"),
        Token::Word(_, None) => "a quoted word".to_owned(),
        Token::Redirect(_) => "a redirection".to_owned(),
        Token::Operator(operator) => format!("{operator:?}"),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn accept(&mut self, operator: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Operator(found)) if *found == operator);
        self.at += usize::from(found);
        found
    }

    fn keyword(&self) -> Option<&str> {
        match self.peek() {
            Some(Token::Word(_, Some(text))) => Some(text),
            _ => None,
        }
    }

    fn accept_keyword(&mut self, word: &str) -> bool {
        let found = self.keyword() == Some(word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.accept_keyword(word) { Ok(()) } else { Err(format!("syntax error: {word:?} is missing")) }
    }

    /// Reads commands up to one of the keywords in `ends`, a closing parenthesis, or the end of the script.
    fn sequence(&mut self, ends: &[&str]) -> Result<Command, String> {
        let mut commands = Vec::new();
        loop {
            while self.accept(";") || self.accept("\n") {}
            let closes = matches!(self.peek(), None | Some(Token::Operator(")")));
            if closes || self.keyword().is_some_and(|word| ends.contains(&word)) {
                return Ok(Command::Sequence(commands));
            }
            commands.push(self.conditional()?);
            if !matches!(self.peek(), None | Some(Token::Operator(";" | "\n" | ")"))) {
                return Err(format!("syntax error near {}", self.peek().map_or_else(String::new, shown)));
            }
        }
    }

    /// Reads commands joined by `&&` and `||`.
    fn conditional(&mut self) -> Result<Command, String> {
        let mut left = self.command()?;
        loop {
            let and = self.accept("&&");
            if !and && !self.accept("||") {
                return Ok(left);
            }
            while self.accept("\n") {}
            let right = Box::new(self.command()?);
            left = if and { Command::And(left.into(), right) } else { Command::Or(left.into(), right) };
        }
    }

    fn command(&mut self) -> Result<Command, String> {
        if self.accept_keyword("!") {
            return Ok(Command::Not(Box::new(self.command()?)));
        }
        if self.accept("(") {
            let inner = self.sequence(&[])?;
            return if self.accept(")") {
                Ok(Command::Subshell(Box::new(inner)))
            } else {
                Err("syntax error: \")\" is missing".to_owned())
            };
        }
        match self.keyword() {
            Some("{") => {
                self.at += 1;
                let inner = self.sequence(&["}"])?;
                self.expect("}")?;
                Ok(inner)
            }
            Some(word @ ("while" | "until")) => {
                let until = word == "until";
                self.at += 1;
                let condition = Box::new(self.sequence(&["do"])?);
                Ok(Command::Loop { until, condition, body: Box::new(self.body()?) })
            }
            Some("for") => self.for_loop(),
            Some("if") => self.alternatives(),
            Some(word @ ("case" | "function")) => Err(format!("no {word:?}")),
            _ => self.simple(),
        }
    }

    fn body(&mut self) -> Result<Command, String> {
        self.expect("do")?;
        let body = self.sequence(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    fn for_loop(&mut self) -> Result<Command, String> {
        self.at += 1;
        let name = self.keyword().unwrap_or_default().to_owned();
        self.at += 1;
        self.expect("in")?;
        let mut words = Vec::new();
        while let Some(Token::Word(word, _)) = self.peek() {
            words.push(word.clone());
            self.at += 1;
        }
        while self.accept(";") || self.accept("\n") {}
        Ok(Command::For { name, words, body: Box::new(self.body()?) })
    }

    fn alternatives(&mut self) -> Result<Command, String> {
        let mut branches = Vec::new();
        while self.accept_keyword("if") || self.accept_keyword("elif") {
            let condition = self.sequence(&["then"])?;
            self.expect("then")?;
            branches.push((condition, self.sequence(&["elif", "else", "fi"])?));
        }
        let otherwise =
            if self.accept_keyword("else") { self.sequence(&["fi"])? } else { Command::Sequence(Vec::new()) };
        self.expect("fi")?;
        Ok(Command::If { branches, otherwise: Box::new(otherwise) })
    }

    fn simple(&mut self) -> Result<Command, String> {
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            match self.peek() {
                Some(Token::Word(word, _)) => match assignment(word).filter(|_| words.is_empty()) {
                    Some(assignment) => assignments.push(assignment),
                    None => words.push(word.clone()),
                },
                Some(Token::Redirect(redirect)) => redirects.push(*redirect),
                _ => break,
            }
            self.at += 1;
        }
        if words.is_empty() && assignments.is_empty() {
            let near = self.peek().map_or_else(|| "the end".to_owned(), shown);
            return Err(format!("syntax error near {near}"));
        }
        Ok(Command::Simple { assignments, words, redirects })
    }
}

/// Returns the name and the value of a word such as `NAME=value`.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let (first, rest) = word.split_first()?;
    let (name, value) = text(first)?.split_once('=')?;
    let valid = name.starts_with(|letter| is_name(letter) && !letter.is_ascii_digit());
    if !valid || !name.chars().all(is_name) {
        return None;
    }
    let value = std::iter::once(Piece::Text(value.to_owned())).chain(rest.iter().cloned()).collect();
    Some((name.to_owned(), value))
}
