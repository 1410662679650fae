//! The binary: hooks for panics and errors, then the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    chaos_tui::cli::main()
}
