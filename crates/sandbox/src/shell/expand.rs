//! Expansion of words: variables, command substitution, arithmetic, fields.

use super::{
    Shell, Stream,
    parse::{Piece, Word},
};

impl Shell {
    /// Expands words to the fields of a command line.
    pub(super) async fn fields(&mut self, words: &[Word]) -> Vec<String> {
        let mut fields = Vec::new();
        for word in words {
            let mut field = None;
            for piece in word {
                let (value, quoted) = self.value(piece).await;
                if quoted {
                    field.get_or_insert_with(String::new).push_str(&value);
                    continue;
                }
                // What is not quoted is split at blanks; its ends join the neighbours in the word.
                for (place, part) in value.split([' ', '\t', '\n']).enumerate() {
                    if place > 0 {
                        fields.extend(field.take());
                    }
                    if !part.is_empty() {
                        field.get_or_insert_with(String::new).push_str(part);
                    }
                }
            }
            fields.extend(field);
        }
        fields
    }

    /// Expands a word that is not split, such as the value of an assignment.
    pub(super) async fn joined(&mut self, word: &Word) -> String {
        let mut text = String::new();
        for piece in word {
            text.push_str(&self.value(piece).await.0);
        }
        text
    }

    /// Returns the value of a piece, and whether it stays one field.
    async fn value(&mut self, piece: &Piece) -> (String, bool) {
        match piece {
            Piece::Text(text) => (text.clone(), true),
            Piece::Variable { name, quoted } => {
                let value = match name.as_str() {
                    "?" => self.last.to_string(),
                    "$" => "1".to_owned(),
                    "#" => "0".to_owned(),
                    name => self.variables.get(name).cloned().unwrap_or_default(),
                };
                (value, *quoted)
            }
            Piece::Output { command, quoted } => {
                let outer = std::mem::take(&mut self.captured);
                let before = (self.streams, self.variables.clone());
                self.streams[0] = Stream::Captured;
                Box::pin(self.execute(command)).await;
                (self.streams, self.variables) = before;
                let output = std::mem::replace(&mut self.captured, outer);
                let text = String::from_utf8_lossy(&output);
                (text.trim_end_matches('\n').to_owned(), *quoted)
            }
            Piece::Arithmetic(word) => {
                let expression = Box::pin(self.joined(word)).await;
                (self.arithmetic(&expression).to_string(), true)
            }
        }
    }

    /// Computes an expression of integers, variables, `+ - * / %` and parentheses; 0 for anything else.
    fn arithmetic(&self, expression: &str) -> i64 {
        let mut rest = expression.trim();
        self.sum(&mut rest).filter(|_| rest.trim().is_empty()).unwrap_or(0)
    }

    fn sum(&self, rest: &mut &str) -> Option<i64> {
        let mut value = self.product(rest)?;
        loop {
            if accept(rest, '+') {
                value = value.wrapping_add(self.product(rest)?);
            } else if accept(rest, '-') {
                value = value.wrapping_sub(self.product(rest)?);
            } else {
                return Some(value);
            }
        }
    }

    fn product(&self, rest: &mut &str) -> Option<i64> {
        let mut value = self.number(rest)?;
        loop {
            if accept(rest, '*') {
                value = value.wrapping_mul(self.number(rest)?);
            } else if accept(rest, '/') {
                value = value.checked_div(self.number(rest)?)?;
            } else if accept(rest, '%') {
                value = value.checked_rem(self.number(rest)?)?;
            } else {
                return Some(value);
            }
        }
    }

    fn number(&self, rest: &mut &str) -> Option<i64> {
        if accept(rest, '-') {
            return self.number(rest)?.checked_neg();
        }
        if accept(rest, '(') {
            let value = self.sum(rest)?;
            return accept(rest, ')').then_some(value);
        }
        *rest = rest.trim_start();
        let end = rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        *rest = after;
        if word.is_empty() {
            return None;
        }
        let value = self.variables.get(word).map_or("0", String::as_str);
        word.parse().or_else(|_| value.trim().parse()).ok()
    }
}

fn accept(rest: &mut &str, operator: char) -> bool {
    match rest.trim_start().strip_prefix(operator) {
        Some(after) => {
            *rest = after;
            true
        }
        None => false,
    }
}
