//! Learns in steady state what a real answer looks like.

use super::{
    answer_class::AnswerClass,
    response_shape::{BodyKind, ResponseShape},
};
use crate::session::event::{AnswerKind, ErrorKind};
use std::collections::VecDeque;

/// The number of answers to learn from.
const ENOUGH: u32 = 20;
/// The minimum number of answers to learn from, at a low rate.
const FEWEST: u32 = 5;
/// The maximum duration of learning in seconds.
const SECONDS: f64 = 15.0;
/// The maximum number of shapes of one endpoint; with more, bodies vary too much.
const LOOKS: usize = 64;
/// So many equal answers of an unknown shape among so many successive answers; fewer in steady state count as odd real
/// answers.
const ODD: (usize, u64) = (3, 10);
/// The number of answers without a repetition after which an odd answer counts as real for good.
const FORGIVEN: u64 = 20;

/// Learns the real answers, then distinguishes them from fallbacks.
pub(super) struct Learning {
    wanted: u32,
    seen: u32,
    /// Whether learning has ended, because the system may be broken.
    ended: bool,
    /// Whether the real shapes are known.
    done: bool,
    /// The shapes of real answers.
    real: Vec<AnswerClass>,
    /// The shapes of other successes.
    other: Vec<AnswerClass>,
    /// Successes in steady state that have neither shape so far.
    odd: Vec<OddAnswer>,
    example: Option<(ResponseShape, usize)>,
}

/// An odd answer of steady state.
struct OddAnswer {
    class: AnswerClass,
    /// The numbers of its latest answers, counted from the first.
    lately: VecDeque<u64>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Learned {
    /// The description of a real answer.
    pub(super) description: String,
    pub(super) answers: u32,
    /// A limitation: which fallbacks cannot be recognized.
    pub(super) unseen: Option<String>,
}

/// The judgement of an answer.
#[derive(Debug)]
pub(super) struct Judged {
    /// The kind of answer that the user got.
    pub(super) kind: AnswerKind,
    /// A number shared by the answers of one class.
    pub(super) shape: u64,
    /// The result of learning, if this was the last answer needed.
    pub(super) learned: Option<Learned>,
}

impl Learning {
    /// For an endpoint that is requested `rate` times per second.
    pub(super) fn new(rate: f64) -> Self {
        let wanted = ((rate * SECONDS) as u32).clamp(FEWEST, ENOUGH);
        Self {
            wanted,
            seen: 0,
            ended: false,
            done: false,
            real: Vec::new(),
            other: Vec::new(),
            odd: Vec::new(),
            example: None,
        }
    }

    /// Judges an answer of this shape, and learns from it. `wanted`: the experiment's tolerance accepts the answer
    /// regardless of its status. As long as nothing is learned, a success is `Unjudged`.
    pub(super) fn observe(&mut self, look: &ResponseShape, length: usize, wanted: bool) -> Judged {
        let shape = look.hash();
        let error = match look.status {
            _ if wanted => None,
            500.. => Some(ErrorKind::Server),
            400..500 => Some(ErrorKind::Client),
            // Unless it was learned in steady state, such a redirect leads a user nowhere.
            300..400 if self.done && !self.real.iter().any(|class| class.has(look)) => {
                Some(ErrorKind::Astray)
            }
            _ => None,
        };
        if let Some(error) = error {
            return Judged { kind: AnswerKind::Error(error), shape, learned: None };
        }
        self.seen = self.seen.saturating_add(1);
        if !self.done {
            let learned = (!self.ended).then(|| self.learn(look, length)).flatten();
            return Judged { kind: AnswerKind::Unjudged, shape, learned };
        }
        let (kind, shape) = self.judge(look, shape);
        Judged { kind, shape, learned: None }
    }

    fn learn(&mut self, look: &ResponseShape, length: usize) -> Option<Learned> {
        match self.real.iter().position(|class| class.has(look)) {
            Some(at) => self.real.get_mut(at).into_iter().for_each(|class| class.widen(look)),
            None if self.real.len() < LOOKS => self.real.push(AnswerClass::new(look)),
            None => {}
        }
        self.example.get_or_insert_with(|| (look.clone(), length));
        (self.seen >= self.wanted).then(|| self.conclude()).flatten()
    }

