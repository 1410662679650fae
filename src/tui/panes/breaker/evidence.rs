//! Shortens the evidence of a source to the columns available.

use crate::tui::text;

/// Columns below which the beginning of an evidence text is not readable.
const READABLE: usize = 12;

/// The text itself if it fits, else the longest of its short forms that fits, else its beginning.
pub(super) fn fitting(ground: &str, columns: usize) -> String {
    let fits = |words: &String| text::width(words) <= columns;
    if fits(&ground.to_owned()) {
        return ground.to_owned();
    }
    match short_forms(ground).into_iter().find(fits) {
        Some(short) => short,
        None if columns < READABLE => String::new(),
        None => text::fit(ground, columns).into_owned(),
    }
}

fn short_forms(ground: &str) -> Vec<String> {
    let mut forms = Vec::new();
    // `series{labels} = value`
    if let Some((series, value)) = ground.rsplit_once(" = ") {
        let series = series.split('{').next().unwrap_or(series);
        let last = series.rsplit(['_', '.']).next().unwrap_or(series);
        forms.push(format!("{series} = {value}"));
        forms.push(format!("{last} = {value}"));
        // The value precedes this text, as the state that the source reports.
        forms.push(last.to_owned());
        return forms;
    }
    let first: Vec<&str> = ground.split(' ').take(7).collect();
    let has = |words: &str| ground.contains(words);
    match first.as_slice() {
        ["answers", "of", "all", "kinds:", ..] => forms.push("of all kinds".to_owned()),
        [n, "of", "the", "last", m, ..] | [n, "of", m, ..] => {
            let what = match () {
                () if has("look like the real answer") && has(" slow") => "real slow",
                () if has("look like the real answer") => "real",
                () if has("fallbacks") || has("fall back") => "fallback",
                () if has("went through") => "went through",
                () if has("fail") => "failed",
                () => return forms,
            };
            forms.push(format!("{n} of {m} {what}"));
        }
        [n, "call" | "calls", "hung", ..] => forms.push(format!("{n} hung, none cut")),
        [n, "slow", "call" | "calls", ..] => forms.push(format!("{n} slow, was open")),
        [n, "real", "answer" | "answers", "after", ..] => {
            forms.push(format!("{n} real, a trial?"));
        }
        [n, "cut", "short", "and", m, "real", ..] => forms.push(format!("{n} cut, {m} real")),
        ["the", "last", n, "requests", ..] => forms.push(format!("{n} found nobody")),
        ["too", "few", ..] => forms.push("too few so far".to_owned()),
        _ => {}
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grounds_have_short_forms() {
        for (ground, columns, wanted) in [
            ("20 of the last 20 look like the real answer", 8, ""),
            ("200", 18, "200"),
            ("503 Unavailable", 18, "503 Unavailable"),
            (
                "circuit_breaker_state{name=\"provider\"} = open",
                60,
                "circuit_breaker_state{name=\"provider\"} = open",
            ),
            ("circuit_breaker_state{name=\"provider\"} = open", 40, "circuit_breaker_state = open"),
            ("circuit_breaker_state{name=\"provider\"} = half-open", 18, "state = half-open"),
            ("20 of the last 20 look like the real answer", 18, "20 of 20 real"),
            (
                "20 of the last 20 look like the real answer, the last 3 of them slow",
                18,
                "20 of 20 real slow",
            ),
            (
                "19 of the last 19 answers are fallbacks in under 10 ms, after slow ones",
                18,
                "19 of 19 fallback",
            ),
            ("9 of 9 fall back at once: open, or falls back by itself", 18, "9 of 9 fallback"),
            ("3 of the last 3 calls failed in under 10 ms, after slow ones", 18, "3 of 3 failed"),
            (
                "16 of 16 calls went through to the dead provider, up to 5.3 s each",
                22,
                "16 of 16 went through",
            ),
            ("6 calls hung or failed late: nothing cuts that short yet", 18, "6 hung, none cut"),
            ("1 slow call after the reset time: a trial", 18, "1 slow, was open"),
            ("2 real answers after fast fallbacks: a trial, or the cause is gone", 18, "2 real, a trial?"),
            ("answers of all kinds: 3 slow, 2 errors at once", 18, "of all kinds"),
            ("a sentence that nobody knows", 12, "a sentence …"),
        ] {
            assert_eq!(fitting(ground, columns), wanted);
        }
    }
}
