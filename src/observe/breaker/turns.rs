//! How often a breaker turned, by its own counters: what happens between two looks at its state.
//!
//! A trial that is refused at once takes a millisecond. No poll sees the state it is made in; a counter of transitions
//! tells of it afterwards.

use super::{
    exposition::{self, Sample},
    metrics,
};
use crate::session::event::BreakerState;

/// Transitions to half-open, counted by one breaker.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Turns {
    /// Which breaker, where the page says so.
    name: Option<String>,
    half_opened: f64,
}

impl Turns {
    /// How often it was half-open since `earlier`; a counter that began anew tells nothing.
    pub(super) fn since(&self, earlier: &Self) -> u32 {
        let rose = self.half_opened - earlier.half_opened;
        // A rise by more than a few between two looks is no breaker's counter.
        if self.name == earlier.name && (1.0..100.0).contains(&rose) { rose as u32 } else { 0 }
    }
}

/// What a page counts of the breaker called `name`, the one whose state was read.
pub(super) fn read(page: &str, name: Option<&str>) -> Option<Turns> {
    let (samples, _) = exposition::read(page, counts_transitions);
    let leads_to = |sample: &Sample| {
        let label = sample.label("to").or_else(|| sample.label("state")).or_else(|| sample.label("to_state"));
        label.and_then(metrics::named)
    };
    let of_it = samples.iter().filter(|sample| sample.label("name") == name);
    let to_half_open = of_it.filter(|sample| leads_to(sample) == Some(BreakerState::HalfOpen));
    let counts: Vec<f64> = to_half_open.map(|sample| sample.value).collect();
    (!counts.is_empty()).then(|| Turns { name: name.map(str::to_owned), half_opened: counts.iter().sum() })
}

fn counts_transitions(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    (name.contains("circuit") || name.contains("breaker"))
        && name.contains("transition")
        && name.ends_with("_total")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(name: &str, half_open: u32) -> String {
        format!(
            "circuit_breaker_transitions_total{{name=\"{name}\",to=\"open\"}} 7\n\
             circuit_breaker_transitions_total{{name=\"{name}\",to=\"half_open\"}} {half_open}\n"
        )
    }

    #[test]
    fn a_rise_is_told_and_nothing_else() {
        let read = |text: &str| read(text, Some("a"));
        let three = read(&page("a", 3)).unwrap();
        assert_eq!(read(&page("a", 4)).unwrap().since(&three), 1);
        assert_eq!(read(&page("a", 3)).unwrap().since(&three), 0);
        assert_eq!(read(&page("a", 0)).unwrap().since(&three), 0, "a new process counts from 0");
        assert_eq!(read(&page("b", 9)), None, "another breaker's trials are not this one's");
        assert_eq!(read("circuit_breaker_state{name=\"a\",state=\"half_open\"} 1\n"), None);
        assert_eq!(read("http_transitions_total{name=\"a\",to=\"half_open\"} 1\n"), None);
    }
}
