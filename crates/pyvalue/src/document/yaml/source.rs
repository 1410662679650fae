//! Corrections for texts that the reference implementation reads differently or more strictly than our scanner.

use crate::document::position::{Lines, Span, SyntaxError};
use std::borrow::Cow;

/// Removes a byte-order mark.
pub(in super::super) fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

/// Replaces escaped surrogate pairs (`\ud83d\ude00`, as many JSON writers produce) by single escapes; `None` if there
/// is no pair.
pub(in super::super) fn with_whole_characters(text: &str) -> Option<String> {
    let (mut whole, mut rest, mut found) = (String::with_capacity(text.len()), text, false);
    while let Some(at) = rest.find("\\u") {
        let (before, escape) = rest.split_at(at);
        whole.push_str(before);
        let half = |from: usize| u16::from_str_radix(escape.get(from + 2..from + 6)?, 16).ok();
        let halves = [half(0), escape.get(6..8).filter(|next| *next == "\\u").and_then(|_| half(6))];
        let joined = match halves {
            [Some(high), Some(low)] => char::decode_utf16([high, low]).next().and_then(Result::ok),
            _ => None,
        };
        let consumed = if let Some(c) = joined.filter(|c| u32::from(*c) > 0xffff) {
            whole.push_str(&format!("\\U{:08x}", u32::from(c)));
            found = true;
            12
        } else {
            whole.push_str("\\u");
            2
        };
        rest = &escape[consumed..];
    }
    whole.push_str(rest);
    found.then_some(whole)
}

/// Quotes the dash at the position of an error: a lone dash in a flow collection, as in `[-]`, is a string in the
/// reference implementation and an error in our scanner. `None` if the error is another one.
pub(in super::super) fn with_quoted_dash(text: &str, error: &SyntaxError) -> Option<String> {
    let lines = Lines::of(text);
    let at = lines.offset(text, error.position);
    let (before, after) = text.split_at_checked(at)?;
    let after = after.strip_prefix('-').filter(|after| after.starts_with([',', ']', '}']))?;
    Some(format!("{before}\"-\"{after}"))
}

/// Refuses characters that are not printable according to YAML.
pub(super) fn check_printable(text: &str) -> Result<(), SyntaxError> {
    let unprintable = |c: &char| {
        let code = u32::from(*c);
        !matches!(code, 0x9 | 0xa | 0xd | 0x20..=0x7e | 0x85 | 0xa0..=0xd7ff | 0xe000..=0xfffd | 0x1_0000..)
    };
    match text.char_indices().find(|(_, c)| unprintable(c)) {
        None => Ok(()),
        Some((at, c)) => {
            let message =
                format!("the character U+{:04X} is not allowed in YAML, write it as an escape", u32::from(c));
            Err(SyntaxError::at(text, at, message))
        }
    }
}

/// Refuses tabs outside of quoted scalars, block scalars and comments. `verbatim` contains the spans of the quoted and
/// block scalars, in order.
pub(super) fn check_tabs(text: &str, verbatim: &[Span]) -> Result<(), SyntaxError> {
    let mut spans = verbatim.iter().peekable();
    let mut free_from = 0;
    for (at, _) in text.match_indices('\t') {
        while let Some(span) = spans.next_if(|span| span.end as usize <= at) {
            free_from = free_from.max(span.end as usize);
        }
        if spans.peek().is_some_and(|span| (span.start as usize) <= at) {
            continue;
        }
        let line = text[..at].rfind('\n').map_or(0, |end| end + 1);
        if !has_comment(&text[line.max(free_from).min(at)..at]) {
            let message = "found a tab that cannot start any token: indent and separate with spaces";
            return Err(SyntaxError::at(text, at, message));
        }
    }
    Ok(())
}

/// Returns the span of a quoted scalar itself: the scanner's span extends to the next token.
pub(super) fn quoted(source: &str, at: Span) -> Span {
    let written = source.as_bytes().get(at.start as usize..at.end as usize).unwrap_or_default();
    let Some((quote, mut rest)) = written.split_first() else { return at };
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'\\', [_, after @ ..]) if *quote == b'"' => after,
            (b'\'', [b'\'', after @ ..]) if *quote == b'\'' => after,
            (first, tail) if first == quote => {
                return Span { start: at.start, end: at.end - u32::try_from(tail.len()).unwrap_or(0) };
            }
            _ => tail,
        };
    }
    at
}

/// Returns whether a comment begins in a part of a line.
fn has_comment(part: &str) -> bool {
    let bytes = part.as_bytes();
    let begins = |at: usize| at == 0 || matches!(bytes[at - 1], b' ' | b'\t');
    part.match_indices('#').any(|(at, _)| begins(at))
}

/// Adapts a block scalar (`|`, `>`) to the reference implementation: one without content is empty unless its header
/// keeps the line endings, and a last line without a line ending gets none.
pub(super) fn block<'a>(source: &str, at: Span, value: Cow<'a, str>) -> Cow<'a, str> {
    let declared = source.get(at.start as usize..).unwrap_or_default();
    // The scanner's span begins at the content, or at the header if there is no content.
    if declared.starts_with(['|', '>']) && value.bytes().all(|byte| byte == b'\n') {
        let (header, rest) = declared.split_once('\n').unwrap_or((declared, ""));
        let keeps = header.split('#').next().unwrap_or_default().contains('+');
        let blank = rest.len() - rest.trim_start_matches([' ', '\n']).len();
        let ends = if keeps { rest[..blank].matches('\n').count() } else { 0 };
        return "\n".repeat(ends).into();
    }
    let last = source.rsplit('\n').next().unwrap_or_default();
    match value.strip_suffix('\n') {
        Some(unended) if at.end as usize >= source.len() && is_end_of(unended, last) => {
            unended.to_owned().into()
        }
        _ => value,
    }
}

/// Returns whether a text ends with a line of the source, folded or not.
fn is_end_of(text: &str, line: &str) -> bool {
    let own = text.rsplit('\n').next().unwrap_or_default();
    let content = line.trim_start_matches(' ');
    if content.is_empty() { !own.is_empty() && line.ends_with(own) } else { text.ends_with(content) }
}
