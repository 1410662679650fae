//! Words for states, as libraries and services spell them.

use crate::session::event::BreakerState;

/// Parses a word for a state; `Some(None)` is a word for an unknown state, such as `unknown`.
pub(super) fn state(word: &str) -> Option<Option<BreakerState>> {
    // `CircuitState.OPEN`, `half-opened`, `STATE_OPEN`, `HalfOpen`.
    let last = word.rsplit(['.', ':']).next().unwrap_or(word);
    let plain: String = last.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let plain = plain.to_ascii_lowercase();
    let plain = plain.strip_prefix("state").filter(|rest| !rest.is_empty()).unwrap_or(&plain);
    Some(Some(match plain {
        "closed" | "close" => BreakerState::Closed,
        "open" | "opened" => BreakerState::Open,
        "halfopen" | "halfopened" => BreakerState::HalfOpen,
        "forcedopen" | "forceopen" | "isolated" => BreakerState::ForcedOpen,
        "disabled" | "forcedclosed" | "forceclosed" => BreakerState::Disabled,
        "metricsonly" => BreakerState::MetricsOnly,
        "unknown" | "none" | "initial" => return Some(None),
        _ => return None,
    }))
}

/// The word used in a ground: `half-open`.
pub(super) fn word(state: BreakerState) -> String {
    crate::session::wording::breaker(state).to_ascii_lowercase()
}

/// Parses a help text into pairs of a number and a state: `0=closed, 1=open, 2=half-open`, `closed (0), open (1)`, `0
/// for Closed, 1 for Open`. Of several words for a number the first counts.
pub(super) fn pairs(help: &str) -> Vec<(f64, BreakerState)> {
    let mut text = help.to_ascii_lowercase().replace('\u{2011}', "-");
    for word in ["half", "forced"] {
        text = text.replace(&format!("{word}-open"), &format!("{word}_open"));
        text = text.replace(&format!("{word} open"), &format!("{word}_open"));
    }
    let mut pairs: Vec<(f64, BreakerState)> = Vec::new();
    // All pairs must have the number on the same side of the word.
    let mut first = None;
    let mut tokens = tokens(&text).into_iter().peekable();
    while let Some((token, end)) = tokens.next() {
        let Some((next, from, _)) = tokens.peek().map(|(next, end)| (next, next.1, end)) else { break };
        if !text.get(end..from).is_some_and(joins) {
            continue;
        }
        let pair = match (token.0.parse::<f64>(), next.0.parse::<f64>()) {
            (Ok(number), Err(_)) => Some((number, next.0, true)),
            (Err(_), Ok(number)) => Some((number, token.0, false)),
            _ => None,
        };
        let Some((number, word, before)) =
            pair.filter(|(.., before)| first.is_none_or(|first| first == *before))
        else {
            continue;
        };
        let Some(state) = state(word) else { continue };
        first = Some(before);
        tokens.next();
        if let Some(state) = state.filter(|_| !pairs.iter().any(|(known, _)| *known == number)) {
            pairs.push((number, state));
        }
    }
    pairs
}

/// Words and numbers with their start and end offsets.
fn tokens(text: &str) -> Vec<((&str, usize), usize)> {
    let mut found = Vec::new();
    let mut from = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let sign = c == '-'
            && from.is_none()
            && text.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            && !text.get(..at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_alphanumeric()));
        if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') || sign {
            from.get_or_insert(at);
        } else if let Some(begin) = from.take() {
            let word = text.get(begin..at).unwrap_or_default().trim_end_matches('.');
            // The connecting words "is" and "for" are no tokens.
            if !word.is_empty() && !["is", "for"].contains(&word) {
                found.push(((word, begin), begin + word.len()));
            }
        }
    }
    found
}

/// Whether the text between a number and a word joins them to a pair.
fn joins(between: &str) -> bool {
    let between = between.trim();
    let between = between.strip_suffix("is").or(between.strip_suffix("for")).unwrap_or(between).trim();
    between.chars().all(|c| matches!(c, '=' | ':' | '-' | '>' | '(' | '[' | ' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use BreakerState::{Closed, Disabled, ForcedOpen, HalfOpen, MetricsOnly, Open};

    #[test]
    fn states_are_spelled_in_many_ways() {
        for (word, state_of) in [
            ("closed", Closed),
            ("CircuitState.OPEN", Open),
            ("half-opened", HalfOpen),
            ("HALF_OPEN", HalfOpen),
            ("halfOpen", HalfOpen),
            ("STATE_OPEN", Open),
            ("metrics_only", MetricsOnly),
            ("FORCED_OPEN", ForcedOpen),
            ("disabled", Disabled),
        ] {
            assert_eq!(state(word), Some(Some(state_of)), "{word}");
        }
        for word in ["ok", "reopening", "0", "", "opening", "enclosed"] {
            assert_eq!(state(word), None, "{word}");
        }
        assert_eq!(state("unknown"), Some(None));
    }

    #[test]
    fn numbers_mean_what_the_help_text_says_and_nothing_else() {
        let cases: [(&str, &[(f64, BreakerState)]); 12] = [
            ("State (0=closed, 1=half-open, 2=open)", &[(0.0, Closed), (1.0, HalfOpen), (2.0, Open)]),
            ("closed (0), open (1), half open (2)", &[(0.0, Closed), (1.0, Open), (2.0, HalfOpen)]),
            ("0=closed, 0.5=half-open, 1=open", &[(0.0, Closed), (0.5, HalfOpen), (1.0, Open)]),
            ("Current state (0 for Closed, 1 for Open)", &[(0.0, Closed), (1.0, Open)]),
            ("Whether the Redis circuit breaker is open (1) or closed (0)", &[(1.0, Open), (0.0, Closed)]),
            ("1=closed, 0=open", &[(1.0, Closed), (0.0, Open)]),
            ("The state of the breaker", &[]),
            ("1 if open, not closed", &[]),
            ("0, 1 or 2 for the state closed or so", &[]),
            ("0=CLOSED, 1=OPEN. Call somebody when it is OPEN for 60 s", &[(0.0, Closed), (1.0, Open)]),
            ("3=forced_open, -1=disabled, 7 is unknown", &[(3.0, ForcedOpen), (-1.0, Disabled)]),
            ("Closed=0|Open=1|HalfOpen=2", &[(0.0, Closed), (1.0, Open), (2.0, HalfOpen)]),
        ];
        for (help, expected) in cases {
            assert_eq!(pairs(help), expected, "{help}");
        }
    }
}
