//! What a real answer looks like, learned in steady state.

use super::look::Look;
use crate::session::event::{AnswerKind, ErrorKind};
use std::collections::HashMap;

/// Answers to learn from.
const ENOUGH: u32 = 20;
/// Answers to learn from at least, when they come slowly.
const FEWEST: u32 = 5;
/// Seconds that learning should take at most.
const SECONDS: f64 = 15.0;
/// Looks of one endpoint that are told apart; more than that and bodies vary too much.
const LOOKS: usize = 64;

/// Learns, then tells the real answer from a fallback.
pub(super) struct Learning {
    wanted: u32,
    seen: u32,
    /// Nothing is learned any more.
    ended: bool,
    /// It is known what is real.
    done: bool,
    /// Looks of real answers, with the span of length classes they came in.
    real: HashMap<u64, (u32, u32)>,
    /// Bodies differ from answer to answer: only status, content type and length are compared.
    varying: bool,
    example: Option<(Look, usize)>,
}

impl Learning {
    /// For an endpoint that is asked `rate` times a second.
    pub(super) fn new(rate: f64) -> Self {
        let wanted = ((rate * SECONDS) as u32).clamp(FEWEST, ENOUGH);
        Self {
            wanted,
            seen: 0,
            ended: false,
            done: false,
            real: HashMap::new(),
            varying: false,
            example: None,
        }
    }

    /// What a user got with an answer of this look. While learning, every success is a real answer.
    pub(super) fn judge(&self, look: &Look) -> AnswerKind {
        match look.status {
            500.. => AnswerKind::Error(ErrorKind::Server),
            400..500 => AnswerKind::Error(ErrorKind::Client),
            // Without an explicit yes by the steady state, a redirect leads a user nowhere.
            300..400 if self.done && !self.is_real(look) => AnswerKind::Error(ErrorKind::Other),
            _ if !self.done || self.is_real(look) => AnswerKind::Real,
            _ => AnswerKind::Fallback,
        }
    }

    /// Learns from a success. Gives the words for the real answer when this was the last one needed.
    pub(super) fn learn(&mut self, look: &Look, length: usize) -> Option<(String, u32)> {
        if self.ended || look.status >= 400 {
            return None;
        }
        self.seen += 1;
        self.remember(look.hash(), look.length_class);
        self.example.get_or_insert_with(|| (look.clone(), length));
        (self.seen >= self.wanted).then(|| self.finish()).flatten()
    }

    /// Ends learning with what was seen so far; nothing is known if that is less than the fewest answers needed, and
    /// every success counts as real then.
    pub(super) fn finish(&mut self) -> Option<(String, u32)> {
        let known = !self.ended && self.seen >= FEWEST;
        self.ended = true;
        if !known {
            return None;
        }
        self.done = true;
        let (example, length) = self.example.clone()?;
        let content_type =
            if example.content_type.is_empty() { "no content type" } else { &example.content_type };
        // Half of them with a look of their own: the next one will have yet another.
        if self.real.len() as u32 * 2 > self.seen {
            self.varying = true;
            let looks = std::mem::take(&mut self.real);
            let classes = || looks.values();
            let span = (classes().map(|c| c.0).min().unwrap_or(0), classes().map(|c| c.1).max().unwrap_or(0));
            self.real.insert(coarse(&example), span);
            return Some((
                format!(
                    "{}, {content_type}; bodies vary too much: fallbacks will be hard to spot",
                    example.form.words()
                ),
                self.seen,
            ));
        }
        let looks = if self.real.len() > 1 { format!(", {} looks", self.real.len()) } else { String::new() };
        let words = format!("{}, {length} bytes, {content_type}{looks}", example.form.words());
        Some((words, self.seen))
    }

    fn remember(&mut self, hash: u64, class: u32) {
        if self.real.len() < LOOKS || self.real.contains_key(&hash) {
            let span = self.real.entry(hash).or_insert((class, class));
            *span = (span.0.min(class), span.1.max(class));
        }
    }

    fn is_real(&self, look: &Look) -> bool {
        let key = if self.varying { coarse(look) } else { look.hash() };
        let fits = |span: &(u32, u32)| (span.0.saturating_sub(1)..=span.1 + 1).contains(&look.length_class);
        self.real.get(&key).is_some_and(fits)
    }
}

