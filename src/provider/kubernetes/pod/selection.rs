//! Selects the pods of an action (kubernetes-catalog 2.1, "SEL").

use crate::provider::kubernetes::{failure::Failure, invocation::Invocation};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, ResourceExt, api::ListParams};
use pyvalue::regex::{self, Regex};
use rand::seq::IteratorRandom;

/// How many of the matching pods are picked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::provider::kubernetes) enum Quantity {
    All,
    Fixed(u64),
    /// A percentage, rounded up.
    Percentage(u64),
}

/// A selection of pods.
#[derive(Clone, Debug)]
pub(in crate::provider::kubernetes) struct Selection {
    list: ListParams,
    name_pattern: Option<Regex>,
    quantity: Quantity,
    oldest_first: bool,
    /// Whether the pods are picked at random.
    pub(in crate::provider::kubernetes) random: bool,
}

impl Selection {
    /// Parses the arguments; rejects invalid ones before any request is sent to the cluster.
    pub(in crate::provider::kubernetes) fn of(call: &Invocation<'_>) -> Result<Self, Failure> {
        let quantity = call.whole("qty", 1)?;
        let quantity = u64::try_from(quantity).map_err(|_| {
            Failure::activity(format!("cannot select {quantity} pods: qty must not be negative"))
        })?;
        let quantity = match call.text("mode")?.unwrap_or("fixed") {
            _ if call.flag("all", false) => Quantity::All,
            "fixed" => Quantity::Fixed(quantity),
            "percentage" => Quantity::Percentage(quantity),
            other => {
                let message = format!("cannot select pods with mode '{other}': use 'fixed' or 'percentage'");
                return Err(Failure::activity(message));
            }
        };
        let oldest_first = match call.text("order")?.unwrap_or("alphabetic") {
            "alphabetic" => false,
            "oldest" => true,
            other => {
                let message = format!("cannot select pods in order '{other}': use 'alphabetic' or 'oldest'");
                return Err(Failure::activity(message));
            }
        };
        let name_pattern = call.text("name_pattern")?.map(pattern).transpose()?;
        Ok(Self {
            list: call.labelled()?,
            name_pattern,
            quantity,
            oldest_first,
            random: call.flag("rand", false),
        })
    }

    /// Lists the matching pods, in the order in which they are picked.
    pub(in crate::provider::kubernetes) async fn candidates(
        &self,
        api: &Api<Pod>,
    ) -> Result<Vec<Pod>, Failure> {
        let pods = api.list(&self.list).await?.items;
        Ok(self.matching(pods))
    }

    fn matching(&self, mut pods: Vec<Pod>) -> Vec<Pod> {
        if let Some(pattern) = &self.name_pattern {
            pods.retain(|pod| pattern.is_match(&pod.name_any()).unwrap_or(false));
        }
        if self.oldest_first {
            pods.sort_by_key(|resource_ext| resource_ext.creation_timestamp());
        }
        pods
    }

    /// How many pods are picked from this number of candidates.
    pub(in crate::provider::kubernetes) fn count(&self, candidates: usize) -> usize {
        let wanted = match self.quantity {
            Quantity::All => return candidates,
            Quantity::Fixed(wanted) => wanted,
            Quantity::Percentage(percent) => percent.saturating_mul(candidates as u64).div_ceil(100),
        };
        usize::try_from(wanted).map_or(candidates, |wanted| wanted.min(candidates))
    }

    /// Picks pods: the first ones, or random ones.
    pub(in crate::provider::kubernetes) fn pick(&self, mut candidates: Vec<Pod>) -> Vec<Pod> {
        let count = self.count(candidates.len());
        if self.random && self.quantity != Quantity::All {
            return candidates.into_iter().choose_multiple(&mut rand::rng(), count);
        }
        candidates.truncate(count);
        candidates
    }
}

/// Compiles a Python regular expression, which may match anywhere in the text.
pub(in crate::provider::kubernetes) fn pattern(text: &str) -> Result<Regex, Failure> {
    regex::compile(text)
        .map_err(|error| Failure::Python { class: "re.error", message: format!("pattern '{text}': {error}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pods(names: &[(&str, &str)]) -> Vec<Pod> {
        let pod = |(name, created): &(&str, &str)| {
            serde_json::from_value(json!({"metadata": {"name": name, "creationTimestamp": created}})).unwrap()
        };
        names.iter().map(pod).collect()
    }

    fn names(pods: &[Pod]) -> Vec<String> {
        pods.iter().map(ResourceExt::name_any).collect()
    }

    fn selection(quantity: Quantity) -> Selection {
        let list = ListParams::default();
        Selection { list, name_pattern: None, quantity, oldest_first: false, random: false }
    }

    #[test]
    fn counts() {
        use Quantity::{All, Fixed, Percentage};
        let table = [
            (Fixed(1), 3, 1),
            (Fixed(0), 3, 0),
            (Fixed(9), 3, 3),
            (Fixed(1), 0, 0),
            (Percentage(0), 3, 0),
            (Percentage(1), 3, 1),
            (Percentage(34), 3, 2),
            (Percentage(50), 3, 2),
            (Percentage(100), 3, 3),
            (Percentage(250), 3, 3),
            (Percentage(u64::MAX), 3, 3),
            (All, 3, 3),
        ];
        for (quantity, candidates, wanted) in table {
            assert_eq!(selection(quantity).count(candidates), wanted, "{quantity:?} of {candidates}");
        }
    }

    #[test]
    fn the_first_in_the_order_of_the_server_or_by_age() {
        let listed =
            [("a", "2024-01-03T00:00:00Z"), ("b", "2024-01-01T00:00:00Z"), ("c", "2024-01-02T00:00:00Z")];
        let first = selection(Quantity::Fixed(2));
        assert_eq!(names(&first.pick(first.matching(pods(&listed)))), ["a", "b"]);
        let oldest = Selection { oldest_first: true, ..selection(Quantity::Fixed(2)) };
        assert_eq!(names(&oldest.pick(oldest.matching(pods(&listed)))), ["b", "c"]);
    }

    #[test]
    fn a_pattern_is_searched_anywhere() {
        let listed = [("my-app-1", "2024-01-01T00:00:00Z"), ("other-1", "2024-01-01T00:00:00Z")];
        for (text, wanted) in [
            ("app", vec!["my-app-1"]),
            ("^app", vec![]),
            (r"1\Z", vec!["my-app-1", "other-1"]),
            ("(?<!p)-1", vec!["other-1"]),
        ] {
            let chosen = Selection { name_pattern: Some(pattern(text).unwrap()), ..selection(Quantity::All) };
            assert_eq!(names(&chosen.matching(pods(&listed))), wanted, "{text}");
        }
        assert!(pattern("(").unwrap_err().text(None).starts_with("re.error: "));
    }

    #[test]
    fn chance_picks_distinct_pods() {
        let listed: Vec<(String, &str)> =
            (0..20).map(|i| (format!("p{i:02}"), "2024-01-01T00:00:00Z")).collect();
        let listed: Vec<(&str, &str)> = listed.iter().map(|(name, at)| (name.as_str(), *at)).collect();
        let random = Selection { random: true, ..selection(Quantity::Fixed(5)) };
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let mut picked = names(&random.pick(pods(&listed)));
            picked.sort();
            picked.dedup();
            assert_eq!(picked.len(), 5);
            seen.extend(picked);
        }
        assert!(seen.len() > 5, "always the same pods: {seen:?}");
    }
}
