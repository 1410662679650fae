//! The events of which a session is made.
//!
//! One variant per fact; serialisable; never contains a secret or a handle. Emitters redact secrets before they emit.

mod breaker;
mod cluster;
mod gap;
mod guard;
mod guardian;
mod log;
mod operators;
mod plan;
mod plan_change;
mod prediction;
mod record;
mod run;
mod undo;
mod users;

use crate::session::Command;
pub use breaker::{
    Belief, BreakerCounts, BreakerState, Confidence, NamedBreaker, NamedState, SourceClaim, SourceKind,
    SourceReport, Transition,
};
pub use cluster::{
    CheckLevel, ClusterNote, Container, FoundPods, LastEnd, Liveness, Pod, PodKey, PodPhase, PreflightCheck,
    ServiceEndpoints, Source, SourceState, StepCluster, TargetCard, Workload, object_has_name,
};
pub use gap::{Gap, GapCause};
pub use guard::{Guard, GuardTrip, Guards};
pub use guardian::GuardianNews;
pub use log::{LogSource, PodLine};
pub use operators::OtherOperator;
pub use plan::{Plan, Section, Step, StepRef};
pub use plan_change::PlanChange;
pub use prediction::{ExpectedAnswers, ExpectedTrip, Prediction};
use pyvalue::Value;
pub use record::{EarlierSession, RecordState};
pub use run::{ActivityOutcome, HypothesisPhase, PauseSide, RunId, RunStatus};
use serde::{Deserialize, Serialize};
pub use undo::{UndoKit, UndoResult};
pub use users::{Answer, AnswerKind, CallTotals, EndpointId, ErrorKind, RequestId};

/// A moment in UTC, stamped once, when the event is created.
pub type Timestamp = jiff::Timestamp;

/// One event with its moment and its position in the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the stream, from 0, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    pub what: EventKind,
}

/// Severity of a log line, with the level names of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// For developers.
    Debug,
    /// Normal progress.
    Info,
    /// Unexpected, harmless so far.
    Warning,
    /// Something failed.
    Error,
    /// Decides the verdict of the run.
    Critical,
}

