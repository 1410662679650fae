//! The worker's Python program, embedded in the binary.

use pyvalue::{Map, Value};

/// The program that `python3 -c` runs: it reads the modules from the request pipe.
pub(super) const BOOTSTRAP: &str = include_str!("program/bootstrap.py");

/// The modules by their Python names; the `chaoslib` replacement is used if the engine's package is not installed.
const MODULES: [(&str, &str); 19] = [
    ("chaos_tui_worker", ""),
    ("chaos_tui_worker.channel", include_str!("program/channel.py")),
    ("chaos_tui_worker.controls", include_str!("program/controls.py")),
    ("chaos_tui_worker.events", include_str!("program/events.py")),
    ("chaos_tui_worker.functions", include_str!("program/functions.py")),
    ("chaos_tui_worker.interrupts", include_str!("program/interrupts.py")),
    ("chaos_tui_worker.loop", include_str!("program/loop.py")),
    ("chaos_tui_worker.outcomes", include_str!("program/outcomes.py")),
    ("chaos_tui_worker.records", include_str!("program/records.py")),
    ("chaos_tui_worker.surroundings", include_str!("program/surroundings.py")),
    ("chaos_tui_worker.values", include_str!("program/values.py")),
    ("chaoslib", include_str!("program/chaoslib/__init__.py")),
    ("chaoslib.configuration", include_str!("program/chaoslib/configuration.py")),
    ("chaoslib.exceptions", include_str!("program/chaoslib/exceptions.py")),
    ("chaoslib.exit", include_str!("program/chaoslib/exit.py")),
    ("chaoslib.run", include_str!("program/chaoslib/run.py")),
    ("chaoslib.secret", include_str!("program/chaoslib/secret.py")),
    ("chaoslib.settings", include_str!("program/chaoslib/settings.py")),
    ("chaoslib.types", include_str!("program/chaoslib/types.py")),
];

/// The first line the worker reads: its modules, name to source.
pub(super) fn modules_line() -> String {
    let modules: Map = MODULES.iter().map(|(name, source)| ((*name).to_owned(), (*source).into())).collect();
    Value::Map(modules).to_json() + "\n"
}
