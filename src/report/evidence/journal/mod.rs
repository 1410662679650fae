//! A journal as the events of a session: what it holds, and nothing else.

mod entry;

use super::EvidenceError;
use crate::{
    cluster::ClusterSettings,
    experiment::{Activity, Environment, read_text_bounded},
    printing::without_url_passwords,
    provider::{Effect, Providers, gremlin::Gremlin, kubernetes::Kubernetes},
    session::{
        Event, EventKind,
        event::{HypothesisPhase, Level, Plan, RunId, RunStatus, Section, Step, StepRef, Timestamp},
    },
};
use entry::{error_of, moment, name_of, outcome, planned};
use pyvalue::{Map, Value, python_text};
use std::{path::Path, sync::Arc};

/// What a journal tells.
pub(super) struct Told {
    pub(super) events: Vec<Event>,
    pub(super) journal: Value,
    /// The program that wrote it.
    pub(super) writer: String,
    pub(super) problems: Vec<String>,
}

/// Reads a journal.
pub(super) fn read(path: &Path) -> Result<Told, EvidenceError> {
    let none = |why: String| EvidenceError::NoJournal { path: path.to_owned(), why };
    let text = read_text_bounded(path).map_err(|error| EvidenceError::Unreadable {
        path: path.to_owned(),
        source: std::io::Error::other(error),
    })?;
    // Before anything is cut out of it: a part of a password would remain.
    let text = without_url_passwords(&text);
    let journal = pyvalue::parse_json(&text).map_err(|error| none(format!("it is not JSON ({error})")))?;
    let missing = ["experiment", "status", "run"].into_iter().find(|key| journal.get(key).is_none());
    if let Some(key) = missing {
        return Err(none(format!("it has no `{key}`")));
    }
    let Some(started) = moment(journal.get("start")) else {
        return Err(none("its `start` is not a moment".to_owned()));
    };
    let mut teller = Teller::new(&journal, started);
    teller.tell(&journal);
    let (writer, problems) = (writer(&journal), teller.problems.clone());
    Ok(Told { events: teller.ordered(), journal, writer, problems })
}

/// The program that wrote a journal.
fn writer(journal: &Value) -> String {
    let version = journal.get("chaoslib-version").and_then(Value::as_str).unwrap_or("of an unknown version");
    format!("chaostoolkit-lib {version}, or a program that writes its journals")
}

/// Collects the events of a journal.
struct Teller {
    told: Vec<(Timestamp, EventKind)>,
    plan: Plan,
    providers: Providers,
    /// Steps that an entry was found for.
    taken: Vec<StepRef>,
    runs: u64,
    /// The moment of the latest event; entries without one of their own are put there.
    latest: Timestamp,
    problems: Vec<String>,
}

impl Teller {
    fn new(journal: &Value, started: Timestamp) -> Self {
        let settings = ClusterSettings::new(|_| None);
        let providers = Providers::new(Environment::default())
            .with_catalogue(Arc::new(Kubernetes::new(settings.clone())))
            .with_catalogue(Arc::new(Gremlin::new(settings)));
        let plan = planned(journal.get("experiment").unwrap_or(&Value::Null), &providers);
        Self {
            told: Vec::new(),
            plan,
            providers,
            taken: Vec::new(),
            runs: 0,
            latest: started,
            problems: Vec::new(),
        }
    }

    fn tell(&mut self, journal: &Value) {
        let experiment = journal.get("experiment").cloned().unwrap_or_default();
        let text = |key: &str| experiment.get(key).map(python_text).filter(|text| !text.is_empty());
        let started = self.latest;
        // Steps that the experiment does not declare are added while they are told.
        self.tell_at(
            started,
            EventKind::RunStarted {
                title: text("title").unwrap_or_default(),
                hypothesis_strategy: String::new(),
                rollback_strategy: String::new(),
                dry: text("dry").filter(|dry| dry != "False" && dry != "None"),
                experiment: experiment.clone(),
            },
        );
        let passes = journal.get("steady_states");
        self.pass(HypothesisPhase::Before, passes.and_then(|passes| passes.get("before")));
        self.entries(Section::Method, journal.get("run"));
        for pass in
            passes.and_then(|passes| passes.get("during")).and_then(Value::as_list).unwrap_or_default()
        {
            self.pass(HypothesisPhase::During, Some(pass));
        }
        self.pass(HypothesisPhase::After, passes.and_then(|passes| passes.get("after")));
        self.entries(Section::Rollbacks, journal.get("rollbacks"));
        self.end(journal, started);
    }

    /// Tells one pass of the hypothesis; nothing if it did not take place.
    fn pass(&mut self, phase: HypothesisPhase, pass: Option<&Value>) {
        let Some(pass) = pass.filter(|pass| pass.as_map().is_some()) else { return };
        let section = match phase {
            HypothesisPhase::Before => Section::Before,
            HypothesisPhase::During => Section::During,
            HypothesisPhase::After => Section::After,
        };
        let probes = pass.get("probes").and_then(Value::as_list).unwrap_or_default();
        let first = probes.first().and_then(|probe| moment(probe.get("start"))).unwrap_or(self.latest);
        let title = self.plan.hypothesis.clone().unwrap_or_default();
        self.tell_at(first, EventKind::HypothesisStarted { phase, title });
        for probe in probes {
            self.entry(section, probe);
        }
        let met = pass.get("steady_state_met").is_some_and(Value::truthy);
        let deviating = probes.last().filter(|_| !met).map(name_of);
        let ended = self.latest;
        self.tell_at(ended, EventKind::HypothesisEnded { phase, met, deviating, skipped: 0 });
    }

