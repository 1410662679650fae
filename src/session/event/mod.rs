//! What happened: the facts of which a session is made.
//!
//! One variant a fact; serialisable; never a secret, never a handle. Emitters redact before they emit.

mod breaker;
mod cluster;
mod gap;
mod guard;
mod log;
mod plan;
mod plan_change;
mod prediction;
mod run;
mod undo;
mod users;

pub use breaker::{
    Belief, BreakerCounts, BreakerState, Confidence, NamedBreaker, NamedState, SourceClaim, SourceKind,
    SourceReport, Transition,
};
pub use cluster::{
    CheckLevel, ClusterNote, Container, FoundPods, LastEnd, Liveness, Pod, PodKey, PodPhase, PreflightCheck,
    ServiceEndpoints, Source, SourceState, StepCluster, TargetCard, Workload, is_about,
};
pub use gap::{Gap, GapCause};
pub use guard::{Guard, GuardTrip, Guards};
pub use log::{LogSource, PodLine};
pub use plan::{Plan, Section, Step, StepRef};
pub use plan_change::PlanChange;
pub use prediction::{ExpectedAnswers, ExpectedTrip, Prediction};
pub use run::{ActivityOutcome, HypothesisPhase, PauseSide, RunId, RunStatus};
pub use undo::{UndoKit, UndoResult};
pub use users::{Answer, AnswerKind, CallTotals, EndpointId, ErrorKind, RequestId};

use crate::session::Command;
use pyvalue::Value;
use serde::{Deserialize, Serialize};

/// A moment, UTC, stamped once, when the event is made.
pub type Timestamp = jiff::Timestamp;

/// One fact with its moment and its place in the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Place in the stream, from 0, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    pub what: EventKind,
}

/// Severity of a log line, in the words of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// For developers.
    Debug,
    /// Normal course.
    Info,
    /// Unexpected, harmless so far.
    Warning,
    /// Something failed.
    Error,
    /// The run's verdict hangs on it.
    Critical,
}

