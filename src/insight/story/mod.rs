//! The story: what changed, one sentence each, in chronological order. Not a log: no levels, no modules, no time of
//! day.

mod breaker;
mod cluster;
mod run;
#[cfg(test)]
mod tests;
mod users;

pub use breaker::opening_tone;

use crate::session::{event::Timestamp, state::Session};

/// Maximum lines of one kind, the latest ones: an hour of flapping must not fill the story.
const KEPT: usize = 64;

/// One line of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryLine {
    pub at: Timestamp,
    pub mark: StoryMark,
    /// The colour of its sign; a loud line of a fault or of harm is also written in it.
    pub tone: Tone,
    pub text: String,
    /// Whether it is a main event of the story.
    pub emphasized: bool,
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoryMark {
    /// Something has started and is running.
    Runs,
    /// Something was done, or was met.
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

/// The colour of a line, word or figure by what it says of users.
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
        Self { at, mark: sign, tone, text: text.into(), emphasized: false }
    }

    fn loud(at: Timestamp, sign: StoryMark, tone: Tone, text: impl Into<String>) -> Self {
        Self { at, mark: sign, tone, text: text.into(), emphasized: true }
    }
}

/// Returns what changed up to `now`, the newest last.
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
    // At the same time, causes come before effects: the sort is stable, and `sources` lists causes first.
    lines.sort_by_key(|line| line.at);
    lines
}
