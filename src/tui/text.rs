//! Makes external text safe for the screen: bodies, logs, names and events may contain anything.
//!
//! Everything a pane draws goes through [`clean`]: no control character and no escape sequence reaches the terminal,
//! and no text is wider than its area.

pub(super) use crate::printing::clean;
use icu_normalizer::ComposingNormalizerBorrowed;
use std::borrow::Cow;
use unicode_width::UnicodeWidthChar;

/// The text as a reader would type it from the screen: cleaned, composed (NFC), with single spaces between words and
/// none around them.
pub(super) fn typable(text: &str) -> String {
    let clean = clean(text);
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&clean);
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns whether the typed text equals the shown text. Characters without width are ignored, and the substitutes of
/// an ASCII screen are accepted.
pub(super) fn matches_typed(shown: &str, typed: &str) -> bool {
    let seen = |text: &str| -> String {
        typable(text).chars().filter(|c| c.width().is_some_and(|width| width > 0)).collect()
    };
    let (shown, typed) = (seen(shown), seen(typed));
    shown == typed || (!shown.is_ascii() && ascii(&shown) == typed)
}

/// The text in ASCII, with the same width: every other character is replaced by a substitute.
pub(super) fn ascii(text: &str) -> String {
    let stand_in = |c: char| match c {
        '…' => "~".to_owned(),
        '✓' | '▼' => "v".to_owned(),
        '▲' => "^".to_owned(),
        '✗' | '╳' => "x".to_owned(),
        '▸' | '►' | '▷' => ">".to_owned(),
        '›' | '┊' => ":".to_owned(),
        '‖' => "=".to_owned(),
        '·' | '┄' | '░' | '○' | '□' => ".".to_owned(),
        '●' => "o".to_owned(),
        '■' | '█' | '▓' | '▒' | '▄' | '▀' | '▖' | '▍' | '▎' | '▋' | '▊' | '▉' => {
            "#".to_owned()
        }
        '─' | '━' | '╌' | '–' | '—' => "-".to_owned(),
        '│' | '▏' | '▌' | '┫' | '┣' => "|".to_owned(),
        '╭' | '╮' | '╰' | '╯' | '┤' | '├' | '┬' | '┴' => "+".to_owned(),
        c if c.is_ascii() => c.to_string(),
        c => "?".repeat(c.width().unwrap_or(0)),
    };
    text.chars().map(stand_in).collect()
}

/// The width of the text in columns.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    // Per character, as terminals without grapheme clusters measure it; `clean` has removed the characters that would
    // join others.
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Cleans the text and truncates it to at most `columns` columns, with an ellipsis.
pub(super) fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    let text = clean(text);
    if width(&text) <= columns {
        return text;
    }
    let room = columns.saturating_sub(1);
    let mut kept = String::with_capacity(columns);
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > room {
            break;
        }
        used += wide;
        kept.push(c);
    }
    if columns > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

/// The longest beginning of a text that fits into `columns` columns.
pub(super) fn prefix(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let fits = |(_, c): &(usize, char)| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    let to = text.char_indices().take_while(fits).last().map_or(0, |(at, c)| at + c.len_utf8());
    text.get(..to).unwrap_or_default()
}

/// The longest end of a text that fits into `columns` columns.
pub(super) fn suffix(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let fits = |(_, c): &(usize, char)| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    let from = text.char_indices().rev().take_while(fits).last().map_or(text.len(), |(at, _)| at);
    text.get(from..).unwrap_or_default()
}

/// Cleans the text and shortens it to at most `columns` columns by leaving out its middle: pod names differ at their
/// end.
pub(super) fn fit_ends(text: &str, columns: usize) -> String {
    let text = clean(text);
    if width(&text) <= columns || columns < 8 {
        return fit(&text, columns).into_owned();
    }
    let tail_room = (columns - 1) / 3;
    let mut tail = String::new();
    for c in text.chars().rev() {
        if width(&tail) + c.width().unwrap_or(0) > tail_room {
            break;
        }
        tail.insert(0, c);
    }
    let head = fit(&text, columns - width(&tail));
    format!("{head}{tail}")
}

/// Breaks the whole text into lines of at most `columns` columns.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    wrap(text, columns, usize::MAX)
}

/// Breaks the text into at most `most` lines of at most `columns` columns, at spaces where possible.
pub(super) fn wrap(text: &str, columns: usize, most: usize) -> Vec<String> {
    let text = clean(text);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let room = columns.saturating_sub(width(&line));
        if !line.is_empty() && width(word) + 1 > room {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            // U+17D8 is three columns wide.
            let c = if c.width().unwrap_or(0) > columns { '…' } else { c };
            if width(&line) + c.width().unwrap_or(0) > columns && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
        if lines.len() >= most {
            break;
        }
    }
    lines.push(line);
    lines.retain(|line| !line.is_empty());
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            *last = fit(&format!("{last} …"), columns).into_owned();
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_shown_can_be_typed() {
        for (shown, typed, same) in [
            ("kill it", "kill it", true),
            ("kill it", " kill it  ", true),
            ("kill it\n", "kill it", true),
            ("two\r\nlines", "two lines", true),
            ("two  spaces", "two spaces", true),
            ("no\u{a0}break", "no break", true),
            ("e\u{301}teindre", "\u{e9}teindre", true),
            ("\u{e9}teindre", "e\u{301}teindre", true),
            ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}", true),
            ("kill \u{1f469}\u{200d}\u{1f467}", "kill \u{1f469}\u{1f467}", true),
            ("\u{2764}\u{fe0f} it", "\u{2764} it", true),
            ("soft\u{ad}hyphen", "softhyphen", true),
            ("\u{1b}[31mred\u{1b}[0m", "red", true),
            ("naïve", "na?ve", true),
            ("kill it", "kill", false),
            ("kill it", "killit", false),
            ("Kill it", "kill it", false),
            ("\u{e9}teindre", "eteindre", false),
            ("kill it", "", false),
            ("what?", "what!", false),
        ] {
            assert_eq!(matches_typed(shown, typed), same, "{shown:?} {typed:?}");
        }
    }

    #[test]
    fn fits_by_columns_not_by_characters() {
        for (given, columns, wanted) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("東京都", 6, "東京都"),
            ("東京都", 5, "東京…"),
            ("東京都", 4, "東…"),
            ("ab", 1, "…"),
            ("ab", 0, ""),
        ] {
            assert_eq!(fit(given, columns), wanted, "{given} in {columns}");
        }
    }

    #[test]
    fn leaves_out_the_middle_of_names() {
        assert_eq!(fit_ends("my-provider-app-6c8b-x2k8p", 18), "my-provider-…x2k8p");
        assert_eq!(fit_ends("short", 18), "short");
        assert!(width(&fit_ends("東京都東京都東京都東京都", 11)) <= 11);
    }

    #[test]
    fn wraps_at_spaces_and_cuts_long_words() {
        assert_eq!(wrap("one two three", 7, 9), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3, 9), ["abc", "def", "gh"]);
        assert_eq!(wrap("one two three four", 5, 2), ["one", "two …"]);
        assert!(wrap("  ", 5, 2).is_empty());
        assert!(wrap("x y", 0, 3).len() <= 3);
        assert_eq!(wrap("a \u{17d8} b", 2, 5), ["a", "…", "b"], "a character wider than a line");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_area(text in any::<String>(), columns in 0_usize..40) {
            prop_assert!(width(&fit(&text, columns)) <= columns);
            for line in wrap(&text, columns.max(2), 5) {
                prop_assert!(width(&line) <= columns.max(2));
            }
        }
    }
}
