//! Which controls apply at which level (experiment-format 10.3).

use crate::{experiment::Control, runner::Compat};

/// A level of a run around which controls are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// The whole run.
    Experiment,
    Hypothesis,
    Method,
    Rollback,
    Activity,
}

impl Level {
    /// Returns the name of the level in the names of control functions.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Level::Experiment => "experiment",
            Level::Hypothesis => "hypothesis",
            Level::Method => "method",
            Level::Rollback => "rollback",
            Level::Activity => "activity",
        }
    }
}

/// Returns the controls of a level in order: global ones, the experiment's, the level's own.
///
/// Where the reference applies an inherited control once for each local one, it is applied once here, unless strict
/// compatibility is set: no author means a hook to run twice.
pub(super) fn applied<'a>(
    level: Level,
    globals: &'a [Control],
    top: &'a [Control],
    local: &'a [Control],
    compat: Compat,
) -> Vec<&'a Control> {
    let automatic = || top.iter().filter(|control| control.automatic());
    match level {
        Level::Experiment => globals.iter().chain(top).collect(),
        Level::Method | Level::Rollback if top.is_empty() => globals.iter().collect(),
        Level::Method | Level::Rollback => automatic().collect(),
        Level::Hypothesis | Level::Activity => {
            let own: Vec<&Control> = globals.iter().chain(local).collect();
            if own.is_empty() {
                return automatic().collect();
            }
            // Each plain control lets in the inherited ones with another name; a reference lets in none, and is called
            // itself beside the control it names.
            let plain = || own.iter().filter(|control| control.reference().is_none());
            let inherited: Vec<&Control> = if compat.repeats_controls() {
                // Each plain control puts its inherited ones in front of the earlier ones.
                plain().rev().flat_map(|own| automatic().filter(|control| own.name != control.name)).collect()
            } else {
                automatic().filter(|control| plain().any(|own| own.name != control.name)).collect()
            };
            let named = own.iter().filter_map(|control| {
                let reference = control.reference()?;
                top.iter().find(|candidate| candidate.name == reference)
            });
            inherited.into_iter().chain(own.iter().copied()).chain(named).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, applied};
    use crate::{experiment::Control, runner::Compat};
    use pyvalue::parse_json;

    fn controls(names: &[&str]) -> Vec<Control> {
        let json = |name: &&str| match name.split_once(':') {
            Some((name, "manual")) => format!(r#"{{"name": "{name}", "automatic": false}}"#),
            Some((name, reference)) => format!(r#"{{"name": "{name}", "ref": "{reference}"}}"#),
            None => format!(r#"{{"name": "{name}"}}"#),
        };
        let list = format!("[{}]", names.iter().map(json).collect::<Vec<_>>().join(","));
        Control::list(Some(&parse_json(&list).unwrap()))
    }

    #[test]
    fn c091_c092_levels_choose_their_controls() {
        use Level::{Activity, Experiment, Hypothesis, Method, Rollback};
        type Names<'a> = &'a [&'a str];
        let cases: &[(Level, Names<'_>, Names<'_>, Names<'_>, Names<'_>)] = &[
            (Experiment, &["g"], &["t", "m:manual"], &["l"], &["g", "t", "m"]),
            (Method, &["g"], &["t", "m:manual"], &[], &["t"]),
            (Method, &["g"], &[], &[], &["g"]),
            (Rollback, &["g"], &["t"], &[], &["t"]),
            (Activity, &[], &["t", "u", "m:manual"], &[], &["t", "u"]),
            (Hypothesis, &["g"], &[], &["l"], &["g", "l"]),
            (Activity, &["g"], &["t", "u"], &["l"], &["t", "u", "g", "l"]),
            (Activity, &[], &["t"], &["k", "l"], &["t", "k", "l"]),
            (Activity, &[], &["t"], &["t"], &["t"]),
            (Activity, &[], &["t", "m:manual"], &["x:m"], &["x", "m"]),
            (Activity, &[], &["t", "m:manual"], &["x:m", "l"], &["t", "x", "l", "m"]),
        ];
        for (level, globals, top, local, expected) in cases {
            let (globals, top, local) = (controls(globals), controls(top), controls(local));
            let names: Vec<_> = applied(*level, &globals, &top, &local, Compat::Safe)
                .iter()
                .map(|control| control.name.clone())
                .collect();
            assert_eq!(&names, expected, "{level:?}");
        }
    }

    #[test]
    fn strictly_an_inherited_control_comes_once_for_each_of_the_own() {
        let top = controls(&["t", "u"]);
        let local = controls(&["k", "l", "t"]);
        let names: Vec<_> = applied(Level::Activity, &[], &top, &local, Compat::Strict)
            .iter()
            .map(|control| control.name.clone())
            .collect();
        assert_eq!(names, ["u", "t", "u", "t", "u", "k", "l", "t"]);
    }
}