/// The kinds of events in a session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    // -- the session ---------------------------------------------------------------------------------------------
    /// The session is being prepared. Emitted only if a screen shows the progress.
    Preparing {
        /// Title of the experiment; empty until it is read.
        title: String,
        /// The current task, such as `starting the sandbox`.
        doing: String,
    },
    /// The experiment needs a cluster and none is available: the operator is asked whether to start the sandbox.
    SandboxOffered,
    /// The session opened, with its file and its cluster.
    SessionOpened {
        /// Path or URL of the experiment.
        source: String,
        /// Context name, if a cluster is in play.
        context: Option<String>,
        namespace: String,
        /// Whether the context is on the allow-list: firing then needs only SHIFT+F, otherwise the name is typed.
        allowed: bool,
    },
    /// The session's cluster became known: a step created its kubeconfig, or selected it.
    ClusterFound {
        context: String,
        namespace: String,
        /// Whether the context is on the allow-list.
        allowed: bool,
    },
    /// Whether the session is on record, from which `chaos-tui recover` undoes what it leaves on.
    RecordSet(RecordState),
    /// Earlier sessions on this machine that ended without undoing what they fired; none once all are recovered.
    EarlierSessionsFound(Vec<EarlierSession>),
    /// The budget of bad user-seconds since T0 was set.
    BudgetSet {
        /// Bad user-seconds.
        seconds: u32,
    },
    /// The experiment was read and laid out as steps.
    Planned(Plan),
    /// One preflight check finished.
    Checked(PreflightCheck),
    /// The operator applied a fix that the preflight offered.
    Fixed(PlanChange),
    /// A line for the log pane, the console and the log file that no other event implies.
    Logged {
        level: Level,
        /// The module or library that logs the line.
        target: String,
        /// One or more lines, with secrets already redacted.
        message: String,
    },
    /// The limits of the guards were set.
    GuardsSet(Guards),
    /// A guard exceeded its limit; the run is about to be ended.
    GuardTripped(GuardTrip),
    /// What became of the guardian.
    Guardian(GuardianNews),
    /// A caption for the audience, such as the demo's.
    Captioned {
        text: String,
    },

    // -- the run, as the runner executes it ------------------------------------------------------------------------
    /// The run started. `experiment` is the value that is written to the journal: its title substituted, `dry` set.
    RunStarted {
        /// Title after substitution.
        title: String,
        /// Printed name of the hypothesis strategy.
        hypothesis_strategy: String,
        /// Printed name of the rollback strategy.
        rollback_strategy: String,
        /// Dry mode, if any.
        dry: Option<String>,
        /// The experiment as the journal contains it.
        experiment: Value,
    },
    /// One pass of the hypothesis started.
    HypothesisStarted {
        phase: HypothesisPhase,
        title: String,
    },
    /// One pass of the hypothesis ended.
    HypothesisEnded {
        phase: HypothesisPhase,
        /// Whether every probe was in tolerance.
        met: bool,
        /// The last probe run, when not met. `None` if the pass broke, so that its result is unknown.
        deviating: Option<String>,
        /// Probes that the operator skipped; their results are unknown.
        #[serde(default)]
        skipped: usize,
    },
    /// The hypothesis is checked continuously from here on.
    ContinuousStarted {
        /// Seconds between passes.
        frequency: f64,
    },
    /// The continuous hypothesis ended, with the share of failed passes if fail-fast ended it.
    ContinuousEnded {
        /// Percent of failed passes, when fail-fast ended it.
        failed_percent: Option<f64>,
    },
    MethodStarted {
        /// Entries in the method.
        steps: usize,
    },
    /// The method ended, including background activities.
    MethodEnded,
    RollbacksStarted {
        /// Entries in the rollbacks.
        steps: usize,
    },
    RollbacksEnded,
    /// The run waits for the operator at the step under the cursor. In automatic mode only if the step needs a fire or
    /// the run is held there.
    StepAwaited {
        step: StepRef,
        /// Whether the step needs a fire rather than a next.
        destructive: bool,
    },
    /// A pause before or after an activity started.
    PauseStarted {
        step: StepRef,
        /// Before or after.
        side: PauseSide,
        seconds: f64,
        /// The seconds as the file writes them: `1` and `1.0` differ.
        #[serde(default)]
        shown: String,
    },
    PauseEnded {
        step: StepRef,
        /// Whether the operator ended it early.
        cut: bool,
    },
    /// An activity's provider was called.
    ActivityStarted {
        /// Identity of this call.
        run: RunId,
        /// The activity's step in the plan.
        step: StepRef,
        name: String,
        /// The journal entry so far: `activity`, `output` null, `start`.
        entry: Value,
    },
    /// A waiting activity reports its progress, such as `ready 0/1`.
    ActivityProgressed {
        /// Identity of the call.
        run: RunId,
        /// The progress in a few words.
        text: String,
    },
    /// An activity's call ended.
    ActivityEnded {
        /// Identity of the call.
        run: RunId,
        /// The activity's step in the plan.
        step: StepRef,
        outcome: ActivityOutcome,
        /// The complete journal entry.
        entry: Value,
    },
    /// A control or the tolerance check changed a journal entry after its call had ended.
    EntryAmended {
        /// Identity of the call.
        run: RunId,
        /// The complete journal entry.
        entry: Value,
    },
    /// A control changed a pass of the hypothesis that has ended.
    PassAmended {
        phase: HypothesisPhase,
        /// The pass as the journal contains it from now on.
        pass: Value,
    },
    /// A control changed the list of entries of the method or of the rollbacks.
    EntriesAmended {
        /// Method or rollbacks.
        section: Section,
        /// The entries as the journal contains them from now on.
        entries: Value,
    },
    /// The operator skipped a step.
    StepSkipped {
        step: StepRef,
        /// Its name, for the journal; empty in older recordings.
        #[serde(default)]
        name: String,
    },
    /// The run ends early because a signal, a control or the operator stopped it.
    Interrupted {
        /// The reason, as the console prints it.
        reason: String,
        /// The level at which the console prints the reason.
        level: Level,
    },
    /// The run ends early because of an unexpected error.
    Aborted {
        /// The error message.
        message: String,
    },
    /// A control edited the experiment: the remaining steps are executed from this version.
    ExperimentAmended {
        experiment: Value,
        /// The top-level keys whose value was replaced by another object, rather than changed in place.
        reassigned: Vec<String>,
    },
    /// A control replaced the journal at the very end of the run.
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
    /// The recording ended before the session, because it cannot be written any more.
    RecordingStopped {
        /// The reason, with the path.
        reason: String,
    },

    // -- the fault ---------------------------------------------------------------------------------------------------
    /// What firing the step would do, just looked up.
    Targeted(TargetCard),
    /// The manifests of the objects that a destructive step would hit were saved.
    KitSaved(UndoKit),
    /// The server was asked whether the manifests of the awaited step could be restored.
    KitChecked {
        /// Why they could not be restored; `None` when they could.
        refused: Option<String>,
    },
    /// The restore of what fired steps removed started.
    UndoBegan,
    /// The restore ended, with its result.
    UndoDone(UndoResult),
    /// A destructive step was fired; the first fire is T0.
    FaultFired {
        step: StepRef,
        /// What was done, in words.
        what: String,
        /// The objects hit, or the Deployment, Service or container that the fault targets.
        targets: Vec<String>,
    },
    /// A fire was refused before it changed anything: it caused no fault.
    FaultRefused {
        step: StepRef,
        /// The reason in words: the context, the user, and the refused request.
        reason: String,
    },
    /// A fire failed, and it is unknown whether it changed anything.
    FaultUnconfirmed {
        step: StepRef,
        /// The reason in words.
        reason: String,
    },
    /// The system has healed: what the fault removed is back and ready.
    FaultHealed {
        /// What came back, in words.
        what: String,
    },
    /// The rollbacks are over and there is something to recover from: once the run has ended, it is watched until the
    /// steady state is met again.
    SafetyBegan,
    /// The hypothesis was checked again after the end of the run. Not part of the run, and not in the journal.
    SafetyChecked {
        /// Whether the steady state is met again.
        met: bool,
        /// What is still wrong, one sentence each.
        wrong: Vec<String>,
        /// Whether this check is final: met, or not met for too long.
        last: bool,
    },

    // -- the operator --------------------------------------------------------------------------------------------------
    /// Other sessions have a fault on at this target; replaces those known before.
    OperatorsSeen {
        others: Vec<OtherOperator>,
    },
    /// The operator's command to the runner or the session.
    Commanded(Command),
    /// Automatic stepping was switched on or off.
    AutoSwitched {
        /// Whether steps now run automatically (destructive ones still wait, unless consent was given up front).
        on: bool,
    },

    // -- users ---------------------------------------------------------------------------------------------------------
    /// An endpoint is probed from now on.
    EndpointWatched {
        endpoint: EndpointId,
        /// Method and URL, without credentials.
        url: String,
        /// Requests per second.
        rate: f64,
        /// Client deadline in milliseconds.
        deadline_ms: u64,
        /// The longest wait that users accept, in milliseconds.
        limit_ms: u64,
        /// How the Service is reached if one was named: `port-forward to service/my-consumer-service`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        via: Option<String>,
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
    /// A request was due but not sent, because too many were in flight. Counted as a waiting user, never hidden.
    RequestWithheld {
        endpoint: EndpointId,
        request: RequestId,
    },
    /// Our own way to the service, a port-forward, broke or held up these requests: their outcome is unknown.
    RequestsLost {
        endpoint: EndpointId,
        requests: Vec<RequestId>,
    },
    /// A request ended.
    Answered(Answer),
    /// Enough steady-state answers were seen to learn the shape of a real answer.
    ShapeLearned {
        endpoint: EndpointId,
        /// The shape in words: `JSON string, 38 bytes, application/json`.
        description: String,
        answers: u32,
        /// What cannot be detected with this shape, if anything.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unseen: Option<String>,
    },
    /// Reports that it changed whether the endpoint's responses end. Responses that do not end are aborted once they
    /// have begun.
    AnswersEnd {
        endpoint: EndpointId,
        end: bool,
    },
    /// Whether the session is passive: it only reads pages and sends no requests to the endpoint.
    PassiveSet {
        /// Whether the session is passive.
        on: bool,
    },
    /// A metrics page reported the number of calls of all clients, this program's included.
    CallsCounted(CallTotals),
    /// This program did not run for a while: nothing was observed in that period.
    NotObserved(Gap),

    // -- the cluster -----------------------------------------------------------------------------------------------------
    PodSeen(Pod),
    PodGone(PodKey),
    /// Pods that are too many to be reported one by one: their number per STATUS, in addition to those of `PodSeen`.
    PodsCounted {
        namespace: String,
        /// The number of pods by the text that `kubectl` prints in the STATUS column.
        states: std::collections::BTreeMap<String, u32>,
    },
    /// The operator searched for pods by name: the matches among the pods that are only counted.
    PodsFound(FoundPods),
    /// A Service's endpoints appeared or changed.
    ServiceSeen(ServiceEndpoints),
    /// A Deployment appeared or changed.
    WorkloadSeen(Workload),
    WorkloadGone {
        namespace: String,
        name: String,
    },
    /// Kubernetes wrote an event about an object in play.
    ClusterNoted(ClusterNote),
    /// Reading of a container's log started.
    PodLogOpened {
        source: LogSource,
    },
    /// A container wrote log lines.
    PodLogged {
        source: LogSource,
        /// The lines, oldest first.
        lines: Vec<PodLine>,
    },
    /// Reading of a container's log ended.
    PodLogClosed {
        source: LogSource,
        /// Why the log could not be read; `None` when its end was reached.
        failed: Option<String>,
    },
    /// A source of observations changed its state.
    SourceChanged {
        source: Source,
        state: SourceState,
    },

    // -- the breaker -------------------------------------------------------------------------------------------------------
    /// A source reported something about the breaker.
    Testified(SourceReport),
    /// The belief about the breaker, or its evidence, changed.
    Believed(Belief),
}
