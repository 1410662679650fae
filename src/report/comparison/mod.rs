//! Two sessions side by side: the same fault, the same load, lined up at T0.
//!
//! Every figure is measured; what the figures cannot carry is said in [`Comparison::caveats`].

mod caveats;
mod figures;
mod findings;
mod rows;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use figures::Figures;
pub(crate) use findings::Finding;
pub(crate) use rows::{Judgement, Row};

use crate::{
    insight::{self, Conclusion, Score},
    session::{Session, event::Timestamp, state::Lane},
};

/// Two sessions side by side.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    /// The first one, such as the consumer without a breaker.
    pub before: Side,
    pub after: Side,
    pub rows: Vec<Row>,
    /// What should be known of it, most harmful first.
    pub findings: Vec<Finding>,
    /// What these two runs cannot tell.
    pub caveats: Vec<String>,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Side {
    /// What to call it: `before`.
    pub name: String,
    /// The verdict about its run.
    pub conclusion: Conclusion,
    /// What was measured.
    pub figures: Figures,
    /// Whether something of what the fault hit was seen to go away; `None` if nobody watched it.
    pub fault_had_effect: Option<bool>,
    /// What the operator expected, beside what happened.
    pub scores: Vec<Score>,
    /// The lanes users, breaker, health and fault from five seconds before T0 on, one letter a second.
    pub lanes: Vec<(Lane, String)>,
}

/// Seconds drawn of a lane: before T0, and from T0 on.
const LANE: (i64, i64) = (-5, 60);

impl Comparison {
    /// Compares two sessions as far as they went.
    pub(crate) fn of(before: (&str, &Session), after: (&str, &Session)) -> Self {
        let before = Side::of(before.0, before.1);
        let after = Side::of(after.0, after.1);
        let findings = findings::of(&before, &after);
        let rows = rows::of(&before, &after, &findings);
        let caveats = caveats::of(&before, &after);
        Self { before, after, rows, findings, caveats }
    }
}

impl Side {
    fn of(name: &str, session: &Session) -> Self {
        let now = session.last.unwrap_or(Timestamp::UNIX_EPOCH);
        let lanes = [Lane::Users, Lane::Breaker, Lane::Health, Lane::Fault];
        Self {
            name: name.to_owned(),
            conclusion: insight::conclusion(session, now),
            figures: Figures::of(session, now),
            scores: insight::scores(session, now),
            fault_had_effect: session.fault_had_effect(),
            lanes: lanes.map(|lane| (lane, session.lane(lane, LANE.0..LANE.1, now))).to_vec(),
        }
    }
}
