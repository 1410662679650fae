//! Permission to change the system, as a type.
//!
//! A destructive activity can be called only by whoever holds a [`Consent`]: the runner makes one from the operator's
//! [`Fire`](crate::session::command::StepCommand::Fire), and a headless command from the order to run the file.

use crate::{
    experiment::Activity,
    provider::Effect,
    session::event::{Section, StepRef},
};

/// The operator's permission to change the system.
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    /// The step it is for; every one when given up front.
    step: Option<StepRef>,
}

impl Consent {
    /// For the whole file. Only an explicit order to run it without asking may make this.
    pub(crate) fn up_front() -> Self {
        Self { step: None }
    }

    /// Whether it was given before anything was shown.
    pub(super) fn is_up_front(&self) -> bool {
        self.step.is_none()
    }

    /// For the step the operator fired.
    pub(super) fn fired(step: StepRef) -> Self {
        Self { step: Some(step) }
    }

    fn covers(&self, step: StepRef) -> bool {
        // A continuous pass repeats the gate's probes, so the gate's fire covers it.
        let same = |own: StepRef| {
            own == step
                || (own.section == Section::Before
                    && step.section == Section::During
                    && own.index == step.index)
        };
        self.step.is_none_or(same)
    }
}

/// An activity that may be called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cleared<'a> {
    activity: &'a Activity,
    /// Whether everything that the file does was agreed to.
    up_front: bool,
    /// Whether it may change the system as it is: it needs no fire, or was fired.
    fired: bool,
}

impl<'a> Cleared<'a> {
    /// Clears an activity; `None` when it is destructive here and the consent does not cover it.
    pub(super) fn new(
        activity: &'a Activity,
        step: StepRef,
        effect: Effect,
        consent: Option<&Consent>,
    ) -> Option<Self> {
        let allowed =
            !needs_consent(effect, step.section) || consent.is_some_and(|consent| consent.covers(step));
        let up_front = consent.is_some_and(|consent| consent.step.is_none());
        let fired = consent.is_some_and(|consent| consent.covers(step));
        allowed.then_some(Self { activity, up_front, fired })
    }

    /// The probe of a tolerance: it judges an output, whatever it calls itself.
    pub(super) fn to_judge(probe: &'a Activity) -> Self {
        Self { activity: probe, up_front: false, fired: false }
    }

    /// Another activity in its place, by a fix that the operator took.
    pub(super) fn instead<'b>(self, activity: &'b Activity) -> Cleared<'b> {
        Cleared { activity, ..self }
    }

    /// The activity as a control left it. A step that changes the system is fired as it was shown: what a control made
    /// of it since is not cleared, nor a step that needed no fire because it was only pretended.
    pub(super) fn edited<'b>(
        self,
        activity: &'b Activity,
        step: StepRef,
        effect: Effect,
    ) -> Option<Cleared<'b>> {
        let agreed = self.up_front || (self.fired && activity.provider == self.activity.provider);
        (agreed || !needs_consent(effect, step.section)).then_some(Cleared { activity, ..self })
    }

    /// Whether somebody fired this very step, having seen what it would do.
    pub(super) fn was_fired(&self) -> bool {
        self.fired && !self.up_front
    }

    pub(super) fn activity(&self) -> &'a Activity {
        self.activity
    }
}

/// Whether a step is destructive. Rollbacks lead towards safety: whoever fired has agreed to the undoing.
pub(super) fn needs_consent(effect: Effect, section: Section) -> bool {
    effect == Effect::Changes && section != Section::Rollbacks
}

#[cfg(test)]
mod tests {
    use super::{Cleared, Consent};
    use crate::{
        experiment::Activity,
        provider::Effect::{Changes, Reads},
        session::event::{Section, StepRef},
    };
    use pyvalue::parse_json;

    #[test]
    fn a_destructive_step_needs_the_consent_for_it() {
        let raw = parse_json(r#"{"type": "action", "name": "a", "provider": {"type": "process"}}"#).unwrap();
        let activity = Activity::declared(raw.as_map().unwrap(), "$").unwrap();
        let at = |section, index| StepRef { section, index };
        let (method, other) = (at(Section::Method, 1), at(Section::Method, 2));
        let cleared = |step, effect, consent: Option<&Consent>| {
            Cleared::new(&activity, step, effect, consent).is_some()
        };
        assert!(cleared(method, Reads, None));
        assert!(!cleared(method, Changes, None));
        assert!(cleared(method, Changes, Some(&Consent::fired(method))));
        assert!(!cleared(method, Changes, Some(&Consent::fired(other))));
        assert!(cleared(method, Changes, Some(&Consent::up_front())));
        assert!(cleared(at(Section::Rollbacks, 0), Changes, None));
        let gate = Consent::fired(at(Section::Before, 0));
        assert!(cleared(at(Section::During, 0), Changes, Some(&gate)));
        assert!(!cleared(at(Section::During, 1), Changes, Some(&gate)));
    }
}
