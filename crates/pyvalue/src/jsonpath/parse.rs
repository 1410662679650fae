//! Parses a path from its tokens.

use super::{
    path::{Comparison, Expression, Function, Operand, Path, PathError, Selector, Step},
    token::{Token, tokens},
};
use crate::value::{Map, Value};

/// The maximum nesting depth of brackets and parentheses.
const MAX_DEPTH: usize = 64;

/// The maximum number of steps in a path; each step is one level of recursion in the search.
const MAX_STEPS: usize = 64;

/// Reserved words, which are not allowed as names.
const WORDS: [&str; 6] = ["and", "or", "not", "true", "false", "null"];

pub(super) fn path(text: &str) -> Result<Path, PathError> {
    let tokens = tokens(text)?;
    let end = text.chars().count() + 1;
    let mut parser = Parser { tokens, at: 0, end, depth: 0 };
    if !parser.takes("$") {
        return parser.expected("a JSON path begins with `$`");
    }
    let steps = parser.steps()?;
    match parser.peek() {
        None => Ok(Path { steps }),
        Some(_) => parser.expected("expected `.`, `..`, `[` or the end"),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += usize::from(token.is_some());
        token
    }

    fn expected<T>(&self, message: &str) -> Result<T, PathError> {
        let column = self.tokens.get(self.at).map_or(self.end, |(column, _)| *column);
        Err(PathError::Syntax { column, message: message.to_owned() })
    }

    /// Consumes the next token if it is this sign.
    fn takes(&mut self, sign: &str) -> bool {
        let next = matches!(self.peek(), Some(Token::Sign(next)) if *next == sign);
        self.at += usize::from(next);
        next
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let next = matches!(self.peek(), Some(Token::Word(next)) if next == word);
        self.at += usize::from(next);
        next
    }

    fn needs(&mut self, sign: &str) -> Result<(), PathError> {
        if self.takes(sign) { Ok(()) } else { self.expected(&format!("expected `{sign}`")) }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, PathError>) -> Result<T, PathError> {
        if self.depth == MAX_DEPTH {
            return self.expected(&format!("nested deeper than {MAX_DEPTH} levels"));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn steps(&mut self) -> Result<Vec<Step>, PathError> {
        let mut steps = Vec::new();
        loop {
            let (descend, bare) = match self.peek() {
                Some(Token::Sign("..")) => (true, true),
                Some(Token::Sign(".")) => (false, true),
                Some(Token::Sign("[")) => (false, false),
                _ => return Ok(steps),
            };
            self.at += usize::from(bare);
            let bracketed = matches!(self.peek(), Some(Token::Sign("["))) && (descend || !bare);
            let selectors =
                if bracketed { self.deeper(Self::brackets)? } else { vec![self.bare_selector()?] };
            if steps.len() == MAX_STEPS {
                return self.expected(&format!("a path has at most {MAX_STEPS} steps"));
            }
            steps.push(Step { descend, selectors });
        }
    }

    /// Parses `name`, `name(...)` or `*` after a dot.
    fn bare_selector(&mut self) -> Result<Selector, PathError> {
        if self.takes("*") {
            return Ok(Selector::Wildcard);
        }
        match self.peek() {
            Some(Token::Word(word)) if !WORDS.contains(&word.as_str()) => {
                let word = word.clone();
                self.at += 1;
                if matches!(self.peek(), Some(Token::Sign("("))) {
                    self.call(&word)
                } else {
                    Ok(Selector::Key(word))
                }
            }
            _ => self.expected("expected a name or `*`; other keys are written [\"key\"]"),
        }
    }

    fn brackets(&mut self) -> Result<Vec<Selector>, PathError> {
        self.needs("[")?;
        let mut selectors = vec![self.selector()?];
        while self.takes(",") {
            selectors.push(self.selector()?);
        }
        self.needs("]")?;
        Ok(selectors)
    }

    fn selector(&mut self) -> Result<Selector, PathError> {
        if self.takes("*") {
            return Ok(Selector::Wildcard);
        }
        if self.takes("?") {
            self.needs("(")?;
            let expression = self.deeper(Self::and)?;
            self.needs(")")?;
            return Ok(Selector::Filter(expression));
        }
        match self.peek().cloned() {
            Some(Token::Text(key)) => {
                self.at += 1;
                Ok(Selector::Key(key))
            }
            Some(Token::Number(_) | Token::Sign(":")) => self.index_or_slice(),
            Some(Token::Sign("@" | "$")) => Ok(Selector::Computed(self.operand()?)),
            Some(Token::Word(word)) if !WORDS.contains(&word.as_str()) => {
                self.at += 1;
                self.call(&word)
            }
            _ => self.expected("expected \"key\", a number, a slice, `*`, `?(`, `@` or `$`"),
        }
    }

    fn index_or_slice(&mut self) -> Result<Selector, PathError> {
        let start = self.whole_number()?;
        if !self.takes(":") {
            return match start {
                Some(index) => Ok(Selector::Index(index)),
                None => self.expected("expected a number"),
            };
        }
        let end = self.whole_number()?;
        let step = if self.takes(":") { self.whole_number()? } else { None };
        Ok(Selector::Slice { start, end, step })
    }

    fn whole_number(&mut self) -> Result<Option<i64>, PathError> {
        let number = match self.peek() {
            Some(Token::Number(Value::Int(int))) => *int,
            // Outside the range of all indices, and small enough that sums do not overflow.
            Some(Token::Number(Value::Big(digits))) => {
                if digits.starts_with('-') {
                    i64::MIN / 4
                } else {
                    i64::MAX / 4
                }
            }
            Some(Token::Number(_)) => return self.expected("expected a whole number"),
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(number.clamp(i64::MIN / 4, i64::MAX / 4)))
    }

    fn call(&mut self, name: &str) -> Result<Selector, PathError> {
        let function = match name {
            "charAt" => Function::CharAt,
            "entries" => Function::Entries,
            "keys" => Function::Keys,
            "length" => Function::Length,
            "substring" => Function::Substring,
            "values" => Function::Values,
            _ => return self.expected(&format!("there is no function `{name}`")),
        };
        self.needs("(")?;
        let mut arguments = Vec::new();
        if !self.takes(")") {
            arguments.push(self.deeper(Self::operand)?);
            while self.takes(",") {
                arguments.push(self.deeper(Self::operand)?);
            }
            self.needs(")")?;
        }
        Ok(Selector::Function(function, arguments))
    }

    /// Parses `and`, which binds weaker than `or`.
    fn and(&mut self) -> Result<Expression, PathError> {
        let mut all = vec![self.or()?];
        while self.takes_word("and") {
            all.push(self.or()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::And(all) })
    }

    fn or(&mut self) -> Result<Expression, PathError> {
        let mut any = vec![self.not()?];
        while self.takes_word("or") {
            any.push(self.not()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Expression::Or(any) })
    }

    fn not(&mut self) -> Result<Expression, PathError> {
        if self.takes_word("not") {
            return Ok(Expression::Not(Box::new(self.deeper(Self::not)?)));
        }
        if self.takes("(") {
            let inner = self.deeper(Self::and)?;
            self.needs(")")?;
            return Ok(inner);
        }
        let left = self.operand()?;
        let comparison = match self.peek() {
            Some(Token::Sign("=")) => Comparison::Equal,
            Some(Token::Sign("!=")) => Comparison::NotEqual,
            Some(Token::Sign("<")) => Comparison::Less,
            Some(Token::Sign("<=")) => Comparison::LessOrEqual,
            Some(Token::Sign(">")) => Comparison::Greater,
            Some(Token::Sign(">=")) => Comparison::GreaterOrEqual,
            _ => return Ok(Expression::Some(left)),
        };
        self.at += 1;
        Ok(Expression::Compare(left, comparison, self.operand()?))
    }

    fn operand(&mut self) -> Result<Operand, PathError> {
        if self.takes("$") {
            return Ok(Operand::Root(self.steps()?));
        }
        if self.takes("@") {
            return Ok(Operand::Current(self.steps()?));
        }
        self.literal().map(Operand::Literal)
    }

    fn literal(&mut self) -> Result<Value, PathError> {
        let start = self.at;
        match self.next() {
            Some(Token::Text(text)) => Ok(Value::Text(text)),
            Some(Token::Number(number)) => Ok(number),
            Some(Token::Word(word)) if word == "true" => Ok(Value::Bool(true)),
            Some(Token::Word(word)) if word == "false" => Ok(Value::Bool(false)),
            Some(Token::Word(word)) if word == "null" => Ok(Value::Null),
            Some(Token::Sign("[")) => self.deeper(Self::list),
            Some(Token::Sign("{")) => self.deeper(Self::mapping),
            _ => {
                self.at = start;
                self.expected("expected `@`, `$` or a JSON value (texts in double quotes)")
            }
        }
    }

    fn list(&mut self) -> Result<Value, PathError> {
        let mut items = Vec::new();
        if !self.takes("]") {
            items.push(self.literal()?);
            while self.takes(",") {
                items.push(self.literal()?);
            }
            self.needs("]")?;
        }
        Ok(items.into())
    }

    fn mapping(&mut self) -> Result<Value, PathError> {
        let mut map = Map::default();
        if !self.takes("}") {
            loop {
                let Some(Token::Text(key)) = self.next() else { return self.expected("expected a \"key\"") };
                self.needs(":")?;
                map.insert(key, self.literal()?);
                if !self.takes(",") {
                    break;
                }
            }
            self.needs("}")?;
        }
        Ok(map.into())
    }
}
