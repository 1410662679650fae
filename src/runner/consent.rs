//! Permission to change the system, as a type.
//!
//! Only code that holds a [`Consent`] can call a destructive activity: the runner creates one from the operator's
//! [`Fire`](crate::session::command::StepCommand::Fire), and a headless command from the command to run the file.

use crate::{
    experiment::Activity,
    provider::Effect,
    session::event::{Section, StepRef},
};

/// The operator's permission to change the system.
#[derive(Clone, Debug)]
pub(crate) struct Consent {
    /// The step that the consent covers; every step when it was given up front.
    step: Option<StepRef>,
}

impl Consent {
    /// Consent to the whole file. Only an explicit command to run it without asking may create this.
    pub(crate) fn up_front() -> Self {
        Self { step: None }
    }

    /// Whether consent was given up front, before any step was shown.
    pub(super) fn is_up_front(&self) -> bool {
        self.step.is_none()
    }

    /// Consent to the step that the operator fired.
    pub(super) fn fired(step: StepRef) -> Self {
        Self { step: Some(step) }
    }

    fn covers(&self, step: StepRef) -> bool {
        // A continuous pass repeats the probes of the pass before the method, so their fire covers it.
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
    /// Whether consent was given up front, for the whole file.
    up_front: bool,
    /// Whether the consent covers the step, so that the activity may change the system as it was shown.
    fired: bool,
}

impl<'a> Cleared<'a> {
    /// Clears an activity. Returns `None` if it is destructive here and the consent does not cover it.
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

    /// Clears the probe of a tolerance: it judges an output, whatever type it declares.
    pub(super) fn to_judge(probe: &'a Activity) -> Self {
        Self { activity: probe, up_front: false, fired: false }
    }

    /// Clears another activity in its place, by a fix that the operator accepted.
    pub(super) fn instead(self, activity: &Activity) -> Cleared<'_> {
        Cleared { activity, ..self }
    }

    /// Clears the activity as a control left it. A step that changes the system is fired as it was shown: a provider
    /// that a control changed since is not cleared, nor a step that needed no fire because it was only pretended.
    pub(super) fn edited(self, activity: &Activity, step: StepRef, effect: Effect) -> Option<Cleared<'_>> {
        let agreed = self.up_front || (self.fired && activity.provider == self.activity.provider);
        (agreed || !needs_consent(effect, step.section)).then_some(Cleared { activity, ..self })
    }

    /// Whether the operator fired this very step, having seen what it would do.
    pub(super) fn was_fired(&self) -> bool {
        self.fired && !self.up_front
    }

    pub(super) fn activity(&self) -> &'a Activity {
        self.activity
    }
}

/// Whether a step is destructive. Rollbacks lead towards safety: consent to a fire includes undoing it.
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
        assert!(
            !cleared(at(Section::Method, 0), Changes, Some(&gate)),
            "a gate's fire is none for the method"
        );
        let probe = Consent::fired(at(Section::Method, 0));
        assert!(!cleared(at(Section::During, 0), Changes, Some(&probe)));
    }

    #[test]
    fn only_what_was_shown_and_fired_counts_as_fired() {
        let raw = parse_json(r#"{"type": "action", "name": "a", "provider": {"type": "process"}}"#).unwrap();
        let activity = Activity::declared(raw.as_map().unwrap(), "$").unwrap();
        let at = |index| StepRef { section: Section::Method, index };
        let was_fired = |effect, consent: Option<&Consent>| {
            Cleared::new(&activity, at(1), effect, consent).unwrap().was_fired()
        };
        assert!(was_fired(Changes, Some(&Consent::fired(at(1)))));
        assert!(!was_fired(Changes, Some(&Consent::up_front())), "nothing was shown before");
        assert!(!was_fired(Reads, None));
        assert!(!was_fired(Reads, Some(&Consent::fired(at(2)))));
        assert!(Consent::up_front().is_up_front() && !Consent::fired(at(1)).is_up_front());
    }
}