    fn entries(&mut self, section: Section, entries: Option<&Value>) {
        for entry in entries.and_then(Value::as_list).unwrap_or_default() {
            self.entry(section, entry);
        }
    }

    /// Tells one call of an activity.
    fn entry(&mut self, section: Section, entry: &Value) {
        let declared = entry.get("activity").and_then(Value::as_map).cloned().unwrap_or_default();
        let activity = Activity::declared(&declared, "$").ok();
        let name = name_of(entry);
        let step = self.step(section, &name, activity.as_ref());
        let run = RunId(self.runs);
        self.runs += 1;
        let started = moment(entry.get("start")).unwrap_or(self.latest);
        let ended = moment(entry.get("end")).unwrap_or(started);
        let failed = entry.get("status").and_then(Value::as_str) == Some("failed");
        let fired = activity.as_ref().filter(|activity| {
            section == Section::Method && self.providers.effect(activity) == Effect::Changes
        });
        if let Some(activity) = fired {
            let label = self.providers.label(activity, &Map::default());
            let targets = self.providers.targets(activity, &Map::default());
            self.tell_at(started, EventKind::FaultFired { step, what: format!("{name}: {label}"), targets });
        }
        let fired = fired.is_some();
        self.tell_at(started, EventKind::ActivityStarted { run, step, name, entry: entry.clone() });
        self.tell_at(
            ended,
            EventKind::ActivityEnded { run, step, outcome: outcome(entry), entry: entry.clone() },
        );
        if fired && failed {
            self.tell_at(ended, EventKind::FaultUnconfirmed { step, reason: error_of(entry) });
        }
    }

    /// Finds the step of an entry: the first one of its name that has none yet. An entry that no step declares, because
    /// a control added it, becomes a step.
    fn step(&mut self, section: Section, name: &str, activity: Option<&Activity>) -> StepRef {
        // The passes while the method runs repeat the probes, and have no steps of their own.
        if section == Section::During {
            return StepRef { section, index: 0 };
        }
        let free =
            |step: &&Step| step.at.section == section && step.name == name && !self.taken.contains(&step.at);
        if let Some(at) = self.plan.steps.iter().find(free).map(|step| step.at) {
            self.taken.push(at);
            return at;
        }
        let of_section = |step: &&Step| step.at.section == section;
        let index =
            self.plan.steps.iter().filter(of_section).map(|step| step.at.index + 1).max().unwrap_or(0);
        let at = StepRef { section, index };
        self.taken.push(at);
        if let Some(activity) = activity {
            let place = self.plan.steps.partition_point(|step| step.at.section <= section);
            self.plan.steps.insert(
                place,
                Step {
                    at,
                    name: name.to_owned(),
                    kind: activity.kind,
                    provider: activity.provider.kind,
                    label: self.providers.label(activity, &Map::default()),
                    reference: false,
                    background: activity.background,
                    destructive: section == Section::Method
                        && self.providers.effect(activity) == Effect::Changes,
                    pretended: false,
                    pause_before: None,
                    pause_after: None,
                    limit: None,
                    tolerance: None,
                },
            );
        }
        at
    }

    fn end(&mut self, journal: &Value, started: Timestamp) {
        let ended = moment(journal.get("end")).unwrap_or(self.latest.max(started));
        let status = match journal.get("status").and_then(Value::as_str) {
            Some("completed") => RunStatus::Completed,
            Some("failed") => RunStatus::Failed,
            Some("aborted") => RunStatus::Aborted,
            Some("interrupted") => RunStatus::Interrupted,
            _ => {
                self.problems.push(
                    "the journal has no final status: its run had not ended when it was written".to_owned(),
                );
                return;
            }
        };
        match status {
            RunStatus::Interrupted => {
                let reason = "the run was interrupted; the journal does not say why".to_owned();
                self.tell_at(ended, EventKind::Interrupted { reason, level: Level::Warning });
            }
            RunStatus::Aborted => {
                let message = "an unexpected error ended the run; the journal does not say which".to_owned();
                self.tell_at(ended, EventKind::Aborted { message });
            }
            RunStatus::Completed | RunStatus::Failed => {}
        }
        let deviated = journal.get("deviated").is_some_and(Value::truthy);
        self.tell_at(ended, EventKind::RunEnded { status, deviated });
    }

    fn tell_at(&mut self, at: Timestamp, what: EventKind) {
        self.latest = self.latest.max(at);
        self.told.push((at, what));
    }

    /// The events in the order of their moments; background activities run beside others.
    fn ordered(mut self) -> Vec<Event> {
        let first = self.told.first().map(|(at, _)| *at).unwrap_or_default();
        self.told.insert(1.min(self.told.len()), (first, EventKind::Planned(self.plan)));
        let is_end = |what: &EventKind| matches!(what, EventKind::RunEnded { .. });
        // Stable: at the same moment, what the journal lists first comes first. Nothing comes after the end.
        self.told.sort_by_key(|(at, what)| (is_end(what), *at));
        self.told.into_iter().zip(0..).map(|((at, what), seq)| Event { seq, at, what }).collect()
    }
}
