//! The state of a session: what a pure reducer makes of its events.
//!
//! [`Session::apply`] is the only place where it changes. It has no clock: whatever depends on the present takes
//! `now` as an argument, so that a replay draws the same frames. Everything in it is bounded: rings for what is
//! drawn, histograms for what is counted.

mod apply;
mod axis;
mod breaker;
mod cluster;
mod diary;
mod fault;
mod gaps;
mod guards;
mod history;
mod lanes;
mod log;
mod run;
mod safety;
mod session;
mod steps;
#[cfg(test)]
mod tests;
mod undo;
mod users;

pub use axis::Axis;
pub use breaker::{Breaker, Cycle, CycleEnd, Measured, Statement};
pub use cluster::{
    Cluster, Countdown, Identity, LogState, Misses, NoteRow, PodLog, PodLogs, PodRow, Readied, Roles,
    ServiceRow, SourceRow, WorkloadRow, WorkloadState,
};
pub use diary::{Diary, Entry};
pub use fault::{Fault, Firing, Refusal};
pub use gaps::Gaps;
pub use guards::GuardState;
pub use history::History;
pub use lanes::{Lane, UNSEEN};
pub use log::{Log, LogLine};
pub use run::{During, Pass, Run};
pub use safety::{Asked, Safety, SafetyKnown};
pub use session::{Meta, Opening, Session};
pub use steps::{Played, Span, StepRow, StepState, Steps};
pub use undo::Undo;
pub use users::{
    BANDS, CallRate, CallShare, Dot, Endpoint, InFlight, Look, Outcome, Quantile, Recent, Second, Shape,
    Tally, Users, Usual, Waits, Window,
};
