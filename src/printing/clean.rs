//! Removes what would steer a terminal from text that comes from outside: bodies, logs, names and events may contain
//! anything.

use std::{borrow::Cow, iter::Peekable, str::Chars};
use unicode_width::UnicodeWidthChar;

/// The maximum number of combining marks per character; the rest is dropped. A stack of hundreds ("zalgo") draws over
/// the lines above it in some terminals.
const MARKS: usize = 4;

/// For one line of the screen: removes escape sequences, control characters, direction overrides and what joins characters
/// in some terminals only; replaces tabs and line ends by spaces. Text that is already clean is not copied.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for c in WithoutSequences::of(text) {
        match c {
            '\t' | '\n' | '\r' | '\u{2028}' | '\u{2029}' => push_space(&mut out),
            _ if c.is_control() || reorders(c) || joins(c) => {}
            _ if c.width() == Some(0) => {
                marks += 1;
                if marks <= MARKS && !out.is_empty() {
                    out.push(c);
                }
                continue;
            }
            _ => out.push(c),
        }
        marks = 0;
    }
    Cow::Owned(out)
}

/// For lines outside of the screen: removes escape sequences, control characters and direction overrides, and keeps line
/// ends and tabs. Whatever else is there stays: no width is computed from it.
pub(super) fn clean_lines(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| matches!(b, b'\n' | b'\t' | 0x20..0x7f)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = WithoutSequences::of(text).peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\u{2028}' | '\u{2029}' => push_space(&mut out),
            _ if steers(c) => {}
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Replaces the password of each URL in a text: `https://user:***@host`.
pub(crate) fn without_url_passwords(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut from = 0;
    for (at, separator) in text.match_indices("://") {
        let start = at + separator.len();
        let Some(rest) = text.get(start..).filter(|_| start >= from) else { continue };
        let authority = rest.find(ends_authority).and_then(|end| rest.get(..end)).unwrap_or(rest);
        let Some((user, _)) = authority.rsplit_once('@') else { continue };
        let Some((name, password)) = user.split_once(':').filter(|(_, password)| !password.is_empty()) else {
            continue;
        };
        let hidden = start + name.len() + 1;
        out.push_str(text.get(from..hidden).unwrap_or_default());
        out.push_str("***");
        from = hidden + password.len();
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// Returns whether the character ends the part of a URL that names user and host.
fn ends_authority(c: char) -> bool {
    c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>' | '\\')
}

/// Escapes within JSON what JSON itself allows and a terminal would obey. The value stays the same.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    if !json.contains(|c: char| (steers(c) && !c.is_ascii()) || c == '\u{7f}') {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 64);
    for c in json.chars() {
        // Other control characters stand in no JSON text but as its white space.
        if (steers(c) && !c.is_ascii()) || c == '\u{7f}' {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Returns whether a terminal obeys the character, or shows the text after it in another order.
fn steers(c: char) -> bool {
    c.is_control() || reorders(c)
}

/// Appends one space for any number of consecutive line ends.
fn push_space(out: &mut String) {
    if !out.ends_with(' ') {
        out.push(' ');
    }
}

/// Returns whether the character changes the direction or order of the text after it.
fn reorders(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Returns whether the character joins several characters into one wide glyph in some terminals only. Without it, all
/// terminals agree on the width.
fn joins(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{e0000}'..='\u{e01ef}')
}

/// The characters of a text without its escape sequences.
struct WithoutSequences<'a>(Peekable<Chars<'a>>);

impl<'a> WithoutSequences<'a> {
    fn of(text: &'a str) -> Self {
        Self(text.chars().peekable())
    }

    fn skip_escape(&mut self) {
        let chars = &mut self.0;
        match chars.peek() {
            Some('[') => {
                chars.next();
                self.skip_control_sequence();
            }
            Some(']' | 'P' | 'X' | '^' | '_') => {
                chars.next();
                self.skip_string();
            }
            Some(' '..='/') => {
                while chars.next_if(|c| (' '..='/').contains(c)).is_some() {}
                chars.next_if(|c| ('0'..='~').contains(c));
            }
            Some('0'..='~') => drop(chars.next()),
            // No sequence: the escape character alone is removed.
            _ => {}
        }
    }

    /// Skips the parameters, the intermediates and the final byte.
    fn skip_control_sequence(&mut self) {
        while self.0.next_if(|c| (' '..='?').contains(c)).is_some() {}
        self.0.next_if(|c| ('@'..='~').contains(c));
    }

    /// Skips to the terminator. Without one on the line nothing more is skipped, so that an open sequence in a name hides
    /// none of the words that stand after the name.
    fn skip_string(&mut self) {
        let mut ahead = self.0.clone();
        while let Some(c) = ahead.next() {
            match c {
                '\u{07}' | '\u{9c}' => return self.0 = ahead,
                '\u{1b}' if ahead.next_if_eq(&'\\').is_some() => return self.0 = ahead,
                '\n' | '\u{1b}' | '\u{80}'..='\u{9f}' => return,
                _ => {}
            }
        }
    }
}

impl Iterator for WithoutSequences<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        loop {
            match self.0.next()? {
                '\u{1b}' => self.skip_escape(),
                // The C1 forms of the same introducers.
                '\u{9b}' => self.skip_control_sequence(),
                '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => self.skip_string(),
                c => return Some(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_out_what_would_steer_the_terminal() {
        for (given, wanted) in [
            ("plain", "plain"),
            ("\x1b[31mred\x1b[0m", "red"),
            ("\x1b[2J\x1b[1;1Hgone", "gone"),
            ("\x1b]0;title\x07after", "after"),
            ("\x1b]8;;http://x\x1b\\link", "link"),
            ("\x1b]never ends\nnext", "never ends next"),
            ("\u{9d}\u{9d}open\u{9d}ends\u{9c}.", "open."),
            ("\u{9b}31mc1", "c1"),
            ("\x1bcreset", "reset"),
            ("\x1b\u{e9}t\u{e9}", "\u{e9}t\u{e9}"),
            ("\x1b(Bset", "set"),
            ("a\tb\r\nc", "a b c"),
            ("bell\x07 null\0 del\x7f", "bell null del"),
            ("\u{202e}drow\u{202c}", "drow"),
            ("\u{feff}mark", "mark"),
            ("naïve 東京", "naïve 東京"),
            ("\u{301}e\u{301}", "e\u{301}"),
            ("\u{1f468}\u{200d}\u{1f469}", "\u{1f468}\u{1f469}"),
            ("\u{2764}\u{fe0f}", "\u{2764}"),
            ("\u{1f44d}\u{1f3fd}", "\u{1f44d}"),
        ] {
            assert_eq!(clean(given), wanted, "{given:?}");
        }
        let stack = format!("e{}", "\u{301}".repeat(200));
        assert_eq!(clean(&stack).chars().count(), 1 + MARKS);
    }

    #[test]
    fn lines_outside_of_the_screen_keep_their_ends() {
        for (given, wanted) in [
            ("one\n\ttwo\r\nthree\n", "one\n\ttwo\nthree\n"),
            ("10%\r20%", "10% 20%"),
            ("\x1b[31mred\x1b[0m \x1b]52;c;UFdORUQ=\x07end", "red end"),
            ("\u{85}\u{9d}52;c;QUJD\u{9c}\u{202e}x\u{2066}y\u{200f}\u{61c}", "xy"),
            ("\u{1f468}\u{200d}\u{1f469} \u{2764}\u{fe0f}", "\u{1f468}\u{200d}\u{1f469} \u{2764}\u{fe0f}"),
        ] {
            assert_eq!(clean_lines(given), wanted, "{given:?}");
        }
    }

    #[test]
    fn a_url_shows_no_password() {
        for (given, wanted) in [
            ("GET http://user:pa:ss@host/x", "GET http://user:***@host/x"),
            ("http://u:a@b@host, https://:t0ken@h?x=y:z@", "http://u:***@host, https://:***@h?x=y:z@"),
            ("'http://a:b@h' \"redis://x:y@z\"", "'http://a:***@h' \"redis://x:***@z\""),
            (
                "http://user@host http://host/a:b@c http://host:80 ://",
                "http://user@host http://host/a:b@c http://host:80 ://",
            ),
            ("http://u:@host at 10:30 me@x", "http://u:@host at 10:30 me@x"),
        ] {
            assert_eq!(without_url_passwords(given), wanted);
        }
    }

    #[test]
    fn escaped_json_is_the_same_value() {
        let text = "\u{1b}[31m \u{7f} \u{9b} \u{202e} \u{85} \"\\ naïve 東京\n";
        let json = serde_json::to_string_pretty(&[text]).unwrap();
        let escaped = escape_json(&json);
        assert_eq!(serde_json::from_str::<[String; 1]>(&escaped).unwrap(), [text]);
        assert!(!escaped.chars().any(|c| steers(c) && c != '\n'), "{escaped:?}");
    }

    proptest! {
        #[test]
        fn nothing_dangerous_passes(text in any::<String>()) {
            prop_assert!(!clean(&text).chars().any(|c| steers(c) || joins(c)));
            prop_assert!(!clean_lines(&text).chars().any(|c| steers(c) && !matches!(c, '\n' | '\t')));
        }
    }
}
