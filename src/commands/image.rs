//! `chaos-tui image NAME`: one of the demo services, as the sandbox's containers and the container image run it.

use chaos_sandbox::images::{Image, ImageError};

/// What the command line says.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// provider, consumer-before or consumer-after
    pub image: Image,
}

/// Serves until the process is ended. Not to be called inside a runtime: the service makes its own, small one.
///
/// # Errors
/// When the service cannot listen.
pub(crate) fn run(arguments: &Arguments) -> Result<(), ImageError> {
    arguments.image.run()
}
