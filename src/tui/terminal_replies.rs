//! Filters the terminal's answers to OSC 11 out of its events: crossterm does not know them and reports them as keys,
//! some of which are bound to actions. Late answers, and answers to another program, are filtered too.

use super::background::Background;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::time::Duration;

/// Filters answers to OSC 11 out of the terminal's events.
#[derive(Debug, Default)]
pub(super) struct TerminalReplies {
    /// Events that are held back because they may be the beginning of an answer.
    held: Vec<Event>,
    /// The characters of those events, without the introducer.
    text: String,
}

/// The result of an event or of a timeout.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ReplyResult {
    /// The events that are not part of an answer, in order.
    pub events: Vec<Event>,
    /// An answer; the inner value is `None` if the answer cannot be parsed.
    pub answer: Option<Option<Background>>,
}

impl TerminalReplies {
    /// The maximum length of an answer; longer input is not an answer.
    const LONGEST: usize = 64;
    /// The beginning of every answer.
    const HEAD: &str = "11;";

    /// Processes one event.
    pub(super) fn take(&mut self, event: Event) -> ReplyResult {
        let key = match &event {
            Event::Key(key) if key.kind == KeyEventKind::Press => Some(*key),
            _ => None,
        };
        if self.held.is_empty() {
            if key == Some(KeyEvent::new(KeyCode::Char(']'), KeyModifiers::ALT)) {
                self.held.push(event);
                return ReplyResult::default();
            }
            return ReplyResult { events: vec![event], answer: None };
        }
        match key {
            Some(key) if ends(&key) && self.text.starts_with(Self::HEAD) => {
                let answer = Some(Background::parse_answer(&self.text));
                self.forget();
                ReplyResult { events: Vec::new(), answer }
            }
            Some(KeyEvent { code: KeyCode::Char(c), modifiers, .. })
                if !modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL)
                    && self.continues_with(c) =>
            {
                self.text.push(c);
                self.held.push(event);
                ReplyResult::default()
            }
            _ => {
                let mut events = self.release();
                events.push(event);
                ReplyResult { events, answer: None }
            }
        }
    }

    /// How long to wait for the next event; `None` for no limit.
    pub(super) fn patience(&self) -> Option<Duration> {
        match (self.held.is_empty(), self.text.is_empty()) {
            (true, _) => None,
            // The rest of an answer follows its beginning at once; otherwise the operator may have pressed ALT+].
            (false, true) => Some(Duration::from_millis(50)),
            (false, false) => Some(Duration::from_millis(500)),
        }
    }

    /// Handles a timeout: returns the events held back, unless they are a truncated answer.
    pub(super) fn on_timeout(&mut self) -> ReplyResult {
        ReplyResult { events: self.release(), answer: None }
    }

    fn release(&mut self) -> Vec<Event> {
        let cut_off = self.text.len() >= Self::HEAD.len();
        let held = std::mem::take(&mut self.held);
        self.forget();
        if cut_off { Vec::new() } else { held }
    }

    fn forget(&mut self) {
        self.held.clear();
        self.text.clear();
    }

    /// Returns whether an answer can continue with this character.
    fn continues_with(&self, c: char) -> bool {
        match Self::HEAD.chars().nth(self.text.len()) {
            Some(wanted) => c == wanted,
            None => {
                self.text.len() < Self::LONGEST
                    && (c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '#' | '.'))
            }
        }
    }
}

/// Returns whether the key is the end of an answer as crossterm reports it: ESC and a backslash, or BEL.
fn ends(key: &KeyEvent) -> bool {
    *key == KeyEvent::new(KeyCode::Char('\\'), KeyModifiers::ALT)
        || *key == KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
        Event::Key(KeyEvent::new(code, modifiers))
    }

    fn alt(c: char) -> Event {
        key(KeyCode::Char(c), KeyModifiers::ALT)
    }

    fn typed(text: &str) -> Vec<Event> {
        let modifiers = |c: char| if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
        text.chars().map(|c| key(KeyCode::Char(c), modifiers(c))).collect()
    }

    fn heard(answers: &mut TerminalReplies, events: impl IntoIterator<Item = Event>) -> ReplyResult {
        let mut all = ReplyResult::default();
        for event in events {
            let result = answers.take(event);
            all.events.extend(result.events);
            all.answer = all.answer.or(result.answer);
        }
        all
    }

    #[test]
    fn an_answer_never_lands_among_the_keys() {
        for end in [alt('\\'), key(KeyCode::Char('g'), KeyModifiers::CONTROL)] {
            let mut answers = TerminalReplies::default();
            let mut events = typed("a");
            events.push(alt(']'));
            events.extend(typed("11;rgb:FFFF/ffff/ffff"));
            events.push(end);
            events.extend(typed("b"));
            let wanted = ReplyResult { events: typed("ab"), answer: Some(Some(Background::Light)) };
            assert_eq!(heard(&mut answers, events), wanted);
            assert_eq!(answers.patience(), None);
        }
        // An answer without a value, and a truncated answer.
        let mut answers = TerminalReplies::default();
        let nothing = std::iter::once(alt(']')).chain(typed("11;rgb:")).chain([alt('\\')]);
        assert_eq!(heard(&mut answers, nothing), ReplyResult { events: Vec::new(), answer: Some(None) });
        let cut = std::iter::once(alt(']')).chain(typed("11;rgb:ff"));
        assert_eq!(heard(&mut answers, cut), ReplyResult::default());
        assert!(answers.patience().is_some());
        assert_eq!(answers.on_timeout(), ReplyResult::default());
        assert_eq!(heard(&mut answers, typed("x")).events, typed("x"));
    }

    #[test]
    fn keys_that_only_look_like_one_are_keys() {
        let mut answers = TerminalReplies::default();
        let lone: Vec<Event> = std::iter::once(alt(']')).chain(typed("q")).collect();
        assert_eq!(heard(&mut answers, lone.clone()).events, lone);
        let begun: Vec<Event> = std::iter::once(alt(']')).chain(typed("11x")).collect();
        assert_eq!(heard(&mut answers, begun.clone()).events, begun);
        assert_eq!(heard(&mut answers, [alt(']')]), ReplyResult::default());
        assert_eq!(answers.on_timeout().events, [alt(']')]);
        let resized: Vec<Event> = vec![alt(']'), Event::Resize(80, 24)];
        assert_eq!(heard(&mut answers, resized.clone()).events, resized);
    }
}
