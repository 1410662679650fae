//! The Python program that the worker runs, as it is built into the binary.

use crate::experiment::{Map, Value};

/// What `python3 -c` gets: it reads the modules from the request pipe.
pub(super) const BOOTSTRAP: &str = include_str!("worker/bootstrap.py");

/// The modules by their Python names; the stand-in for the engine's package is used where that is not installed.
const MODULES: [(&str, &str); 17] = [
    ("chaos_tui_worker", ""),
    ("chaos_tui_worker.channel", include_str!("worker/channel.py")),
    ("chaos_tui_worker.controls", include_str!("worker/controls.py")),
    ("chaos_tui_worker.functions", include_str!("worker/functions.py")),
    ("chaos_tui_worker.interrupts", include_str!("worker/interrupts.py")),
    ("chaos_tui_worker.loop", include_str!("worker/loop.py")),
    ("chaos_tui_worker.outcomes", include_str!("worker/outcomes.py")),
    ("chaos_tui_worker.records", include_str!("worker/records.py")),
    ("chaos_tui_worker.surroundings", include_str!("worker/surroundings.py")),
    ("chaos_tui_worker.values", include_str!("worker/values.py")),
    ("chaoslib", include_str!("worker/chaoslib/__init__.py")),
    ("chaoslib.configuration", include_str!("worker/chaoslib/configuration.py")),
    ("chaoslib.exceptions", include_str!("worker/chaoslib/exceptions.py")),
    ("chaoslib.exit", include_str!("worker/chaoslib/exit.py")),
    ("chaoslib.secret", include_str!("worker/chaoslib/secret.py")),
    ("chaoslib.settings", include_str!("worker/chaoslib/settings.py")),
    ("chaoslib.types", include_str!("worker/chaoslib/types.py")),
];

/// The first line the worker reads: its modules, name to source.
pub(super) fn modules_line() -> String {
    let modules: Map = MODULES.iter().map(|(name, source)| ((*name).to_owned(), (*source).into())).collect();
    Value::Map(modules).to_json() + "\n"
}
