//! The attacks: executed, listed, halted.

use super::{attack_request::AttackRequest, containers::Running};
use crate::{kubelet::Kubelet, store::Store};
use jiff::Timestamp;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// The number of attacks kept; the oldest are dropped.
const KEPT: usize = 200;

/// The stage of an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AttackStage {
    /// Waiting for its delay.
    Pending,
    /// Completed: at least one container was killed.
    Successful,
    /// No selected container was running when the attack started.
    TargetsNotFound,
    /// Halted before it started.
    Halted,
}

impl AttackStage {
    fn word(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Successful => "Successful",
            Self::TargetsNotFound => "TargetsNotFound",
            Self::Halted => "Halted",
        }
    }

    pub(super) fn is_active(self) -> bool {
        self == Self::Pending
    }
}

#[derive(Debug)]
struct Attack {
    id: String,
    body: Value,
    created: Timestamp,
    stage: AttackStage,
    killed: Vec<String>,
    halt: CancellationToken,
}

/// All attacks of this sandbox; clones share the same list.
#[derive(Debug, Clone)]
pub(super) struct Attacks {
    store: Store,
    kubelet: Kubelet,
    attacks: Arc<Mutex<VecDeque<Attack>>>,
}

impl Attacks {
    pub(super) fn new(store: Store, kubelet: Kubelet) -> Self {
        Self { store, kubelet, attacks: Arc::default() }
    }

    /// Starts an attack. Returns its ID, or the titles of the running containers when none of them is selected.
    pub(super) fn start(&self, order: AttackRequest, body: Value) -> Result<String, Vec<String>> {
        let all = Running::all(&self.store, &self.kubelet);
        if !all.iter().any(|container| container.is_selected(&order.selection)) {
            return Err(all.iter().map(Running::title).collect());
        }
        let (id, halt) = (uuid::Uuid::new_v4().to_string(), CancellationToken::new());
        let attack = Attack {
            id: id.clone(),
            body,
            created: Timestamp::now(),
            stage: AttackStage::Pending,
            killed: Vec::new(),
            halt: halt.clone(),
        };
        {
            let mut ledger = self.lock();
            ledger.push_back(attack);
            if ledger.len() > KEPT {
                ledger.pop_front();
            }
        }
        if order.delay.is_zero() {
            self.run_attack(&id, &order);
        } else {
            let (attacks, id) = (self.clone(), id.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = tokio::time::sleep(order.delay) => attacks.run_attack(&id, &order),
                    () = halt.cancelled() => {}
                }
            });
        }
        Ok(id)
    }

    /// Kills the requested number of selected containers, chosen at random.
    fn run_attack(&self, id: &str, order: &AttackRequest) {
        let mut selected = Running::all(&self.store, &self.kubelet);
        selected.retain(|container| container.is_selected(&order.selection));
        selected.shuffle(&mut rand::rng());
        selected.truncate(order.amount.of(selected.len()));
        selected.retain(|container| self.kubelet.kill(&container.pod, &container.name));
        let hit: Vec<String> = selected.iter().map(Running::title).collect();
        for attack in self.lock().iter_mut().filter(|attack| attack.id == id) {
            attack.stage =
                if hit.is_empty() { AttackStage::TargetsNotFound } else { AttackStage::Successful };
            attack.killed.clone_from(&hit);
        }
    }

    /// Returns the attacks in the given stages, newest first.
    pub(super) fn list(&self, wanted: impl Fn(AttackStage) -> bool) -> Value {
        self.lock().iter().rev().filter(|attack| wanted(attack.stage)).map(Attack::show).collect()
    }

    pub(super) fn get(&self, id: &str) -> Option<Value> {
        self.lock().iter().find(|attack| attack.id == id).map(Attack::show)
    }

    /// Halts one attack or all: pending attacks are cancelled. Returns the number of matching attacks.
    pub(super) fn halt(&self, id: Option<&str>) -> usize {
        let mut known = 0;
        for attack in self.lock().iter_mut().filter(|attack| id.is_none_or(|id| attack.id == id)) {
            known += 1;
            if attack.stage.is_active() {
                attack.stage = AttackStage::Halted;
                attack.halt.cancel();
            }
        }
        known
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Attack>> {
        self.attacks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attack {
    fn show(&self) -> Value {
        json!({
            "guid": self.id,
            "stage": self.stage.word(),
            "stageLifecycle": if self.stage.is_active() { "Active" } else { "Complete" },
            "createdAt": self.created.to_string(),
            "command": self.body["command"],
            "target": self.body["target"],
            "labels": self.body["labels"],
            "hit": self.killed,
        })
    }
}