/// A look's hash without the skeleton.
fn coarse(look: &Look) -> u64 {
    Look { skeleton: 0, ..look.clone() }.hash()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(body: &str) -> (Look, usize) {
        (Look::of(200, Some("application/json"), body.as_bytes(), body.len()), body.len())
    }

    fn learned(rate: f64, bodies: impl Iterator<Item = String>) -> (Learning, Vec<(String, u32)>) {
        let mut learning = Learning::new(rate);
        let said = bodies.filter_map(|body| learning.learn(&json(&body).0, json(&body).1)).collect();
        (learning, said)
    }

    #[test]
    fn twenty_answers_teach_what_is_real() {
        let uuid = |n: usize| format!("\"5b0c5a9e-6a3f-4a57-9d3b-0a2d7d0e4c{n:02}\"");
        let (learning, said) = learned(2.0, (0..25).map(uuid));
        assert_eq!(said, [("JSON string, 38 bytes, application/json".to_owned(), 20)]);
        assert_eq!(learning.judge(&json(&uuid(77)).0), AnswerKind::Real);
        assert_eq!(learning.judge(&json("\"failed talking to the producer\"").0), AnswerKind::Fallback);
    }

    #[test]
    fn at_a_low_rate_fewer_will_do() {
        for (rate, answers) in [(500.0, 20), (2.0, 20), (1.0, 15), (0.2, 5), (0.01, 5)] {
            assert_eq!(Learning::new(rate).wanted, answers, "{rate}");
        }
    }

    #[test]
    fn every_look_seen_while_learning_is_real() {
        let both = |n: usize| {
            if n.is_multiple_of(3) { "{\"a\": 1}".to_owned() } else { "{\"a\": 1, \"b\": 2}".to_owned() }
        };
        let (learning, said) = learned(2.0, (0..20).map(both));
        assert_eq!(said[0].0, "JSON object, 8 bytes, application/json, 2 looks");
        assert_eq!(learning.judge(&json("{\"a\": 5}").0), AnswerKind::Real);
        assert_eq!(learning.judge(&json("{\"c\": 5}").0), AnswerKind::Fallback);
    }

    #[test]
    fn bodies_that_vary_too_much_are_compared_coarsely_and_that_is_said() {
        let different =
            |n: usize| format!("{{\"key-{}\": 1}}", "abcdefghijklmnopqrstuvwxyz".chars().nth(n).unwrap());
        let (learning, said) = learned(2.0, (0..20).map(different));
        assert!(said[0].0.contains("vary too much"), "{said:?}");
        assert_eq!(learning.judge(&json("{\"key-zz\": 1}").0), AnswerKind::Real);
        let other = Look::of(200, Some("text/plain"), b"sorry", 5);
        assert_eq!(learning.judge(&other), AnswerKind::Fallback);
    }

    #[test]
    fn a_body_of_quite_another_length_is_not_the_real_one() {
        let (learning, _) =
            learned(2.0, (0..20).map(|_| "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]".to_owned()));
        assert_eq!(learning.judge(&json("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]").0), AnswerKind::Real);
        assert_eq!(learning.judge(&json("[1]").0), AnswerKind::Fallback);
    }

    #[test]
    fn errors_are_errors_and_teach_nothing() {
        let mut learning = Learning::new(2.0);
        let cases = [(404, ErrorKind::Client), (500, ErrorKind::Server), (503, ErrorKind::Server)];
        for (status, kind) in cases {
            let look = Look::of(status, None, b"", 0);
            assert_eq!(learning.judge(&look), AnswerKind::Error(kind));
            assert_eq!(learning.learn(&look, 0), None);
        }
        assert_eq!(learning.seen, 0);
    }

    #[test]
    fn a_redirect_is_real_only_where_steady_state_redirects() {
        let redirect = Look::of(302, None, b"", 0);
        let (learning, _) = learned(2.0, (0..20).map(|_| "1".to_owned()));
        assert_eq!(learning.judge(&redirect), AnswerKind::Error(ErrorKind::Other));
        let mut learning = Learning::new(2.0);
        for _ in 0..20 {
            learning.learn(&redirect, 0);
        }
        assert_eq!(learning.judge(&redirect), AnswerKind::Real);
    }

    #[test]
    fn the_fault_ends_learning_early_if_enough_was_seen() {
        let (look, length) = json("1");
        let mut learning = Learning::new(2.0);
        assert_eq!(learning.finish(), None);
        let mut learning = Learning::new(2.0);
        for _ in 0..6 {
            learning.learn(&look, length);
        }
        assert_eq!(learning.finish(), Some(("JSON value, 1 bytes, application/json".to_owned(), 6)));
    }
}
