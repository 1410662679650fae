//! Series of known libraries whose meaning no general rule can derive.
//!
//! | library | series | interpretation |
//! | --- | --- | --- |
//! | resilience4j 0.13, 0.14 | `resilience4j_circuitbreaker_state` without a word | by the library's own order of numbers |
//! | Micrometer's Hystrix binder | `hystrix_circuit_breaker_open` | 1 is not closed, 0 is not open |
//! | mollitia, rezilience, Dapr 1.15 | their gauges | one-hot by their words, or their order of numbers |
//! | tower-resilience, Sentinel | transitions `from`, `to` | where their walk ends; rejected calls beside it |
//! | opossum | `circuit{event}` | the last of `open`, `halfOpen` and `close` to grow |
//! | Polly 8 | `resilience_polly_strategy_events_total` | the last event; runs ending with `BrokenCircuitException` are rejected |
//! | `MicroProfile`, `SmallRye` | time in each state | the state whose time grows |
//! | Helidon SE, fuse, Dapr before 1.15 | openings, answers, activations | by their growth |
//!
//! Counters are read by their growth since the last reading of the same process, so a first reading gives no state.
//! Known series are removed from the page, so that no general rule misreads them. All facts are from
//! `docs/spec/breaker-pages.md`.

mod counted;
mod custom_rule;
mod direct;
mod figures;
mod growth;
mod tally;

use super::{Families, ground};
use crate::session::event::{NamedBreaker, SourceClaim};
use counted::Counted;
pub use custom_rule::Rule;

/// Reads the known series of successive pages.
#[derive(Default)]
pub(super) struct KnownFamilies {
    rules: Vec<Rule>,
    counted: Counted,
}

impl KnownFamilies {
    /// A reader with the operator's own rules, which take precedence.
    pub(super) fn with(rules: Vec<Rule>) -> Self {
        Self { rules, counted: Counted::default() }
    }

    /// The metric names of the operator's rules.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(Rule::metric)
    }

    /// Removes the known series from a page and reads them. `process` identifies the page's process.
    pub(super) fn read(&mut self, families: &mut Families, process: Option<&str>) -> Vec<NamedBreaker> {
        let mut found = Vec::new();
        for rule in &self.rules {
            found.extend(rule.read(families));
        }
        found.extend(direct::read(families));
        for breaker in self.counted.read(families, process) {
            join(&mut found, breaker);
        }
        found
    }
}

/// Merges the claims of two series about one breaker: a stated state takes precedence over a derived one.
pub(super) fn join(found: &mut Vec<NamedBreaker>, breaker: NamedBreaker) {
    let same = |one: &&mut NamedBreaker| one.name == breaker.name && one.process == breaker.process;
    let Some(reported) = found.iter_mut().find(same) else { return found.push(breaker) };
    let better = match (reported.says, breaker.says) {
        (_, SourceClaim::Nothing) | (SourceClaim::State(_), SourceClaim::Not(_)) => false,
        (SourceClaim::Nothing, _) | (SourceClaim::Not(_), SourceClaim::State(_)) => true,
        _ => reported.derived && !breaker.derived,
    };
    let (mut kept, other) = if better { (breaker, reported.clone()) } else { (reported.clone(), breaker) };
    kept.rejected = kept.rejected.or(other.rejected);
    kept.fallback_ratio = kept.fallback_ratio.or(other.fallback_ratio);
    kept.counts = kept.counts.or(other.counts);
    kept.trials = kept.trials.or(other.trials);
    *reported = kept;
}

pub(super) use figures::figures;

/// Names of known series that contain neither "circuit" nor "breaker".
pub(super) fn wanted(name: &str) -> bool {
    let known = ["dapr_resiliency_", "sentinel_go_handled_total", "hystrix_execution_total"];
    known.iter().any(|known| name.starts_with(known))
        || name.ends_with("ft_invocations_total")
        || name.ends_with("_responses_total")
}

#[cfg(test)]
mod tests;
