//! What the consumer's `/metrics` says, in the ways services have: one-hot by a label, a number with its meaning in the
//! help text, halves, and what tower-resilience itself exports.

use crate::log::State;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::fmt::Write as _;

/// A kind of page.
pub enum Page {
    /// There is none.
    Absent,
    /// One series a state.
    OneHot,
    /// 0, 1, 2 with its meaning.
    Gauge,
    /// 0, 0.5, 1 with its meaning.
    Halves,
    /// The library's own `metrics` feature: its gauge sets each state it enters to 1 and never back to 0.
    Own(PrometheusHandle),
}

impl Page {
    /// The page of this name.
    pub fn new(name: &str) -> Result<Self, String> {
        match name {
            "absent" => Ok(Self::Absent),
            "one-hot" => Ok(Self::OneHot),
            "gauge" => Ok(Self::Gauge),
            "halves" => Ok(Self::Halves),
            "own" => {
                PrometheusBuilder::new().install_recorder().map(Self::Own).map_err(|error| error.to_string())
            }
            other => Err(format!("the page {other:?} is not here: absent, one-hot, gauge, halves, own")),
        }
    }

    /// The text, if there is a page.
    pub fn text(&self, state: State) -> Option<String> {
        let states = [State::Closed, State::Open, State::HalfOpen];
        let mut text = String::new();
        match self {
            Self::Absent => return None,
            Self::Own(handle) => return Some(handle.render()),
            Self::OneHot => {
                text += "# HELP circuit_breaker_state The state of the circuit breaker.\n# TYPE circuit_breaker_state gauge\n";
                for each in states {
                    let value = u8::from(each == state);
                    let _ = writeln!(
                        text,
                        "circuit_breaker_state{{name=\"provider\",state=\"{}\"}} {value}",
                        each.word()
                    );
                }
            }
            Self::Gauge => {
                let value = states.iter().position(|each| *each == state).unwrap_or(0);
                text += "# HELP provider_circuit_breaker_state State of the breaker (0=closed, 1=open, 2=half-open)\n";
                text += "# TYPE provider_circuit_breaker_state gauge\n";
                let _ = writeln!(text, "provider_circuit_breaker_state {value}");
            }
            Self::Halves => {
                let value = match state {
                    State::Closed => "0",
                    State::HalfOpen => "0.5",
                    State::Open => "1",
                };
                text += "# HELP circuitbreaker_state State of the circuit breaker: 0=closed, 0.5=half-open, 1=open\n";
                text += "# TYPE circuitbreaker_state gauge\n";
                let _ = writeln!(text, "circuitbreaker_state{{upstream=\"provider\"}} {value}");
            }
        }
        Some(text)
    }
}
