//! `chaos-tui image NAME`: runs one of the demo services, in the sandbox's containers or in the container image.

use chaos_sandbox::images::{Image, ImageError};

/// Arguments of `image`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Service to run: provider, consumer-before or consumer-after
    pub image: Image,
}

/// Runs the service until the process ends. Must not be called inside a runtime: the service creates its own, small
/// one.
///
/// # Errors
/// If the service cannot listen.
pub(crate) fn run(arguments: &Arguments) -> Result<(), ImageError> {
    arguments.image.run()
}
