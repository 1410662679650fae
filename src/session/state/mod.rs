//! The state of a session, computed from its events by a pure reducer.
//!
//! [`Session::apply`] is the only place where the state changes. The state has no clock: everything that depends on the
//! present takes `now` as an argument, so that a replay draws the same frames. Everything in it is bounded: rings for
//! what is drawn, histograms for what is counted.

mod annotations;
mod apply;
mod breaker;
mod cluster;
mod fault;
mod gaps;
mod guardian;
mod guards;
mod history;
mod lanes;
mod log;
mod run;
mod safety;
mod second_slots;
mod session;
mod steps;
#[cfg(test)]
mod tests;
mod undo;
mod users;

pub use annotations::{Annotations, TimedText};
pub use breaker::{Breaker, Cycle, CycleEnd, LatestReport, MeasuredSettings};
pub use cluster::{
    Cluster, Identity, LivenessMisses, LogState, NoteRow, PodLog, PodLogs, PodRow, ReadySince,
    RestartCountdown, Roles, ServiceRow, SourceRow, WorkloadRow, WorkloadState,
};
pub use fault::{Fault, Firing, RefusedFire};
pub use gaps::Gaps;
pub use guardian::Guardian;
pub use guards::GuardState;
pub use history::History;
pub use lanes::{Lane, UNSEEN};
pub use log::{Log, LogLine};
pub use run::{ContinuousPasses, FinishedPass, Run};
pub use safety::{Safety, SafetyBasis, SafetyCheck};
pub use second_slots::SecondSlots;
pub use session::{Meta, Opening, Session};
pub use steps::{Span, StepInterval, StepRow, StepState, Steps};
pub use undo::UndoState;
pub use users::{
    AnswerGroup, BANDS, CallRate, CallShare, Endpoint, InFlight, LatencySummary, LearnedAnswer, Outcome,
    Quantile, Recent, Sample, Tally, UserBaseline, UserSecond, Users, Window,
};
