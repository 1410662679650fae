//! What a round of controls is about.

use super::Level;
use crate::experiment::{Activity, Control, Hypothesis};
use pyvalue::Map;

/// What a round of controls is about, and gets as its context.
#[derive(Clone, Copy, Debug)]
pub(in crate::runner) struct ControlSubject<'a> {
    pub level: Level,
    pub local: &'a [Control],
    /// Where the context is in the experiment, as a JSON path: what a control changes in it, it changes there.
    pub place: &'a str,
    pub context: &'a Map,
}

impl<'a> ControlSubject<'a> {
    /// The run, its method or its rollbacks, for which the context is the whole experiment.
    pub(crate) fn whole(level: Level, experiment: &'a Map) -> Self {
        Self { level, local: &[], place: "$", context: experiment }
    }

    /// A pass of the hypothesis.
    pub(crate) fn hypothesis(hypothesis: &'a Hypothesis) -> Self {
        let place = "$.steady-state-hypothesis";
        Self { level: Level::Hypothesis, local: &hypothesis.controls, place, context: &hypothesis.raw }
    }

    /// An activity; where an entry refers to it, its own declaration.
    pub(crate) fn activity(activity: &'a Activity) -> Self {
        let (local, place) = (&activity.controls, &activity.place);
        Self { level: Level::Activity, local, place, context: &activity.raw }
    }
}
