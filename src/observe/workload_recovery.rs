//! Detects when the workloads that a fault reduced are complete again: the counterpart of T0.
//!
//! Nothing else detects this: the runner fires and continues, and the watches report the present state only.

use crate::session::{Event, EventKind, event::Workload, stream::Emitter};
use std::{collections::BTreeMap, sync::Arc};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

type Name = (String, String);

/// The desired replicas of a workload when the fault was fired, and whether fewer have been ready since.
#[derive(Clone, Debug)]
struct ReplicaBaseline {
    desired: u32,
    fell: bool,
}

impl ReplicaBaseline {
    fn of(workload: &Workload) -> Self {
        Self { desired: workload.desired, fell: false }
    }
}

/// Tracks workloads through a fault: each one that fell below its desired replicas must reach that number again.
#[derive(Debug, Default)]
pub struct Recovery {
    workloads: BTreeMap<Name, Workload>,
    /// The baseline of each workload, from the latest fire until all have recovered.
    baselines: Option<BTreeMap<Name, ReplicaBaseline>>,
}

impl Recovery {
    /// Handles an event; returns the text of the recovery if this event completes one.
    pub fn follow(&mut self, event: &Event) -> Option<String> {
        match &event.what {
            EventKind::FaultFired { .. } => self.fire(),
            EventKind::WorkloadSeen(workload) => {
                let name = (workload.namespace.clone(), workload.name.clone());
                if !self.workloads.contains_key(&name) {
                    self.add_baseline(&name, workload);
                }
                self.update_baseline(&name, workload.ready);
                self.workloads.insert(name, workload.clone());
                return self.recovered();
            }
            EventKind::WorkloadGone { namespace, name } => {
                let name = (namespace.clone(), name.clone());
                self.update_baseline(&name, 0);
                self.workloads.remove(&name);
            }
            _ => {}
        }
        None
    }

    /// A second fire during the first fault keeps the first baseline, because the steady state was before the first
    /// fire.
    fn fire(&mut self) {
        let baselines = self.baselines.get_or_insert_with(BTreeMap::new);
        for (name, workload) in &self.workloads {
            baselines.entry(name.clone()).or_insert_with(|| ReplicaBaseline::of(workload));
        }
    }

    /// A headless run may fire before the watch has listed anything: what is first seen after the fire is expected to reach
    /// the replicas that it asks for then.
    fn add_baseline(&mut self, name: &Name, workload: &Workload) {
        if let Some(baselines) = &mut self.baselines {
            baselines.entry(name.clone()).or_insert_with(|| ReplicaBaseline::of(workload));
        }
    }

    fn update_baseline(&mut self, name: &Name, ready: u32) {
        if let Some(baseline) = self.baselines.as_mut().and_then(|baselines| baselines.get_mut(name)) {
            baseline.fell |= ready < baseline.desired;
        }
    }

    fn recovered(&mut self) -> Option<String> {
        let baselines = self.baselines.as_ref()?;
        let fallen: Vec<_> = baselines.iter().filter(|(_, baseline)| baseline.fell).collect();
        let ready = |name: &Name| self.workloads.get(name).map_or(0, |workload| workload.ready);
        if fallen.is_empty() || fallen.iter().any(|(name, baseline)| ready(name) < baseline.desired) {
            return None;
        }
        let back =
            fallen.iter().map(|(name, baseline)| format!("{} {}/{}", name.1, ready(name), baseline.desired));
        let words = format!("{} ready again", back.collect::<Vec<_>>().join(", "));
        self.baselines = None;
        Some(words)
    }
}

/// Follows the session through `tap` and emits `FaultHealed` until `stop` is cancelled or the session ends.
pub async fn watch(emitter: Emitter, mut tap: mpsc::Receiver<Arc<Event>>, stop: CancellationToken) {
    let mut recovery = Recovery::default();
    while let Some(Some(event)) = stop.run_until_cancelled(tap.recv()).await {
        if let Some(what) = recovery.follow(&event) {
            emitter.emit(EventKind::FaultHealed { what }).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::event::{Section, StepRef};

    fn workload(name: &str, ready: u32, desired: u32) -> EventKind {
        EventKind::WorkloadSeen(Workload {
            namespace: "default".into(),
            name: name.into(),
            desired,
            ready,
            updated: desired,
        })
    }

    fn gone(name: &str) -> EventKind {
        EventKind::WorkloadGone { namespace: "default".into(), name: name.into() }
    }

    fn fired() -> EventKind {
        let step = StepRef { section: Section::Method, index: 0 };
        EventKind::FaultFired { step, what: "kill".into(), targets: Vec::new() }
    }

    /// The texts of the recoveries in a list of events, each with the index of the event that completed it.
    fn told(story: Vec<EventKind>) -> Vec<(usize, String)> {
        let mut recovery = Recovery::default();
        let mut found = Vec::new();
        for (i, what) in story.into_iter().enumerate() {
            let event = Event { seq: i as u64, at: jiff::Timestamp::UNIX_EPOCH, what };
            found.extend(recovery.follow(&event).map(|words| (i, words)));
        }
        found
    }

    #[test]
    fn a_workload_that_fell_and_rose_is_a_recovery_once() {
        let story = vec![
            workload("provider", 1, 1),
            workload("consumer", 1, 1),
            fired(),
            workload("provider", 0, 1),
            workload("provider", 1, 1),
            workload("provider", 1, 1),
        ];
        assert_eq!(told(story), [(4, "provider 1/1 ready again".to_owned())]);
    }

    #[test]
    fn a_workload_that_is_first_seen_after_the_fire_recovers_too() {
        let story = vec![fired(), workload("p", 0, 1), workload("q", 1, 1), workload("p", 1, 1)];
        assert_eq!(told(story), [(3, "p 1/1 ready again".to_owned())]);
    }

    #[test]
    fn scaled_to_zero_is_back_when_it_has_what_it_had_at_the_fire() {
        let story =
            vec![workload("p", 2, 2), fired(), workload("p", 0, 0), workload("p", 1, 2), workload("p", 2, 2)];
        assert_eq!(told(story), [(4, "p 2/2 ready again".to_owned())]);
    }

    #[test]
    fn a_deleted_workload_is_back_when_it_was_made_again() {
        let story = vec![workload("p", 1, 1), fired(), gone("p"), workload("p", 0, 1), workload("p", 1, 1)];
        assert_eq!(told(story), [(4, "p 1/1 ready again".to_owned())]);
    }

    #[test]
    fn all_that_fell_must_be_back() {
        let story = vec![
            workload("p", 1, 1),
            workload("q", 1, 1),
            fired(),
            workload("p", 0, 1),
            workload("q", 0, 1),
            workload("p", 1, 1),
            workload("q", 1, 1),
        ];
        assert_eq!(told(story).len(), 1);
    }

    #[test]
    fn nothing_fell_nothing_recovers() {
        assert!(told(vec![workload("p", 1, 1), fired(), workload("p", 1, 1)]).is_empty());
        assert!(told(vec![workload("p", 0, 1), workload("p", 1, 1)]).is_empty());
    }

    #[test]
    fn a_second_fault_can_recover_too() {
        let round = || vec![fired(), workload("p", 0, 1), workload("p", 1, 1)];
        let story = [vec![workload("p", 1, 1)], round(), round()].concat();
        assert_eq!(told(story).iter().map(|(i, _)| *i).collect::<Vec<_>>(), [3, 6]);
    }
}
