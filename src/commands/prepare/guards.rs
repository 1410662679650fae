//! The guards of a session: the defaults, overridden by the experiment, overridden by the command line.

use super::Refusal;
use crate::{
    commands::RunArgs,
    experiment::Experiment,
    runner::Pacing,
    session::{
        GuardChange, GuardError,
        event::{Guard, Guards},
    },
};

/// The name of chaos-tui's extension in an experiment, which `chaos` ignores.
const VENDOR: &str = "chaos-tui";

/// Returns the guards at the start of the session. By default a run by steps has all guards, and an automatic run has
/// none, because it is a drop-in for `chaos run`.
pub(super) fn effective_guards(
    playing: &RunArgs,
    experiment: &Experiment,
    pace: &Pacing,
) -> Result<Guards, Refusal> {
    let base = match pace {
        Pacing::Step => Guards::default(),
        Pacing::Auto(_) => Guards::OFF,
    };
    let declared = experiment.extension(VENDOR).and_then(|vendor| vendor.get("guards"));
    let file = declared.map(GuardChange::from_declaration).transpose().map_err(|error: GuardError| {
        let source = experiment.document().source();
        Refusal::usage(format!("{source}: the `guards` of the extension `{VENDOR}`: {error}"))
    })?;
    let changes = file.iter().chain(&playing.guard);
    let guards = changes.fold(base, |guards, change| change.applied(guards));
    match pace {
        Pacing::Step => Ok(guards),
        Pacing::Auto(_) if playing.guard.iter().any(|change| change.names(Guard::Hold)) => Err(
            Refusal::usage("--guard hold: nobody presses keys in a headless run; use it in the live session"),
        ),
        // One file serves both.
        Pacing::Auto(_) => Ok(Guards { hold_s: None, ..guards }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::Consent;
    use clap::Parser;
    use pyvalue::Document;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        playing: RunArgs,
    }

    fn limits(pace: &Pacing, extensions: &str, options: &[&str]) -> Result<[Option<u32>; 4], String> {
        let playing = Line::try_parse_from(["x"].iter().chain(options)).map_err(|error| error.to_string())?;
        let text = format!(r#"{{"title": "t", "method": [], "extensions": {extensions}}}"#);
        let experiment = Experiment::unchecked(Document::json("file.json", text).unwrap()).unwrap();
        let guards =
            effective_guards(&playing.playing, &experiment, pace).map_err(|refusal| refusal.message)?;
        Ok([guards.users_s, guards.restarts, guards.silence_s, guards.hold_s])
    }

    #[test]
    fn the_command_line_wins_over_the_file_over_what_is_usual() {
        let (step, auto) = (Pacing::Step, Pacing::Auto(Consent::up_front()));
        let file = r#"[{"name": "other"}, {"name": "chaos-tui", "guards": {"users": 20, "silence": false, "hold": 45}}]"#;
        for (pace, extensions, options, wanted) in [
            (&step, "[]", &[][..], [Some(60), Some(1), Some(10), None]),
            (&auto, "[]", &[], [None; 4]),
            (&step, file, &[], [Some(20), Some(1), None, Some(45)]),
            (&auto, file, &[], [Some(20), None, None, None]),
            (&step, file, &["--guard", "users=5,restarts=off"], [Some(5), None, None, Some(45)]),
            (&step, file, &["--guard", "on"], [Some(60), Some(1), Some(10), Some(45)]),
            (&step, file, &["--guard", "off"], [None; 4]),
            (&auto, "[]", &["--guard", "on"], [Some(60), Some(1), Some(10), None]),
            (&auto, "[]", &["--guard", "on", "--guard", "silence=3"], [Some(60), Some(1), Some(3), None]),
        ] {
            assert_eq!(limits(pace, extensions, options), Ok(wanted), "{extensions} {options:?}");
        }
    }

    #[test]
    fn nobody_holds_a_headless_run() {
        let error = limits(&Pacing::Auto(Consent::up_front()), "[]", &["--guard", "hold=30"]).unwrap_err();
        assert!(error.contains("nobody presses keys in a headless run"), "{error}");
    }

    #[test]
    fn what_is_no_guard_is_refused_with_its_place() {
        let file =
            limits(&Pacing::Step, r#"[{"name": "chaos-tui", "guards": {"user": 20}}]"#, &[]).unwrap_err();
        assert!(file.contains("file.json") && file.contains("'user=20' is no guard"), "{file}");
        for option in ["users=0", "users", "silence=1.5", "restarts=99999999", ""] {
            let error = limits(&Pacing::Step, "[]", &["--guard", option]).unwrap_err();
            assert!(error.contains("is no guard"), "{error}");
        }
    }
}
