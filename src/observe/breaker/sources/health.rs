//! The source "health". Most health pages check dependencies, so a failing page alone is no evidence about a breaker. A
//! body that names a breaker's state is: `state: OPEN`, `CIRCUIT_OPEN`, `openCircuitBreakers`.

use super::{
    super::reading::{Reading, SourceId},
    state_words,
};
use crate::session::event::{BreakerState, NamedBreaker, SourceClaim};
use serde_json::Value;

/// The maximum number of bytes read of a body.
pub(in crate::observe::breaker) const READ: usize = 256 * 1024;
/// The maximum number of breakers listed of one body.
const BREAKERS: usize = 64;
/// The maximum depth to which a body is searched.
const DEPTH: usize = 16;

/// Reads a response of the page. `everywhere`: a path that cannot exist gets the same response.
pub(in crate::observe::breaker) fn read(
    source: SourceId,
    status: u16,
    body: &str,
    everywhere: bool,
) -> Reading {
    let mut reading = Reading::new(source, status.to_string());
    if everywhere {
        reading.ground = format!("{status} on every path: not a health page");
        return reading;
    }
    reading.failing = match status {
        503 => Some(true),
        200..300 => Some(false),
        // A page that is missing, forbidden or itself broken is no evidence about a breaker.
        _ => None,
    };
    if reading.failing.is_some() {
        reading.breakers = named(body);
    }
    reading.claim = match (status, &reading.failing) {
        (503, _) => SourceClaim::State(BreakerState::Open),
        (_, Some(false)) => SourceClaim::Not(BreakerState::Open),
        _ => SourceClaim::Nothing,
    };
    reading
}

fn named(body: &str) -> Vec<NamedBreaker> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_str::<Value>(body) {
        search(&value, &mut Vec::new(), &mut found);
    } else {
        let words = [("CIRCUIT_OPEN", BreakerState::Open), ("CIRCUIT_HALF_OPEN", BreakerState::HalfOpen)];
        let said = words.iter().find(|(word, _)| body.contains(word));
        found.extend(said.map(|(word, state)| NamedBreaker::new("", SourceClaim::State(*state), *word)));
    }
    found.truncate(BREAKERS);
    found
}

fn search<'a>(value: &'a Value, path: &mut Vec<&'a str>, found: &mut Vec<NamedBreaker>) {
    if path.len() > DEPTH || found.len() >= BREAKERS {
        return;
    }
    let Some(map) = value.as_object() else {
        for one in value.as_array().into_iter().flatten() {
            search(one, path, found);
        }
        return;
    };
    if let Some(open) = map.get("openCircuitBreakers").and_then(Value::as_array) {
        let open = open.iter().filter_map(Value::as_str);
        found.extend(open.map(|name| {
            NamedBreaker::new(
                name,
                SourceClaim::State(BreakerState::Open),
                format!("openCircuitBreakers has {name}"),
            )
        }));
        return;
    }
    for (key, inner) in map {
        if let Some(word) = inner.as_str() {
            let about = about_a_breaker(path) || about_a_breaker(&[key]);
            let counts = ["failureRate", "bufferedCalls"].iter().any(|key| map.contains_key(*key));
            let circuit = word.strip_prefix("CIRCUIT_");
            let state = match key.as_str() {
                _ if circuit.is_some() => state_words::state(circuit.unwrap_or_default()),
                "state" if about || counts => state_words::state(word),
                _ if about_a_breaker(&[key]) => state_words::state(word),
                _ => None,
            };
            if let Some(Some(state)) = state {
                let name = name(path, key);
                if !found.iter().any(|one| one.name == name) {
                    found.push(NamedBreaker::new(name, SourceClaim::State(state), format!("{key}: {word}")));
                }
            }
        } else {
            path.push(key);
            search(inner, path, found);
            path.pop();
        }
    }
}

fn about_a_breaker(path: &[&str]) -> bool {
    let about = |key: &&str| {
        let key = key.to_ascii_lowercase();
        key.contains("circuit") || key.contains("breaker") || key.contains("resilience4j")
    };
    path.iter().any(about)
}

/// The nearest key that is not a keyword of the framework.
fn name(path: &[&str], key: &str) -> String {
    let frame =
        ["details", "components", "circuitbreakers", "circuit_breakers", "breakers", "circuitbreaker"];
    let own = |key: &&&str| !frame.contains(&key.to_ascii_lowercase().as_str());
    match path.iter().rev().find(own) {
        Some(name) => (*name).to_owned(),
        None if about_a_breaker(&[key]) => {
            let lower = key.to_ascii_lowercase();
            let at = lower.find("circuit").or_else(|| lower.find("breaker")).unwrap_or(0);
            lower.get(..at).unwrap_or_default().trim_end_matches(['_', '-', '.']).to_owned()
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::event::SourceKind;
    use BreakerState::{Closed, HalfOpen, Open};

    fn read(status: u16, body: &str) -> Reading {
        super::read(SourceId::at_users_url(SourceKind::Health, "/health"), status, body, false)
    }

    #[test]
    fn a_status_names_no_breaker() {
        for (status, failing) in
            [(503, Some(true)), (200, Some(false)), (204, Some(false)), (404, None), (500, None)]
        {
            let reading = read(status, r#"{"status":"DOWN","components":{"provider":{"status":"DOWN"}}}"#);
            assert_eq!((reading.failing, reading.breakers.len()), (failing, 0), "{status}");
        }
        let everywhere = super::read(SourceId::at_users_url(SourceKind::Health, "/health"), 503, "", true);
        assert_eq!((everywhere.failing, everywhere.claim), (None, SourceClaim::Nothing));
    }

    #[test]
    fn a_body_may_name_one() {
        let r4j = |name: &str, state: &str| {
            format!(
                r#"{{"status":"DOWN","components":{{"db":{{"status":"DOWN"}},"circuitBreakers":{{"status":"UNKNOWN","details":
                {{"{name}":{{"status":"CIRCUIT_{state}","details":{{"failureRate":"-1.0%","state":"{state}"}}}}}}}}}}}}"#
            )
        };
        let hystrix =
            r#"{"status":"UP","hystrix":{"status":"CIRCUIT_OPEN","openCircuitBreakers":["Shop::ask"]}}"#;
        let cases = [
            (r4j("provider", "OPEN"), Some(("provider", Open))),
            (r4j("provider", "HALF_OPEN"), Some(("provider", HalfOpen))),
            // The database is down; the breaker is named, and closed.
            (
                r4j("provider", "UP").replace("\"UP\"", "\"CLOSED\"").replace("CIRCUIT_UP", "UP"),
                Some(("provider", Closed)),
            ),
            (hystrix.to_owned(), Some(("Shop::ask", Open))),
            (r#"{"provider_circuit":"open"}"#.to_owned(), Some(("provider", Open))),
            (r#"{"shop":{"state":"open"}}"#.to_owned(), None),
            ("hystrix: CIRCUIT_OPEN".to_owned(), Some(("", Open))),
            ("<html>open</html>".to_owned(), None),
        ];
        for (body, expected) in cases {
            let found = read(503, &body).breakers;
            let said = found.first().map(|one| (one.name.as_str(), one.says));
            assert_eq!(said, expected.map(|(name, state)| (name, SourceClaim::State(state))), "{body}");
            assert!(found.len() < 2, "{body}: {found:?}");
        }
    }
}
