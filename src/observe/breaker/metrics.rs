//! The witness "metrics": a breaker's series on a Prometheus page, a direct source.
//!
//! The rule is generic: a name with "circuit" or "breaker" in it and a state, one-hot by a label (resilience4j,
//! SmallRye, our demo), as a number 0, 1, 2 whose meaning the help text tells, or as a yes-or-no named `..._open`.

use super::{
    exposition::{self, Sample},
    turns::{self, Turns},
};
use crate::session::event::{BreakerState, Says};

/// What a page says: the statement, and the series with its value as the ground. `None`: no breaker's series on it.
#[cfg(test)]
fn says(page: &str) -> Option<(Says, String)> {
    read(page).map(|reading| (reading.says, reading.ground))
}

/// What a page tells of the breaker that speaks for it.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) says: Says,
    pub(super) ground: String,
    /// How often it turned, where it counts that.
    pub(super) turns: Option<Turns>,
}

impl Reading {
    fn of(page: &str, says: Says, ground: String, sample: &Sample) -> Self {
        Self { says, ground, turns: turns::read(page, sample.label("name")) }
    }
}

/// The same with what the page counts.
pub(super) fn read(page: &str) -> Option<Reading> {
    let (samples, helps) = exposition::read(page, is_breakers);
    let one_hot = samples.iter().filter(|sample| sample.value == 1.0).filter_map(by_label);
    // Of several breakers the one that is furthest from closed speaks: it is the one that users feel.
    if let Some((state, sample)) = one_hot.max_by_key(|(state, _)| severity(*state)) {
        return Some(Reading::of(page, Says::State(state), ground(sample, word(state)), sample));
    }
    let numbers = samples.iter().filter(|sample| sample.label("state").is_none()).filter_map(|sample| {
        let help = helps.iter().find(|(name, _)| *name == sample.name).map_or("", |(_, text)| text.as_str());
        by_number(sample, help).map(|says| (says, sample))
    });
    let (says, sample) = numbers.max_by_key(|(says, _)| match says {
        Says::State(state) => severity(*state),
        Says::Not(_) => 1,
        Says::Nothing => 0,
    })?;
    Some(Reading::of(page, says, ground(sample, &sample.value.to_string()), sample))
}

/// Whether a series tells a failure breaker's state. A proxy's `circuit_breakers` are limits of concurrency and have
/// nothing to do with it.
fn is_breakers(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let breaker = name.contains("circuit") || name.contains("breaker");
    let state = name.contains("state") || name.ends_with("_open") || name.ends_with("_is_open");
    breaker && state && !name.contains("circuit_breakers") && !name.ends_with("_total")
}

/// One-hot: the label tells the state, the value is 1.
fn by_label(sample: &Sample) -> Option<(BreakerState, &Sample)> {
    let label = sample.label("state").or_else(|| sample.label("status"))?;
    named(label).map(|state| (state, sample))
}

pub(super) fn named(word: &str) -> Option<BreakerState> {
    let plain: String =
        word.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    match plain.as_str() {
        "closed" | "close" | "disabled" | "metricsonly" | "forcedclosed" | "isolatedclosed" => {
            Some(BreakerState::Closed)
        }
        "open" | "opened" | "forcedopen" | "isolated" => Some(BreakerState::Open),
        "halfopen" => Some(BreakerState::HalfOpen),
        _ => None,
    }
}

fn by_number(sample: &Sample, help: &str) -> Option<Says> {
    let value = sample.value;
    if sample.name.to_ascii_lowercase().ends_with("open") {
        return match value {
            1.0 => Some(Says::State(BreakerState::Open)),
            0.0 => Some(Says::Not(BreakerState::Open)),
            _ => None,
        };
    }
    if ![0.0, 1.0, 2.0].contains(&value) {
        return None;
    }
    match explained(help, value as u8) {
        Some(state) => Some(Says::State(state)),
        // Libraries disagree on what 1 and 2 mean; on 0 they agree.
        None if value == 0.0 => Some(Says::State(BreakerState::Closed)),
        None => Some(Says::Not(BreakerState::Closed)),
    }
}

