//! Every request to the users' endpoints, one line each, in the order in which they were due.

use super::{
    evidence::SampleOutcome,
    facts::{Facts, shown},
};
use std::fmt::Write;

/// The columns.
const HEADER: &str = "due_at,seconds_since_t0,phase,endpoint,waited_ms,outcome,error,status\n";

/// Renders the requests.
pub(crate) fn text(facts: &Facts) -> String {
    let samples = &facts.evidence.samples;
    let urls: Vec<(u16, String)> = facts
        .session
        .users
        .endpoints
        .iter()
        .map(|endpoint| (endpoint.id.0, field(&shown(&endpoint.url))))
        .collect();
    let mut sorted: Vec<_> = samples.iter().collect();
    sorted.sort_by_key(|sample| sample.start());
    let mut text = String::with_capacity(HEADER.len() + samples.len() * 96);
    text.push_str(HEADER);
    for sample in sorted {
        let phase = sample.phase.key();
        let url = urls.iter().find(|(id, _)| *id == u16::from(sample.endpoint)).map_or("", |(_, url)| url);
        let since =
            facts.session.t0().map(|t0| format!("{:.6}", sample.seconds_since(t0))).unwrap_or_default();
        let waited = match sample.outcome {
            SampleOutcome::Withheld | SampleOutcome::Lost => String::new(),
            _ => format!("{:.3}", sample.waited_ms),
        };
        let status = sample.status.map(|status| status.to_string()).unwrap_or_default();
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{},{since},{phase},{url},{waited},{},{},{status}",
            sample.start(),
            sample.outcome.word(),
            sample.outcome.error().unwrap_or_default()
        );
    }
    text
}

/// A field, in quotes where it needs them.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_field_is_quoted_where_it_must_be() {
        assert_eq!(field("GET http://host/a"), "GET http://host/a");
        assert_eq!(field("a,\"b\""), "\"a,\"\"b\"\"\"");
    }
}
