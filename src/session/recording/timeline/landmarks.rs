//! The events of a session that a reader wants to go to.

use super::Position;
use crate::session::{
    Command, Event, EventKind, Session,
    command::Annotation,
    event::{BreakerState, Level, StepRef, Timestamp},
    wording,
};

/// The maximum number of landmarks.
const MOST: usize = 50_000;

/// Something that happened besides requests, polls and log lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landmark {
    /// The moment of the replay at which it has happened.
    pub at: Timestamp,
    /// Events up to and including it.
    pub events: u64,
    pub kind: LandmarkKind,
    /// The name or text by which it is found.
    pub text: String,
}

/// What is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LandmarkKind {
    /// A step of the experiment began, was skipped, or was fired.
    Step,
    /// The operator's note, mark or caption.
    Note,
    Other,
}

/// Collects landmarks from the events in order.
#[derive(Default)]
pub(super) struct Landmarks {
    pub(super) found: Vec<Landmark>,
    breaker: Option<BreakerState>,
}

impl Landmarks {
    /// Notes an event if it is a landmark; `session` is the state after it.
    pub(super) fn note(&mut self, position: Position, event: &Event, session: &Session) {
        if let Some((kind, text)) = self.landmark(&event.what, session).filter(|_| self.found.len() < MOST) {
            self.found.push(Landmark { at: position.at, events: position.events, kind, text });
        }
    }

    fn landmark(&mut self, what: &EventKind, session: &Session) -> Option<(LandmarkKind, String)> {
        use EventKind as E;
        let name = |step| session.steps.row(step).map_or(String::new(), |row| row.step.name.clone());
        match what {
            E::Believed(belief) => {
                let changed = self.breaker.replace(belief.state) != Some(belief.state);
                changed.then(|| (LandmarkKind::Other, format!("breaker {}", wording::breaker(belief.state))))
            }
            E::ActivityStarted { name, .. } => Some((LandmarkKind::Step, name.clone())),
            E::StepSkipped { step, .. } => Some((LandmarkKind::Step, format!("{} was skipped", name(*step)))),
            E::FaultFired { step, what, .. } => {
                Some((LandmarkKind::Step, format!("{} was fired: {what}", name(*step))))
            }
            E::Commanded(Command::Annotate(Annotation::Note(text))) | E::Captioned { text } => {
                Some((LandmarkKind::Note, text.clone()))
            }
            E::Commanded(Command::Annotate(Annotation::Mark)) => {
                Some((LandmarkKind::Note, "mark".to_owned()))
            }
            what => in_words(what, name).map(|text| (LandmarkKind::Other, text)),
        }
    }
}

/// What happened, in a few words; `None` for requests, polls, log lines and housekeeping.
fn in_words(what: &EventKind, name: impl Fn(StepRef) -> String) -> Option<String> {
    use EventKind as E;
    let met = |met: bool| if met { "met" } else { "not met" };
    Some(match what {
        E::SessionOpened { .. } => "the session opened".to_owned(),
        E::Planned(_) => "the experiment was read".to_owned(),
        E::Checked(check) => check.text.clone(),
        E::Logged { level, message, .. } if *level >= Level::Warning => message.clone(),
        E::GuardTripped(trip) => trip.because.clone(),
        E::RunStarted { .. } => "the run started".to_owned(),
        E::HypothesisStarted { .. } => "the steady state is checked".to_owned(),
        E::HypothesisEnded { met: is, .. } => format!("steady state {}", met(*is)),
        E::MethodStarted { .. } => "the method started".to_owned(),
        E::MethodEnded => "the method ended".to_owned(),
        E::RollbacksStarted { .. } => "the rollbacks started".to_owned(),
        E::RollbacksEnded => "the rollbacks ended".to_owned(),
        E::StepAwaited { step, .. } => format!("{} is next", name(*step)),
        E::PauseStarted { step, seconds, .. } => format!("{}: a pause of {seconds} s", name(*step)),
        E::PauseEnded { step, .. } => format!("{}: the pause ended", name(*step)),
        E::ActivityEnded { step, outcome, .. } => {
            let result = match outcome.succeeded {
                Some(true) => "succeeded",
                Some(false) => "failed",
                None => "ended",
            };
            format!("{} {result}: {}", name(*step), outcome.summary)
        }
        E::Interrupted { reason, .. } => reason.clone(),
        E::Aborted { message } => message.clone(),
        E::RunEnded { .. } => "the run ended".to_owned(),
        E::JournalWritten { path } => format!("the journal {path} was written"),
        E::KitSaved(_) => "manifests were saved for the undo kit".to_owned(),
        E::UndoBegan => "the undo kit is applied".to_owned(),
        E::UndoDone(_) => "the undo kit was applied".to_owned(),
        E::FaultRefused { reason, .. } | E::FaultUnconfirmed { reason, .. } => reason.clone(),
        E::FaultHealed { what } => what.clone(),
        E::SafetyChecked { met: is, .. } => format!("steady state {} after the run", met(*is)),
        E::EndpointWatched { url, .. } => format!("users are asked for: {url}"),
        E::ShapeLearned { description, .. } => format!("a real answer is: {description}"),
        E::PodSeen(pod) => format!("pod {}: {}", pod.key.name, pod.status),
        E::PodGone(key) => format!("pod {} is gone", key.name),
        E::ServiceSeen(service) => format!("service {}: {} ready endpoints", service.name, service.ready),
        E::WorkloadSeen(workload) => {
            format!("{}: {} of {} ready", workload.name, workload.ready, workload.desired)
        }
        E::ClusterNoted(note) => format!("{}: {} {}", note.object, note.reason, note.message),
        _ => return None,
    })
}
