//! The binary: hooks for panics and errors, then the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    // kube and reqwest each leave the choice of a crypto provider to the program; this is the one place that makes it.
    // It fails only where one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    chaos_tui::cli::main()
}
