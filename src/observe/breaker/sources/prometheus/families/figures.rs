//! Figures for a breaker whose state comes from another series: rejected calls, the share of fallbacks.

use super::super::{Families, text::Sample};
use crate::session::event::NamedBreaker;

/// Adds the figures of the page to the breakers that it names.
pub(in super::super) fn figures(families: &Families, breakers: &mut [NamedBreaker]) {
    let mut rejected = |metric: &str, name: &str, test: &dyn Fn(&Sample) -> bool| {
        let Some(family) = families.get(metric) else { return };
        for sample in family.samples.iter().filter(|sample| test(sample) && sample.value >= 0.0) {
            let Some(about) = sample.label(name) else { continue };
            for breaker in breakers.iter_mut().filter(|one| one.name == about && one.rejected.is_none()) {
                breaker.rejected = Some(sample.value as u64);
            }
        }
    };
    rejected("hystrix_execution_total", "key", &|sample| sample.label("event") == Some("short_circuited"));
    rejected("rezilience_circuit_breaker_calls_rejected", "name", &|_| true);
    let invocations = families.keys().find(|name| name.ends_with("ft_invocations_total"));
    if let Some(family) = invocations.and_then(|name| families.get(name)) {
        for breaker in breakers.iter_mut() {
            let mine =
                || family.samples.iter().filter(|sample| sample.label("method") == Some(&breaker.name));
            let all: f64 = mine().map(|sample| sample.value).sum();
            let applied = mine().filter(|sample| sample.label("fallback") == Some("applied"));
            let applied: f64 = applied.map(|sample| sample.value).sum();
            if all > 0.0 && (0.0..=all).contains(&applied) {
                breaker.fallback_ratio = Some(applied / all);
            }
        }
    }
}
