//! The pauses around an activity (experiment-format 8.4).

use super::{
    context::RunContext,
    emitter::RunEmitter,
    stop_signal::{StopKind, StopSignal},
};
use crate::{
    experiment::{Activity, substitute},
    session::{
        EventKind,
        event::{Level, PauseSide, StepRef},
    },
};
use pyvalue::{Value, python_text};
use std::time::Duration;

/// The longest sleep of Python in seconds: 64 bits of nanoseconds.
const LONGEST: f64 = 9_223_372_036.0;

/// The pauses before and after an activity, with variables substituted.
pub(super) struct Pauses {
    before: Value,
    after: Value,
    /// Dry modes announce pauses without sleeping.
    sleeps: bool,
}

/// Why a pause did not run to its end.
pub(super) enum PauseCut {
    /// The run is stopping.
    Halted,
    /// `pauses` is malformed, or a length is no valid number of seconds.
    Invalid(String),
}

impl Pauses {
    pub(super) fn of(activity: &Activity, ctx: &RunContext, sleeps: bool) -> Result<Self, PauseCut> {
        let Some(declared) = &activity.pauses.0 else {
            return Ok(Self { before: Value::Null, after: Value::Null, sleeps });
        };
        match substitute(declared, &ctx.configuration(), &ctx.secrets) {
            Value::Map(mut pauses) => {
                let mut side = |side| pauses.shift_remove(side).unwrap_or_default();
                Ok(Self { before: side("before"), after: side("after"), sleeps })
            }
            other => Err(PauseCut::Invalid(format!(
                "the `pauses` of '{}' are {}; write {{before: seconds, after: seconds}}, or leave them out",
                activity.name,
                python_text(&other),
            ))),
        }
    }

    /// Announces a pause and sleeps. Does nothing for a length of zero or none.
    pub(super) async fn sleep(
        &self,
        side: PauseSide,
        step: StepRef,
        voice: &RunEmitter,
        stop_signal: &StopSignal,
    ) -> Result<(), PauseCut> {
        let length = match side {
            PauseSide::Before => &self.before,
            PauseSide::After => &self.after,
        };
        if !length.truthy() {
            return Ok(());
        }
        let Some(seconds) = seconds(length) else {
            // The reference announces the pause before it fails on it.
            voice.log(Level::Info, announcement(side, &python_text(length))).await;
            return if self.sleeps { Err(PauseCut::Invalid(invalid_pause_message(length))) } else { Ok(()) };
        };
        let shown = python_text(length);
        voice.emit(EventKind::PauseStarted { step, side, seconds, shown }).await;
        let stopped_by = match self.sleeps {
            // A length below zero or beyond the clock's range cannot be slept; this is detected only here.
            true if !(0.0..LONGEST).contains(&seconds) => {
                return Err(PauseCut::Invalid(invalid_pause_message(length)));
            }
            true => sleep_unless_stopped(seconds, stop_signal).await,
            false => None,
        };
        voice.emit(EventKind::PauseEnded { step, cut: stopped_by == Some(StopKind::Cut) }).await;
        if stopped_by == Some(StopKind::Halt) { Err(PauseCut::Halted) } else { Ok(()) }
    }
}

/// Sleeps. Returns what ended the sleep early, if anything did.
async fn sleep_unless_stopped(seconds: f64, stop_signal: &StopSignal) -> Option<StopKind> {
    let length = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    tokio::select! {
        biased;
        stopped_by = stop_signal.wait() => Some(stopped_by),
        () = tokio::time::sleep(length) => None,
    }
}

fn seconds(length: &Value) -> Option<f64> {
    match length {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Int(seconds) => Some(*seconds as f64),
        Value::Float(seconds) if !seconds.is_nan() => Some(*seconds),
        _ => None,
    }
}

fn invalid_pause_message(length: &Value) -> String {
    let shown = python_text(length);
    format!(
        "the pause '{shown}' is not a valid number of seconds; \
         a pause from the environment needs `\"env_var_type\": \"float\"` in the configuration"
    )
}

/// Returns the console line that announces a pause.
fn announcement(side: PauseSide, length: &str) -> String {
    match side {
        PauseSide::Before => format!("Pausing before next activity for {length}s..."),
        PauseSide::After => format!("Pausing after activity for {length}s..."),
    }
}
