//! Takes the terminal's answers to OSC 11 out of its events: crossterm does not know them and makes keys of them, of which
//! some would do something. Also those that come late, or that another program has asked for.

use super::background::Background;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::time::Duration;

/// Takes answers out of the terminal's events.
#[derive(Debug, Default)]
pub(super) struct TerminalReplies {
    /// Events that may be an answer's beginning.
    held: Vec<Event>,
    /// What they spell, without the introducer.
    text: String,
}

/// What an event, or the end of waiting for one, led to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ReplyResult {
    /// What is no answer, in order.
    pub events: Vec<Event>,
    /// An answer, and what it says if that is understood.
    pub answer: Option<Option<Background>>,
}

impl TerminalReplies {
    /// The longest answer; what is longer is none.
    const LONGEST: usize = 64;
    /// Everything that we take for an answer begins so.
    const HEAD: &str = "11;";

    /// Takes one event.
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
                let answer = Some(Background::answered(&self.text));
                self.forget();
                ReplyResult { events: Vec::new(), answer }
            }
            Some(KeyEvent { code: KeyCode::Char(c), modifiers, .. })
                if !modifiers.intersects(KeyModifiers::ALT | KeyModifiers::CONTROL) && self.goes_on(c) =>
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

    /// How long the next event is waited for; `None` for ever.
    pub(super) fn patience(&self) -> Option<Duration> {
        match (self.held.is_empty(), self.text.is_empty()) {
            (true, _) => None,
            // The rest of an answer comes with its beginning; somebody may have pressed ALT+].
            (false, true) => Some(Duration::from_millis(50)),
            (false, false) => Some(Duration::from_millis(500)),
        }
    }

    /// No event came in that time: gives what was held, unless it was an answer that was cut off.
    pub(super) fn give_up(&mut self) -> ReplyResult {
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

    /// Whether an answer can go on so.
    fn goes_on(&self, c: char) -> bool {
        match Self::HEAD.chars().nth(self.text.len()) {
            Some(wanted) => c == wanted,
            None => {
                self.text.len() < Self::LONGEST
                    && (c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '#' | '.'))
            }
        }
    }
}

/// The two ends of such an answer, as the keys that they look like: ESC and a backslash, or BEL.
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
            let heard = answers.take(event);
            all.events.extend(heard.events);
            all.answer = all.answer.or(heard.answer);
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
        // One that says nothing, and one that ends in the middle.
        let mut answers = TerminalReplies::default();
        let nothing = std::iter::once(alt(']')).chain(typed("11;rgb:")).chain([alt('\\')]);
        assert_eq!(heard(&mut answers, nothing), ReplyResult { events: Vec::new(), answer: Some(None) });
        let cut = std::iter::once(alt(']')).chain(typed("11;rgb:ff"));
        assert_eq!(heard(&mut answers, cut), ReplyResult::default());
        assert!(answers.patience().is_some());
        assert_eq!(answers.give_up(), ReplyResult::default());
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
        assert_eq!(answers.give_up().events, [alt(']')]);
        let resized: Vec<Event> = vec![alt(']'), Event::Resize(80, 24)];
        assert_eq!(heard(&mut answers, resized.clone()).events, resized);
    }
}
