//! The consumer's `/metrics` page in the formats that services use: one-hot by a label, a number explained in the help
//! text, halves, and the metrics of tower-resilience itself.

use crate::log::State;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::fmt::Write as _;

/// A kind of page.
pub enum Page {
    /// No page.
    Absent,
    /// One series per state.
    OneHot,
    /// 0, 1 or 2, explained in the help text.
    Gauge,
    /// 0, 0.5 or 1, explained in the help text.
    Halves,
    /// The library's own `metrics` feature: its gauge sets each state it enters to 1 and never back to 0.
    Own(PrometheusHandle),
}

impl Page {
    /// Returns the page of this name.
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

    /// Returns the text, or `None` if there is no page.
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
