//! The calculations of a rolling update.

use serde_json::Value;

/// The number of pods by which a rolling update may exceed or fall below the wanted number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Strategy {
    pub surge: i64,
    pub unavailable: i64,
}

/// The current pod counts of a Deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub wanted: i64,
    /// `spec.replicas` of the new set.
    pub new: i64,
    /// Available pods of the new set.
    pub new_available: i64,
    /// `spec.replicas` of all old sets.
    pub old: i64,
    /// Available pods of all sets.
    pub available: i64,
}

impl Strategy {
    /// Reads `rollingUpdate`. `maxSurge` is rounded up, `maxUnavailable` down; when both are zero, one pod may be
    /// unavailable.
    pub(super) fn read(rolling: &Value, wanted: i64) -> Self {
        let surge = share(&rolling["maxSurge"], wanted, true);
        let unavailable = share(&rolling["maxUnavailable"], wanted, false);
        Self { surge, unavailable: if surge == 0 && unavailable == 0 { 1 } else { unavailable } }
    }
}

/// Returns a number, or a percentage of `wanted`; the default is 25%.
fn share(value: &Value, wanted: i64, up: bool) -> i64 {
    if let Some(number) = value.as_i64() {
        return number.max(0);
    }
    let percent = value.as_str().and_then(|text| text.strip_suffix('%')?.parse::<i64>().ok()).unwrap_or(25);
    (wanted * percent + if up { 99 } else { 0 }) / 100
}

/// Returns `spec.replicas` of a `ReplicaSet`.
pub(super) fn replicas(set: &Value) -> i64 {
    set["spec"]["replicas"].as_i64().unwrap_or(1)
}

fn available(set: &Value) -> i64 {
    set["status"]["availableReplicas"].as_i64().unwrap_or(0)
}

impl Counts {
    pub(super) fn of(new: &Value, old: &[Value], wanted: i64) -> Self {
        Self {
            wanted,
            new: replicas(new),
            new_available: available(new),
            old: old.iter().map(replicas).sum(),
            available: available(new) + old.iter().map(available).sum::<i64>(),
        }
    }
}

/// Returns the next size of the new `ReplicaSet`.
pub(super) fn new_set(counts: Counts, strategy: Strategy) -> i64 {
    if counts.new >= counts.wanted {
        return counts.wanted;
    }
    let room = counts.wanted + strategy.surge - counts.new - counts.old;
    counts.new + room.clamp(0, counts.wanted - counts.new)
}

/// Returns the next sizes of the old `ReplicaSets`: unavailable pods are removed first, then as many available pods as
/// the minimum availability allows.
pub(super) fn old_sets(counts: Counts, strategy: Strategy, old: &[Value]) -> Vec<i64> {
    let mut targets: Vec<i64> = old.iter().map(replicas).collect();
    let least = counts.wanted - strategy.unavailable;
    let new_unavailable = counts.new - counts.new_available;
    let mut removable = (counts.new + counts.old - least - new_unavailable).max(0);
    for (target, set) in targets.iter_mut().zip(old) {
        let useless = (*target - available(set)).max(0).min(removable);
        *target -= useless;
        removable -= useless;
    }
    let mut spare = (counts.available - least).max(0).min(removable);
    for target in &mut targets {
        let cut = spare.min(*target);
        *target -= cut;
        spare -= cut;
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(replicas: i64, available: i64) -> Value {
        json!({"spec": {"replicas": replicas}, "status": {"availableReplicas": available}})
    }

    #[test]
    fn shares_round_in_the_pods_favour() {
        for (rolling, wanted, surge, unavailable) in [
            (json!(null), 1, 1, 0),
            (json!(null), 4, 1, 1),
            (json!({"maxSurge": "50%", "maxUnavailable": 0}), 3, 2, 0),
            (json!({"maxSurge": 0, "maxUnavailable": 0}), 3, 0, 1),
            (json!({"maxSurge": 0, "maxUnavailable": "25%"}), 3, 0, 1),
        ] {
            assert_eq!(
                Strategy::read(&rolling, wanted),
                Strategy { surge, unavailable },
                "{rolling} of {wanted}"
            );
        }
    }

    #[test]
    fn one_replica_is_replaced_without_a_gap() {
        let strategy = Strategy { surge: 1, unavailable: 0 };
        let step = |new: Value, old: Value| {
            let counts = Counts::of(&new, std::slice::from_ref(&old), 1);
            let grown = new_set(counts, strategy);
            let counts = Counts { new: grown, ..counts };
            (grown, old_sets(counts, strategy, &[old]))
        };
        assert_eq!(step(set(0, 0), set(1, 1)), (1, vec![1]), "the new pod comes first");
        assert_eq!(step(set(1, 0), set(1, 1)), (1, vec![1]), "the old one stays until it serves");
        assert_eq!(step(set(1, 1), set(1, 1)), (1, vec![0]));
    }

    #[test]
    fn a_broken_old_pod_goes_at_once_and_scaling_down_is_immediate() {
        let strategy = Strategy { surge: 1, unavailable: 0 };
        let old = [set(2, 1)];
        let counts = Counts::of(&set(1, 1), &old, 2);
        assert_eq!(old_sets(counts, strategy, &old), [1]);
        assert_eq!(new_set(Counts::of(&set(5, 5), &[], 2), strategy), 2);
        assert_eq!(new_set(Counts::of(&set(0, 0), &[], 0), strategy), 0);
    }
}
