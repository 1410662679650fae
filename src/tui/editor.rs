//! A single-line text input: notes, filters, names to confirm.

use super::text;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// The maximum number of characters; a note is a sentence, not a page.
const LONGEST: usize = 500;

/// One editable line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Editor {
    text: Vec<char>,
    cursor: usize,
}

impl Editor {
    /// The typed text.
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// The text before and after the cursor.
    pub fn halves(&self) -> (String, String) {
        let (before, after) = self.text.split_at(self.cursor.min(self.text.len()));
        (before.iter().collect(), after.iter().collect())
    }

    /// Handles a key. Returns whether it is an editing key.
    pub fn key(&mut self, key: &KeyEvent) -> bool {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('a') if ctrl => self.cursor = 0,
            KeyCode::Char('e') if ctrl => self.cursor = self.text.len(),
            KeyCode::Char('u') if ctrl => {
                self.text.drain(..self.cursor);
                self.cursor = 0;
            }
            KeyCode::Char('w') if ctrl => self.erase_word(),
            KeyCode::Char(_) if ctrl => return false,
            KeyCode::Char(c) => self.insert(c),
            KeyCode::Backspace if self.cursor > 0 => {
                self.cursor -= 1;
                self.text.remove(self.cursor);
            }
            KeyCode::Delete if self.cursor < self.text.len() => {
                self.text.remove(self.cursor);
            }
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.text.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            KeyCode::Backspace | KeyCode::Delete => {}
            _ => return false,
        }
        true
    }

    /// Inserts pasted text without escape sequences and control characters.
    pub fn paste(&mut self, pasted: &str) {
        text::clean(pasted).chars().for_each(|c| self.insert(c));
    }

    fn insert(&mut self, c: char) {
        if self.text.len() < LONGEST && !c.is_control() {
            self.text.insert(self.cursor.min(self.text.len()), c);
            self.cursor += 1;
        }
    }

    fn erase_word(&mut self) {
        let before = self.text.get(..self.cursor).unwrap_or_default();
        let kept = before.iter().rposition(|c| *c != ' ').map_or(0, |end| {
            before.get(..end).unwrap_or_default().iter().rposition(|c| *c == ' ').map_or(0, |space| space + 1)
        });
        self.text.drain(kept..self.cursor);
        self.cursor = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[KeyEvent]) -> Editor {
        let mut editor = Editor::default();
        for key in keys {
            editor.key(key);
        }
        editor
    }

    fn chars(text: &str) -> Vec<KeyEvent> {
        text.chars().map(|c| KeyEvent::from(KeyCode::Char(c))).collect()
    }

    #[test]
    fn edits_like_a_shell() {
        let ctrl = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
        let key = KeyEvent::from;
        for (then, wanted) in [
            (vec![], "one two|"),
            (vec![key(KeyCode::Backspace)], "one tw|"),
            (vec![key(KeyCode::Home), key(KeyCode::Delete)], "|ne two"),
            (vec![key(KeyCode::Left), key(KeyCode::Char('X'))], "one twX|o"),
            (vec![ctrl('w')], "one |"),
            (vec![ctrl('w'), ctrl('w')], "|"),
            (vec![ctrl('u')], "|"),
            (vec![ctrl('a'), key(KeyCode::Backspace), key(KeyCode::Left)], "|one two"),
            (vec![ctrl('a'), ctrl('e'), key(KeyCode::Right)], "one two|"),
        ] {
            let keys: Vec<_> = chars("one two").into_iter().chain(then.clone()).collect();
            let (before, after) = typed(&keys).halves();
            assert_eq!(format!("{before}|{after}"), wanted, "{then:?}");
        }
    }

    #[test]
    fn leaves_other_keys_to_others() {
        let mut editor = Editor::default();
        for code in [KeyCode::Enter, KeyCode::Esc, KeyCode::Tab] {
            assert!(!editor.key(&KeyEvent::from(code)));
        }
        assert!(!editor.key(&KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    }

    #[test]
    fn pasted_text_is_cleaned_and_bounded() {
        let mut editor = Editor::default();
        editor.paste("a\x1b[31mb\nc");
        assert_eq!(editor.text(), "ab c");
        editor.paste(&"x".repeat(2 * LONGEST));
        assert_eq!(editor.text().len(), LONGEST);
    }
}
