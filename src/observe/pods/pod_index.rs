//! The known pods: some are emitted one by one, the others only as counts by status.

use crate::session::event::{EventKind, FoundPods, Pod, PodKey};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

/// The maximum number of pods in play that are emitted one by one; nobody reads more rows.
const IN_PLAY: usize = 300;
/// The maximum number of pods not in play that are emitted one by one nevertheless.
const OTHERS: usize = 100;

/// The maximum number of pods returned by a search.
const FOUND: usize = 50;

type Labels = BTreeMap<String, String>;

/// All known pods, each as a row.
#[derive(Default)]
pub(super) struct PodIndex {
    pods: BTreeMap<PodKey, KnownPod>,
    labels: SharedLabels,
    told_in_play: usize,
    told_others: usize,
    /// Pods by namespace and status, of those that are only counted.
    counts: BTreeMap<String, BTreeMap<String, u32>>,
    counts_changed: BTreeSet<String>,
    search_text: String,
    found: Option<FoundPods>,
}

/// A pod, its labels, and whether it is emitted one by one.
pub(super) struct KnownPod {
    pub(super) row: Pod,
    pub(super) labels: Arc<Labels>,
    emitted: bool,
}

impl PodIndex {
    /// Handles a pod that is new or changed. Returns its event if it is worth emitting.
    pub(super) fn update(&mut self, row: Pod, labels: &Labels) -> Option<EventKind> {
        let labels = self.labels.shared(labels);
        if let Some(known) = self.pods.get_mut(&row.key).filter(|known| known.row == row) {
            known.labels = labels;
            return None;
        }
        let known = self.pods.remove(&row.key);
        if let Some(known) = &known {
            self.leaves(known);
        }
        // A terminating pod gets no room, because it would free it at once: constant churn would emit events for ever.
        let room = row.deleting.is_none()
            && if row.in_play { self.told_in_play < IN_PLAY } else { self.told_others < OTHERS };
        // A pod emitted before stays so, because consumers would count it twice otherwise.
        let reported = room || known.is_some_and(|known| known.emitted);
        let known = KnownPod { row: row.clone(), labels, emitted: reported };
        self.enters(&known);
        self.pods.insert(row.key.clone(), known);
        reported.then_some(EventKind::PodSeen(row))
    }

    /// Handles a deleted pod. Returns the event if the pod was emitted before.
    pub(super) fn gone(&mut self, key: &PodKey) -> Option<EventKind> {
        let known = self.pods.remove(key)?;
        self.leaves(&known);
        known.emitted.then(|| EventKind::PodGone(key.clone()))
    }

    fn enters(&mut self, known: &KnownPod) {
        match (known.emitted, known.row.in_play) {
            (true, true) => self.told_in_play += 1,
            (true, false) => self.told_others += 1,
            (false, _) => {
                let namespace = &known.row.key.namespace;
                let counts = self.counts.entry(namespace.clone()).or_default();
                *counts.entry(known.row.status.clone()).or_default() += 1;
                self.counts_changed.insert(namespace.clone());
            }
        }
    }

    fn leaves(&mut self, known: &KnownPod) {
        match (known.emitted, known.row.in_play) {
            (true, true) => self.told_in_play -= 1,
            (true, false) => self.told_others -= 1,
            (false, _) => {
                let namespace = &known.row.key.namespace;
                if let Some(counts) = self.counts.get_mut(namespace) {
                    if let Some(count) = counts.get_mut(&known.row.status) {
                        *count -= 1;
                    }
                    counts.retain(|_, count| *count > 0);
                }
                self.counts_changed.insert(namespace.clone());
            }
        }
    }

    /// The counts of pods without a row that changed since the last call, and the search result if it changed.
    pub(super) fn counts(&mut self) -> Vec<EventKind> {
        let changed = std::mem::take(&mut self.counts_changed);
        let found = if changed.is_empty() { None } else { self.seek() };
        let states = |namespace: &String| self.counts.get(namespace).cloned().unwrap_or_default();
        let counted = |namespace| EventKind::PodsCounted { states: states(&namespace), namespace };
        changed.into_iter().map(counted).chain(found).collect()
    }

    /// Searches pods without a row whose names contain `text`, from now on.
    pub(super) fn find(&mut self, text: &str) -> Option<EventKind> {
        text.clone_into(&mut self.search_text);
        self.seek()
    }

    /// The search result, if it changed.
    fn seek(&mut self) -> Option<EventKind> {
        let found = if self.search_text.is_empty() {
            None
        } else {
            let mut all =
                self.pods.iter().filter(|(key, pod)| !pod.emitted && key.name.contains(&self.search_text));
            let first = all.by_ref().take(FOUND);
            let pods: Vec<_> = first.map(|(key, pod)| (key.clone(), pod.row.status.clone())).collect();
            let more = u32::try_from(all.count()).unwrap_or(u32::MAX);
            Some(FoundPods {
                text: self.search_text.clone(),
                all: more.saturating_add(pods.len() as u32),
                pods,
            })
        };
        if found == self.found {
            return None;
        }
        self.found.clone_from(&found);
        found.map(EventKind::PodsFound)
    }

    pub(super) fn of(&self, namespace: &str) -> impl Iterator<Item = &KnownPod> {
        let all = self.named(namespace, "").map(|(_, known)| known);
        all.take_while(move |known| known.row.key.namespace == namespace)
    }

    /// Whether a pod of this name is in play; several pods have the name while one replaces the other.
    pub(super) fn is_in_play(&self, namespace: &str, name: &str) -> bool {
        let same = |key: &PodKey| key.namespace == namespace && key.name == name;
        self.named(namespace, name).take_while(|(key, _)| same(key)).any(|(_, known)| known.row.in_play)
    }

    fn named(&self, namespace: &str, name: &str) -> impl Iterator<Item = (&PodKey, &KnownPod)> {
        let first = PodKey { namespace: namespace.to_owned(), name: name.to_owned(), uid: String::new() };
        self.pods.range(first..)
    }
}

/// Sets of labels, each stored once: the pods of a workload have the same ones.
#[derive(Default)]
struct SharedLabels {
    sets: HashSet<Arc<Labels>>,
    /// The size above which unused sets are dropped.
    most: usize,
}

impl SharedLabels {
    fn shared(&mut self, labels: &Labels) -> Arc<Labels> {
        if let Some(known) = self.sets.get(labels) {
            return known.clone();
        }
        if self.sets.len() > self.most {
            self.sets.retain(|set| Arc::strong_count(set) > 1);
            self.most = (self.sets.len() * 2).max(64);
        }
        let set = Arc::new(labels.clone());
        self.sets.insert(set.clone());
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_kept_once_and_not_for_ever() {
        let mut shared = SharedLabels::default();
        let set = |n: usize| Labels::from([("n".to_owned(), n.to_string())]);
        let kept = shared.shared(&set(0));
        assert!(Arc::ptr_eq(&kept, &shared.shared(&set(0))));
        (1..10_000).for_each(|n| drop(shared.shared(&set(n))));
        assert!(shared.sets.len() <= 66, "{}", shared.sets.len());
        assert!(Arc::ptr_eq(&kept, &shared.shared(&set(0))));
    }
}
