//! The binary: installs the TLS crypto provider, then runs the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Before anything that a guardian, which only waits, does not need.
    if let Some(code) = chaos_tui::cli::guardian() {
        return code;
    }
    // kube and reqwest leave the choice of a crypto provider to the program. The call fails only if a provider is
    // already installed, which is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    chaos_tui::cli::main()
}
