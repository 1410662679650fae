//! Which parts of an activity are really executed (experiment-format 8.7).
//!
//! The reference executes every activity that has a `dry` key, whatever its value and whatever the run's mode. Here the
//! key can only restrict: an activity marked as dry, by the file or by an add-on, is not fired.

use super::request::Dry;
use crate::experiment::{Activity, ActivityKind};
use pyvalue::Value;

/// Which parts of an activity are really executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CallMode {
    /// The provider is called and pauses are slept.
    Real,
    /// The provider is called, pauses are not slept.
    Hurried,
    /// The provider is not called.
    Pretended,
}

/// Returns the mode of an activity: that of the run, or that of its own `dry` key if it is more careful.
pub(super) fn mode(activity: &Activity, dry: Option<Dry>) -> CallMode {
    let of_run = match (dry, activity.kind) {
        (None, _) => CallMode::Real,
        (Some(Dry::Pause), _) => CallMode::Hurried,
        (Some(Dry::Activities), _)
        | (Some(Dry::Probes), ActivityKind::Probe)
        | (Some(Dry::Actions), ActivityKind::Action) => CallMode::Pretended,
        (Some(Dry::Probes | Dry::Actions), _) => CallMode::Real,
    };
    if is_marked(activity) { CallMode::Pretended } else { of_run }
}

/// Whether the activity is not executed in a run of this mode.
pub(crate) fn is_skipped(activity: &Activity, dry: Option<Dry>) -> bool {
    mode(activity, dry) == CallMode::Pretended
}

/// Whether the activity's own `dry` key prevents its execution. An unknown word counts as `true`: its author wanted
/// less than a full run.
pub(super) fn is_marked(activity: &Activity) -> bool {
    match activity.dry.as_ref() {
        Some(Value::Text(word)) => match word.as_str() {
            "actions" => activity.kind == ActivityKind::Action,
            "probes" => activity.kind == ActivityKind::Probe,
            // The run mode of this name executes everything.
            "pause" => false,
            word => !word.is_empty(),
        },
        Some(other) => other.truthy(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyvalue::parse_json;

    fn activity(kind: &str, dry: &str) -> Activity {
        let dry = if dry.is_empty() { String::new() } else { format!(r#", "dry": {dry}"#) };
        let raw = format!(r#"{{"type": "{kind}", "name": "a", "provider": {{"type": "process"}}{dry}}}"#);
        Activity::declared(parse_json(&raw).unwrap().as_map().unwrap(), "$").unwrap()
    }

    #[test]
    fn a_key_of_its_own_takes_away_and_never_gives() {
        use CallMode::{Hurried, Pretended, Real};
        // The key, then the modes of an action and of a probe in a run without a dry mode.
        let table = [
            ("", Real, Real),
            ("false", Real, Real),
            ("null", Real, Real),
            ("true", Pretended, Pretended),
            (r#""activities""#, Pretended, Pretended),
            (r#""actions""#, Pretended, Real),
            (r#""probes""#, Real, Pretended),
            (r#""pause""#, Real, Real),
            (r#""yes""#, Pretended, Pretended),
            ("1", Pretended, Pretended),
        ];
        for (key, action, probe) in table {
            for (kind, own) in [("action", action), ("probe", probe)] {
                let activity = activity(kind, key);
                assert_eq!(mode(&activity, None), own, "{key} on an {kind}");
                assert_eq!(mode(&activity, Some(Dry::Activities)), Pretended, "no key loosens: {key}");
                assert_eq!(mode(&activity, Some(Dry::Pause)), own.max(Hurried), "{key} on an {kind}");
                let matching = if kind == "action" { Dry::Actions } else { Dry::Probes };
                assert_eq!(mode(&activity, Some(matching)), Pretended, "{key} on an {kind}");
            }
        }
    }
}
