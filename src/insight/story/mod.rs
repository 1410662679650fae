//! What changed, one sentence each, in order of time. Not a log: no levels, no modules, no time of day.

mod breaker;
mod cluster;
mod run;
#[cfg(test)]
mod tests;
mod users;

use crate::session::{event::Timestamp, state::Session};

/// Lines of one kind, the latest ones: an hour of flapping is no story.
const KEPT: usize = 64;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryLine {
    pub at: Timestamp,
    pub sign: StoryMark,
    /// In which colour its sign is; a loud line of a fault or of harm is in it too.
    pub tone: Tone,
    pub text: String,
    /// Whether it is a turn of the story.
    pub loud: bool,
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoryMark {
    /// Something runs from here on.
    Runs,
    /// Something was done, or is met.
    Done,
    /// Something failed, or is gone.
    Failed,
    /// Something was cut short.
    Cut,
    /// A destructive step was fired.
    Fired,
    /// A state changed.
    State,
    /// A liveness probe failed.
    Miss,
    /// The operator wrote or marked something.
    Noted,
}

/// What a line, a word or a figure says of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    Plain,
    Ok,
    Protected,
    Waiting,
    Failing,
    Fault,
    Unknown,
}

impl StoryLine {
    fn quiet(at: Timestamp, sign: StoryMark, tone: Tone, text: impl Into<String>) -> Self {
        Self { at, sign, tone, text: text.into(), loud: false }
    }

    fn loud(at: Timestamp, sign: StoryMark, tone: Tone, text: impl Into<String>) -> Self {
        Self { at, sign, tone, text: text.into(), loud: true }
    }
}

/// What changed up to a moment, the newest last.
pub fn story(session: &Session, now: Timestamp) -> Vec<StoryLine> {
    let sources = [
        users::begun(session),
        breaker::states(session),
        run::passes(session),
        run::fires(session),
        cluster::provider(session),
        cluster::consumer(session),
        users::first_wait(session),
        users::first_error(session),
        run::steps(session),
        breaker::cycles(session),
        cluster::health(session),
        cluster::liveness(session),
        cluster::restarts(session),
        users::back(session),
        run::ends(session),
        run::diary(session),
        run::gaps(session),
    ];
    let latest = |lines: Vec<StoryLine>| {
        let skipped = lines.len().saturating_sub(KEPT);
        lines.into_iter().skip(skipped)
    };
    let mut lines: Vec<StoryLine> =
        sources.into_iter().flat_map(latest).filter(|line| line.at <= now).collect();
    // Of one moment what causes stands before what follows.
    lines.sort_by_key(|line| line.at);
    lines
}
