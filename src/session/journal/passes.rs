//! The passes of the hypothesis in the journal (experiment-format 11.4).

use super::mapping;
use crate::session::event::{HypothesisPhase, RunId, Section, StepRef};
use pyvalue::Value;
use std::collections::HashMap;

/// All passes so far. A pass that did not end is omitted, as in the reference.
#[derive(Debug, Default)]
pub(super) struct HypothesisPasses {
    before: HypothesisPass,
    after: HypothesisPass,
    during: Vec<HypothesisPass>,
}

#[derive(Debug, Default)]
struct HypothesisPass {
    met: Option<bool>,
    /// Whether probes were skipped and all others were met: the journal then has null.
    open: bool,
    /// The pass as a control changed it.
    amended: Option<Value>,
    probes: Vec<(StepRef, RunId)>,
}

impl HypothesisPasses {
    pub(super) fn begin(&mut self, phase: HypothesisPhase) {
        match phase {
            HypothesisPhase::Before => self.before = HypothesisPass::default(),
            HypothesisPhase::After => self.after = HypothesisPass::default(),
            HypothesisPhase::During => self.during.push(HypothesisPass::default()),
        }
    }

    pub(super) fn end(&mut self, phase: HypothesisPhase, met: bool, open: bool) {
        if let Some(pass) = self.open(section(phase)) {
            (pass.met, pass.open) = (Some(met), open);
        }
    }

    pub(super) fn amend(&mut self, phase: HypothesisPhase, amended: Value) {
        if let Some(pass) = self.open(section(phase)) {
            pass.amended = Some(amended);
        }
    }

    /// Adds a probe that started. A re-run replaces the probe's earlier entry and those of later probes.
    pub(super) fn probe(&mut self, step: StepRef, run: RunId) {
        if let Some(pass) = self.open(step.section) {
            pass.probes.retain(|(earlier, _)| earlier.index < step.index);
            pass.probes.push((step, run));
        }
    }

    pub(super) fn value(&self, entries: &HashMap<RunId, Value>) -> Value {
        let shown = |pass: &HypothesisPass| pass.value(entries);
        let during = self.during.iter().filter_map(shown).collect::<Vec<_>>();
        mapping([
            ("before", shown(&self.before).unwrap_or_default()),
            ("after", shown(&self.after).unwrap_or_default()),
            ("during", during.into()),
        ])
        .into()
    }

    fn open(&mut self, section: Section) -> Option<&mut HypothesisPass> {
        match section {
            Section::Before => Some(&mut self.before),
            Section::After => Some(&mut self.after),
            Section::During => self.during.last_mut(),
            Section::Method | Section::Rollbacks => None,
        }
    }
}

fn section(phase: HypothesisPhase) -> Section {
    match phase {
        HypothesisPhase::Before => Section::Before,
        HypothesisPhase::During => Section::During,
        HypothesisPhase::After => Section::After,
    }
}

impl HypothesisPass {
    fn value(&self, entries: &HashMap<RunId, Value>) -> Option<Value> {
        if self.amended.is_some() {
            return self.amended.clone();
        }
        let probes = self.probes.iter().filter_map(|(_, run)| entries.get(run).cloned()).collect::<Vec<_>>();
        let met = self.met?;
        let met = if self.open { Value::Null } else { met.into() };
        let pass = mapping([("steady_state_met", met), ("probes", probes.into())]);
        Some(pass.into())
    }
}
