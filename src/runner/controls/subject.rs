//! The subject of a round of controls.

use super::Level;
use crate::experiment::{Activity, Control, Hypothesis};
use pyvalue::Map;

/// The level that a round of controls is called for, and the context that the controls get.
#[derive(Clone, Copy, Debug)]
pub(in crate::runner) struct ControlSubject<'a> {
    pub level: Level,
    pub local: &'a [Control],
    /// The JSON path of the context in the experiment: changes to the context are made there.
    pub place: &'a str,
    pub context: &'a Map,
}

impl<'a> ControlSubject<'a> {
    /// The run, its method or its rollbacks; their context is the whole experiment.
    pub(crate) fn whole(level: Level, experiment: &'a Map) -> Self {
        Self { level, local: &[], place: "$", context: experiment }
    }

    /// A pass of the hypothesis.
    pub(crate) fn hypothesis(hypothesis: &'a Hypothesis) -> Self {
        let place = "$.steady-state-hypothesis";
        Self { level: Level::Hypothesis, local: &hypothesis.controls, place, context: &hypothesis.raw }
    }

    /// An activity; if an entry refers to it, its own declaration.
    pub(crate) fn activity(activity: &'a Activity) -> Self {
        let (local, place) = (&activity.controls, &activity.place);
        Self { level: Level::Activity, local, place, context: &activity.raw }
    }
}
