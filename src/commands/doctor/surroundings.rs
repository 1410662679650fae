//! Checks what surrounds an experiment on this machine: Python and the terminal.

use super::report::Finding;
use crate::{
    commands::{
        config::{self, Preferences},
        prepare::Inspected,
    },
    experiment::{Control, configuration::is_dynamic},
    provider::python::{Interpreter, inspect_python},
    tui::{Depth, terminal},
};
use pyvalue::{Map, Value};
use std::collections::BTreeSet;

/// The smallest terminal with all panes, and the smallest one with a screen at all.
const COMFORTABLE: (u16, u16) = (80, 24);
const SMALLEST: (u16, u16) = (40, 12);

/// The Python modules that an experiment needs: functions that are not built in, and controls.
fn modules(inspected: &Inspected) -> Vec<String> {
    let experiment = &inspected.request.experiment;
    let probes = experiment.hypothesis().into_iter().flat_map(|hypothesis| &hypothesis.probes);
    let entries = probes.chain(experiment.method()).chain(experiment.rollbacks());
    let activities: Vec<_> = entries.filter_map(|entry| entry.activity.as_ref().ok()).collect();
    let of_provider = |provider: &Map| {
        let text = |key: &str| provider.get(key).and_then(Value::as_str).unwrap_or_default();
        let foreign =
            text("type") == "python" && inspected.providers.native(text("module"), text("func")).is_none();
        foreign.then(|| text("module").to_owned())
    };
    let nested = |of: &Value| of_provider(of.get("provider")?.as_map()?);
    let configuration = experiment.configuration();
    let computed = configuration.values().filter(|entry| is_dynamic(entry)).filter_map(nested);
    let declared = activities.iter().filter_map(|activity| of_provider(&activity.provider.raw));
    let tolerances = activities.iter().filter_map(|activity| nested(activity.tolerance.as_ref()?));
    let controls = experiment.controls().iter().chain(activities.iter().flat_map(|it| &it.controls));
    let controls = controls.filter_map(Control::module).map(str::to_owned);
    let all: BTreeSet<String> = declared.chain(tolerances).chain(computed).chain(controls).collect();
    all.into_iter().filter(|module| !module.is_empty()).collect()
}

/// Checks the interpreter, its extensions, and the modules that the experiment needs.
pub(super) async fn python(interpreter: &Interpreter, inspected: &Inspected) -> Vec<Finding> {
    let modules = modules(inspected);
    let report = match inspect_python(interpreter, &inspected.environment, &modules).await {
        Ok(report) => report,
        Err(why) if modules.is_empty() => {
            let remedy = "nothing here needs it; extensions that are not built in do".to_owned();
            return vec![Finding::warn("python", why, Some(remedy))];
        }
        Err(why) => {
            let text = format!("{why}; the experiment needs {}", modules.join(", "));
            return vec![Finding::fix(
                "python",
                text,
                "install it, or name another interpreter with --python",
            )];
        }
    };
    let extensions = match report.extensions.as_slice() {
        [] => "no extensions of Chaos Toolkit".to_owned(),
        extensions => extensions.join(", "),
    };
    let mut findings =
        vec![Finding::ok("python", format!("Python {}, {interpreter}: {extensions}", report.version))];
    for module in modules {
        findings.push(match report.missing.get(&module) {
            None => Finding::ok("python", format!("module {module} is there")),
            Some(why) => {
                let remedy = "install its package into this Python, or name another one with --python";
                Finding::fix("python", format!("module {module} cannot be used: {why}"), remedy)
            }
        });
    }
    findings
}

/// Checks whether and how a screen can be shown.
pub(super) fn terminal() -> Finding {
    let variable = |name: &str| std::env::var(name).ok();
    let preferences = config::preferences(None).unwrap_or_else(|_| Preferences::default());
    let term = variable("TERM").unwrap_or_else(|| "not set".to_owned());
    if let Err(why) = terminal::check_available() {
        let remedy = "a live session needs a terminal; `chaos-tui run` does not".to_owned();
        return Finding::warn("terminal", format!("{why} (TERM {term})"), Some(remedy));
    }
    let (size, appearance) = (crossterm::terminal::size(), preferences.appearance(variable));
    let (Ok((columns, rows)), Ok(appearance)) = (size, appearance) else {
        return Finding::warn("terminal", format!("its size is not known (TERM {term})"), None);
    };
    let colours = match appearance.theme.depth {
        Depth::None => "no colours",
        Depth::Sixteen => "16 colours",
        Depth::Indexed => "256 colours",
        Depth::True => "all colours",
    };
    let symbols = if appearance.theme.ascii { "ASCII only" } else { "Unicode" };
    let text = format!("{columns} x {rows}, {colours}, {symbols}, TERM {term}");
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        let remedy = format!("enlarge it to at least {} x {}", COMFORTABLE.0, COMFORTABLE.1);
        return Finding::warn("terminal", format!("too small for a screen: {text}"), Some(remedy));
    }
    if columns < COMFORTABLE.0 || rows < COMFORTABLE.1 {
        let remedy = format!("{} x {} shows more; 120 x 36 shows everything", COMFORTABLE.0, COMFORTABLE.1);
        return Finding::warn("terminal", format!("small: {text}"), Some(remedy));
    }
    match appearance.note {
        Some(note) => Finding::warn("terminal", format!("{text}: {note}"), None),
        None => Finding::ok("terminal", text),
    }
}
