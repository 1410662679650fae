//! The grammar: a part of the POSIX shell's.

use std::{iter::Peekable, str::Chars};

const UNENDED: &str = "a quotation that does not end";

/// A command of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    Simple { assignments: Vec<(String, Word)>, words: Vec<Word>, redirects: Vec<Redirect> },
    Not(Box<Command>),
    And(Box<Command>, Box<Command>),
    Or(Box<Command>, Box<Command>),
    Sequence(Vec<Command>),
    /// `(…)`: its variables and its `exit` are its own.
    Subshell(Box<Command>),
    Loop { until: bool, condition: Box<Command>, body: Box<Command> },
    If { branches: Vec<(Command, Command)>, otherwise: Box<Command> },
    For { name: String, words: Vec<Word>, body: Box<Command> },
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

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// A word, and its text if nothing of it is quoted or expanded, which makes it a candidate for a keyword.
    Word(Word, Option<String>),
    Redirect(Redirect),
    /// `;`, a line end, `&&`, `||`, `(`, `)`.
    Operator(&'static str),
}

/// Parses a script. Error: a message that names what is not supported.
pub(super) fn script(text: &str) -> Result<Command, String> {
    let tokens = Lexer { chars: text.chars().peekable() }.tokens()?;
    let mut parser = Parser { tokens, at: 0 };
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

fn is_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

fn push(word: &mut Word, letter: char) {
    match word.last_mut() {
        Some(Piece::Text(text)) => text.push(letter),
        _ => word.push(Piece::Text(letter.to_string())),
    }
}

fn text(piece: &Piece) -> Option<&str> {
    match piece {
        Piece::Text(text) => Some(text),
        _ => None,
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
        let otherwise = if self.accept_keyword("else") {
            self.sequence(&["fi"])?
        } else {
            Command::Sequence(Vec::new())
        };
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
