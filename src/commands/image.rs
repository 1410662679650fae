//! `chaos-tui image NAME`: runs one of the demo services, in the sandbox's containers or in the container image, or the
//! sandbox's own commands (`image shell`).

use chaos_sandbox::{Program, images::ImageError};
use std::process::ExitCode;

/// Arguments of `image`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Service to run: provider, consumer-before or consumer-after
    #[arg(value_name = "IMAGE")]
    pub program: Program,
    /// Arguments of the program
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub arguments: Vec<String>,
}

/// Runs the program until it ends and returns its exit code. Must not be called inside a runtime: the program creates
/// its own, small one.
///
/// # Errors
/// If the service cannot listen.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, ImageError> {
    arguments.program.run(&arguments.arguments)
}