/// What a help text such as `0=closed, 1=open, 2=half-open` or `closed (0), open (1)` says of a number.
fn explained(help: &str, number: u8) -> Option<BreakerState> {
    let tokens: Vec<String> = help
        .to_ascii_lowercase()
        .replace("half-open", "half_open")
        .replace("half open", "half_open")
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|token| !token.is_empty() && (named(token).is_some() || token.parse::<u8>().is_ok()))
        .map(str::to_owned)
        .collect();
    let number = number.to_string();
    let at = tokens.iter().position(|token| *token == number)?;
    // The text begins with a number or with a word; the partner of a number stands accordingly.
    let number_first = tokens.first().is_some_and(|token| token.parse::<u8>().is_ok());
    let partner =
        if number_first { tokens.get(at + 1) } else { at.checked_sub(1).and_then(|i| tokens.get(i)) };
    partner.and_then(|token| named(token))
}

fn severity(state: BreakerState) -> u8 {
    match state {
        BreakerState::Open => 3,
        BreakerState::HalfOpen => 2,
        _ => 1,
    }
}

fn word(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Open => "open",
        BreakerState::HalfOpen => "half-open",
        _ => "closed",
    }
}

/// `circuit_breaker_state{name="provider"} = open`
fn ground(sample: &Sample, value: &str) -> String {
    let name = sample.label("name").map(|name| format!("{{name=\"{name}\"}}")).unwrap_or_default();
    format!("{}{name} = {value}", sample.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use BreakerState::{Closed, HalfOpen, Open};

    #[test]
    fn known_pages_are_read() {
        let cases = [
            (
                "circuit_breaker_state{name=\"provider\",state=\"closed\"} 0\n\
                 circuit_breaker_state{name=\"provider\",state=\"open\"} 1\n\
                 circuit_breaker_state{name=\"provider\",state=\"half_open\"} 0\n\
                 circuit_breaker_transitions_total{name=\"provider\",to=\"open\"} 1\n\
                 circuit_breaker_calls_total{name=\"provider\",kind=\"permitted\"} 6",
                Some((Says::State(Open), "circuit_breaker_state{name=\"provider\"} = open")),
            ),
            (
                "resilience4j_circuitbreaker_state{name=\"backendA\",state=\"half_open\",} 1.0\n\
                 resilience4j_circuitbreaker_state{name=\"backendA\",state=\"open\",} 0.0\n\
                 resilience4j_circuitbreaker_state{name=\"backendB\",state=\"closed\",} 1.0\n\
                 resilience4j_circuitbreaker_buffered_calls{kind=\"failed\",name=\"backendA\",} 3.0",
                Some((
                    Says::State(HalfOpen),
                    "resilience4j_circuitbreaker_state{name=\"backendA\"} = half-open",
                )),
            ),
            (
                "ft_circuitbreaker_state_current{method=\"x\",state=\"halfOpen\"} 0\n\
                 ft_circuitbreaker_state_current{method=\"x\",state=\"closed\"} 1",
                Some((Says::State(Closed), "ft_circuitbreaker_state_current = closed")),
            ),
            (
                "# HELP my_circuit_state State of the breaker (0=closed, 1=half-open, 2=open)\nmy_circuit_state 2",
                Some((Says::State(Open), "my_circuit_state = 2")),
            ),
            (
                "# HELP my_circuit_state closed (0), open (1), half open (2)\nmy_circuit_state 1",
                Some((Says::State(Open), "my_circuit_state = 1")),
            ),
            ("breaker_state 0", Some((Says::State(Closed), "breaker_state = 0"))),
            ("breaker_state 2", Some((Says::Not(Closed), "breaker_state = 2"))),
            ("breaker_state 17", None),
            ("circuit_breaker_open 1", Some((Says::State(Open), "circuit_breaker_open = 1"))),
            ("circuit_breaker_open 0", Some((Says::Not(Open), "circuit_breaker_open = 0"))),
            ("envoy_cluster_circuit_breakers_default_cx_open{cluster=\"a\"} 1", None),
            ("sanic_request_count{method=\"GET\",http_status=\"200\"} 12", None),
            ("", None),
        ];
        for (page, expected) in cases {
            let expected = expected.map(|(says, ground)| (says, ground.to_owned()));
            assert_eq!(says(page), expected, "{page}");
        }
    }
}