    fn judge(&mut self, look: &ResponseShape, shape: u64) -> (AnswerKind, u64) {
        let now = u64::from(self.seen);
        if !self.ended {
            self.forgive(now);
        }
        if let Some(class) = self.real.iter_mut().find(|class| class.has(look)) {
            if !self.ended {
                class.widen(look);
            }
            return (AnswerKind::Real, class.shape());
        }
        if let Some(class) = self.other.iter_mut().find(|class| class.has(look)) {
            class.widen(look);
            return (AnswerKind::Fallback, class.shape());
        }
        if !self.ended
            && let Some((kind, shape)) = self.doubt(look, now)
        {
            return (kind, shape);
        }
        if self.other.len() < LOOKS {
            self.other.push(AnswerClass::new(look));
        }
        (AnswerKind::Fallback, shape)
    }

    /// In steady state a success of an unknown shape is real until several of the same class come in quick succession.
    fn doubt(&mut self, look: &ResponseShape, now: u64) -> Option<(AnswerKind, u64)> {
        let (alike, among) = ODD;
        let at = match self.odd.iter().position(|odd| odd.class.has(look)) {
            Some(at) => at,
            None if self.odd.len() < LOOKS => {
                self.odd.push(OddAnswer { class: AnswerClass::new(look), lately: VecDeque::new() });
                self.odd.len() - 1
            }
            None => return None,
        };
        let odd = self.odd.get_mut(at)?;
        odd.class.widen(look);
        odd.lately.push_back(now);
        odd.lately.retain(|answer| answer + among > now);
        let shape = odd.class.shape();
        if odd.lately.len() < alike {
            return Some((AnswerKind::Real, shape));
        }
        self.other.push(self.odd.remove(at).class);
        Some((AnswerKind::Fallback, shape))
    }

    /// Odd answers that did not recur become real.
    fn forgive(&mut self, now: u64) {
        let is_past = |odd: &OddAnswer| odd.lately.back().is_none_or(|latest| latest + FORGIVEN < now);
        for odd in self.odd.extract_if(.., |odd| is_past(odd)) {
            if self.real.len() < LOOKS {
                self.real.push(odd.class);
            }
        }
    }

    /// Ends learning with the answers seen so far. With fewer than the minimum nothing is learned, and successes stay
    /// unjudged.
    pub(super) fn finish(&mut self) -> Option<Learned> {
        let learned = if self.done || self.ended { None } else { self.conclude() };
        self.forgive(u64::MAX);
        self.ended = true;
        learned
    }

    fn conclude(&mut self) -> Option<Learned> {
        if self.seen < FEWEST {
            return None;
        }
        self.done = true;
        let (example, length) = self.example.clone()?;
        let content_type =
            if example.content_type.is_empty() { "no content type" } else { &example.content_type };
        let form = example.form.words();
        // More than half of the answers have a shape of their own, so the next one will have a new shape too.
        if self.real.len() as u32 * 2 > self.seen {
            let mut coarse: Vec<AnswerClass> = Vec::new();
            for class in std::mem::take(&mut self.real) {
                match coarse.iter_mut().find(|known| known.is_alike(&class)) {
                    Some(known) => known.join(&class),
                    None => coarse.push(class.coarse()),
                }
            }
            self.real = coarse;
            return Some(Learned {
                description: format!("{form}, {content_type}; bodies differ in every answer"),
                answers: self.seen,
                unseen: Some(
                    "bodies differ in every answer: a fallback cannot be distinguished from a real answer here"
                        .to_owned(),
                ),
            });
        }
        let looks = if self.real.len() > 1 { format!(", {} shapes", self.real.len()) } else { String::new() };
        let description = match example.form {
            BodyKind::Endless => format!("{form}, {content_type}{looks}"),
            _ => format!("{form}, {length} bytes, {content_type}{looks}"),
        };
        let unseen = match example.form {
            BodyKind::Endless => Some("answers do not end: only their beginnings are looked at"),
            BodyKind::JsonOther => {
                Some("the answer is a bare value: a fallback of another value looks the same")
            }
            BodyKind::Bytes => Some("the answer is no text: a fallback of about its length looks the same"),
            _ => None,
        };
        Some(Learned { description, answers: self.seen, unseen: unseen.map(str::to_owned) })
    }
}

#[cfg(test)]
#[path = "learning_tests.rs"]
mod tests;