/// What can happen in a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    // -- the session ---------------------------------------------------------------------------------------------
    /// The session is being prepared: what is done now. Told only where a screen is there to show it.
    Preparing {
        /// Title of the experiment; empty until it is read.
        title: String,
        /// What is done now, such as `starting the sandbox`.
        doing: String,
    },
    /// The experiment needs a cluster and there is none: the operator is asked whether to start the sandbox.
    SandboxOffered,
    /// The session began: which file, which cluster.
    SessionOpened {
        /// Path or URL of the experiment.
        source: String,
        /// Context name, if a cluster is in play.
        context: Option<String>,
        namespace: String,
        /// Whether the context is on the allow-list: firing then needs SHIFT+F only, else the name is typed.
        allowed: bool,
    },
    /// The session's cluster is known from here on: a step has made its kubeconfig, or chosen it.
    ClusterFound {
        context: String,
        namespace: String,
        /// Whether the context is on the allow-list.
        allowed: bool,
    },
    /// How many seconds since T0 a user may be let down in.
    BudgetSet {
        /// Bad user-seconds.
        seconds: u32,
    },
    /// The file was read and laid out as steps.
    Planned(Plan),
    /// The preflight looked at one thing.
    Checked(PreflightCheck),
    /// The operator took a fix that the preflight offered.
    Fixed(PlanChange),
    /// A line for the log pane, the console and the log file that no other event implies.
    Logged {
        level: Level,
        /// Which room or library speaks.
        target: String,
        /// One line or several, already without secrets.
        message: String,
    },
    /// What ends the session by itself, from here on.
    GuardsSet(Guards),
    /// A guard went beyond its limit: the run is about to be told to end.
    GuardTripped(GuardTrip),
    /// A caption for the audience, such as the demo's.
    Captioned {
        text: String,
    },

    // -- the run, as the runner plays it ---------------------------------------------------------------------------
    /// The run began. Experiment is the value that goes to the journal, its title substituted, `dry` set.
    RunStarted {
        /// Substituted title.
        title: String,
        /// Printed name of the hypothesis strategy.
        hypothesis_strategy: String,
        /// Printed name of the rollback strategy.
        rollback_strategy: String,
        /// Dry mode, if any.
        dry: Option<String>,
        /// The experiment as the journal shows it.
        experiment: Value,
    },
    /// One pass of the hypothesis began.
    HypothesisStarted {
        phase: HypothesisPhase,
        title: String,
    },
    /// One pass of the hypothesis ended.
    HypothesisEnded {
        phase: HypothesisPhase,
        /// Whether every probe was in tolerance.
        met: bool,
        /// The last probe run, when not met. None if the pass broke, and nobody knows whether it would have been.
        deviating: Option<String>,
        /// Probes that the operator left out: nobody knows of them.
        #[serde(default)]
        skipped: usize,
    },
    /// The hypothesis is continuous from here on.
    ContinuousStarted {
        /// Seconds between passes.
        frequency: f64,
    },
    /// The continuous hypothesis ended; with fail-fast, the share of failed passes in percent.
    ContinuousEnded {
        /// Percent of failed passes, when fail-fast ended it.
        failed_percent: Option<f64>,
    },
    MethodStarted {
        /// Entries in the method.
        steps: usize,
    },
    /// The method ended, background activities included.
    MethodEnded,
    RollbacksStarted {
        /// Entries in the rollbacks.
        steps: usize,
    },
    RollbacksEnded,
    /// The cursor stands before a step and waits for the operator (never in automatic mode).
    StepAwaited {
        step: StepRef,
        /// Whether it needs a fire rather than a next.
        destructive: bool,
    },
    /// A pause around an activity began.
    PauseStarted {
        step: StepRef,
        /// Before or after.
        side: PauseSide,
        seconds: f64,
        /// The same as it was written: `1` and `1.0` differ.
        #[serde(default)]
        shown: String,
    },
    PauseEnded {
        step: StepRef,
        /// Whether the operator cut it short.
        cut: bool,
    },
    /// An activity's provider was called.
    ActivityStarted {
        /// Identity of this call.
        run: RunId,
        /// Where it stands in the plan.
        step: StepRef,
        name: String,
        /// The journal entry so far: `activity`, `output` null, `start`.
        entry: Value,
    },
    /// A waiting activity tells how far it is, such as `ready 0/1`.
    ActivityProgressed {
        /// Identity of the call.
        run: RunId,
        /// A few words.
        text: String,
    },
    /// An activity's call ended.
    ActivityEnded {
        /// Identity of the call.
        run: RunId,
        /// Where it stands in the plan.
        step: StepRef,
        outcome: ActivityOutcome,
        /// The complete journal entry.
        entry: Value,
    },
    /// A control, or the verdict on a tolerance, changed a journal entry after its call had ended.
    EntryAmended {
        /// Identity of the call.
        run: RunId,
        /// The complete journal entry.
        entry: Value,
    },
    /// A control changed a pass of the hypothesis that has ended.
    PassAmended {
        phase: HypothesisPhase,
        /// As the journal has it from now on.
        pass: Value,
    },
    /// A control changed the list of entries of the method or of the rollbacks.
    EntriesAmended {
        /// Method or rollbacks.
        section: Section,
        /// As the journal has them from now on.
        entries: Value,
    },
    /// The operator skipped a step.
    StepSkipped {
        step: StepRef,
        /// Its name, for the journal; empty in older recordings.
        #[serde(default)]
        name: String,
    },
    /// The run turns to its end because it was told to (signal, control, operator).
    Interrupted {
        /// Why, as the console says it.
        reason: String,
        /// How loud the console says it.
        level: Level,
    },
    /// The run turns to its end because of an error nobody expected.
    Aborted {
        /// What went wrong.
        message: String,
    },
    /// A control edited the experiment: what is still to come is played from this one.
    ExperimentAmended {
        experiment: Value,
        /// The top-level keys under which something else stands now, rather than the same thing with another content.
        reassigned: Vec<String>,
    },
    /// A control replaced the journal at the very end.
    JournalAmended {
        /// The journal as the control left it.
        journal: Value,
    },
    RunEnded {
        status: RunStatus,
        /// Whether the system deviated from its steady state.
        deviated: bool,
    },
    JournalWritten {
        path: String,
    },

    // -- the fault ---------------------------------------------------------------------------------------------------
    /// What firing the step would do, looked up just now.
    Targeted(TargetCard),
    /// Manifests of what a destructive step would hit were saved.
    KitSaved(UndoKit),
    /// The server was asked whether those of the awaited step could be put back; why not.
    KitChecked {
        /// `None` when they could.
        refused: Option<String>,
    },
    /// What fired steps took away is being put back.
    UndoBegan,
    /// It was put back, as far as that was possible.
    UndoDone(UndoResult),
    /// A destructive step was fired: the first one is T0.
    FaultFired {
        step: StepRef,
        /// What was done, in words.
        what: String,
        /// The objects hit, or the Deployment, Service or container the fault is about.
        targets: Vec<String>,
    },
    /// A fire was refused before it changed anything: there is no fault of it.
    FaultRefused {
        step: StepRef,
        /// Why, in words: which context, which user, what was asked of what.
        reason: String,
    },
    /// A fire failed, and nobody knows whether it changed something.
    FaultUnconfirmed {
        step: StepRef,
        /// Why, in words.
        reason: String,
    },
    /// The system is whole again: what the fault took away is back and ready.
    FaultHealed {
        /// What came back, in words.
        what: String,
    },
    /// The run has ended and left something to recover from: it is watched until the steady state is met again.
    SafetyBegan,
    /// The hypothesis was asked again after the end of the run. Not part of the run: the journal does not know of it.
    SafetyChecked {
        /// Whether the steady state is met again.
        met: bool,
        /// What is still wrong, a sentence each.
        wrong: Vec<String>,
        /// Whether this is the word that stands: met, or not met for too long.
        last: bool,
    },

    // -- the operator --------------------------------------------------------------------------------------------------
    /// A key that the runner or the session obeys.
    Commanded(Command),
    /// Automatic stepping was switched.
    AutoSwitched {
        /// Whether steps now run by themselves (destructive ones still wait, unless consent was given up front).
        on: bool,
    },

    // -- users ---------------------------------------------------------------------------------------------------------
    /// An endpoint is probed from now on.
    EndpointWatched {
        endpoint: EndpointId,
        /// Method and URL, without credentials.
        url: String,
        /// Requests a second.
        rate: f64,
        /// Client deadline in milliseconds.
        deadline_ms: u64,
        /// What users accept to wait, in milliseconds.
        limit_ms: u64,
    },
    /// Probing of an endpoint stopped.
    EndpointLeft {
        endpoint: EndpointId,
    },
    /// A request was due and sent; `at` of the event is its intended start.
    RequestSent {
        endpoint: EndpointId,
        request: RequestId,
    },
    /// A request was due but not sent: too many were in flight. Counted as waiting users, never hidden.
    RequestWithheld {
        endpoint: EndpointId,
        request: RequestId,
    },
    /// A request ended.
    Answered(Answer),
    /// Enough steady answers were seen to know what a real one looks like.
    ShapeLearned {
        endpoint: EndpointId,
        /// In words: `JSON string, 38 bytes, application/json`.
        description: String,
        answers: u32,
        /// What cannot be seen with it, if there is something.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unseen: Option<String>,
    },
    /// Whether the answers of an endpoint come to their end, where that is news. Those that do not are given up once they
    /// have begun.
    AnswersEnd {
        endpoint: EndpointId,
        end: bool,
    },
    /// Whether users are not asked at all: only pages are read.
    PassiveSet {
        /// Whether nobody is asked.
        on: bool,
    },
    /// A metrics page counts the calls of everybody, ours among them.
    CallsCounted(CallTotals),
    /// This program itself did not run for a while: what happened then was not observed.
    NotObserved(Gap),

    // -- the cluster -----------------------------------------------------------------------------------------------------
    PodSeen(Pod),
    PodGone(PodKey),
    /// Pods that are too many to be told one by one: how many there are of each STATUS, besides those of `PodSeen`.
    PodsCounted {
        namespace: String,
        /// Pods by the word `kubectl` prints in STATUS.
        states: std::collections::BTreeMap<String, u32>,
    },
    /// The operator looked for pods by name: those that were found among the pods that are only counted.
    PodsFound(FoundPods),
    /// A Service's endpoints are there or changed.
    ServiceSeen(ServiceEndpoints),
    /// A Deployment is there or changed.
    WorkloadSeen(Workload),
    WorkloadGone {
        namespace: String,
        name: String,
    },
    /// Kubernetes wrote an event about an object in play.
    ClusterNoted(ClusterNote),
    /// A container's log is read from here on.
    PodLogOpened {
        source: LogSource,
    },
    /// A container wrote lines.
    PodLogged {
        source: LogSource,
        /// They, oldest first.
        lines: Vec<PodLine>,
    },
    /// A container's log is not read any more.
    PodLogClosed {
        source: LogSource,
        /// Why it could not be read; none when it came to its end.
        failed: Option<String>,
    },
    /// A source of observations changed its state.
    SourceChanged {
        source: Source,
        state: SourceState,
    },

    // -- the breaker -------------------------------------------------------------------------------------------------------
    /// A source said something about the breaker.
    Testified(SourceReport),
    /// What we believe of the breaker changed, or its evidence did.
    Believed(Belief),
}
