//! The demo services, built into the binary: the programs that the sandbox's containers run.
//!
//! The kubelet starts this executable with `image NAME` for the name of a container image, so the sample needs only a
//! clone and a Rust toolchain. The same processes run on a real cluster from a container image, which is why all
//! settings come from the environment.
//!
//! | image | `/invoke` |
//! | --- | --- |
//! | `provider` | returns a JSON string with a new UUID |
//! | `consumer:before` | calls the provider without a timeout and passes failures on |
//! | `consumer:after` | calls the provider with a timeout and retries, through a circuit breaker, with a fallback |
//!
//! All of them also serve `/`, `/health`, `/live` and `/metrics` (Prometheus text), and log one line per request.
//! `/health` includes the state of the circuit breaker; `/live` reports only that the process works. They wait for
//! `START_DELAY` before they listen, and exit at once on SIGTERM, also as process 1 of a container.

mod breaker;
mod client;
mod consumer;
mod log;
mod metrics;
mod outgoing;
pub(crate) mod parent_death;
mod provider;
mod serve;
mod settings;
mod termination;

use settings::Settings;
pub use settings::{START_DELAY, SettingsError};
use std::{fmt, str::FromStr};

/// One of the built-in images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Image {
    /// Responds to `/invoke` with a UUID.
    Provider,
    /// Calls the provider without a timeout or fallback.
    ConsumerBefore,
    /// Calls the provider with a timeout, retries, a circuit breaker and a fallback.
    ConsumerAfter,
}

impl Image {
    /// All built-in images.
    pub const ALL: [Self; 3] = [Self::Provider, Self::ConsumerBefore, Self::ConsumerAfter];

    /// Returns the image for a container's `image` field. Only the last path segment and the tag are considered, not
    /// the registry (`chaos-tui/consumer:after`, `localhost:5000/provider:demo`). Another tag is another image: a
    /// rollout to a tag that does not exist must fail here as it does on a cluster.
    pub fn named(reference: &str) -> Option<Self> {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        let (name, tag) = name.split_once(':').unwrap_or((name, "latest"));
        match (name, tag) {
            ("provider", "demo" | "latest") => Some(Self::Provider),
            ("consumer", "before") => Some(Self::ConsumerBefore),
            ("consumer", "after") => Some(Self::ConsumerAfter),
            _ => None,
        }
    }

    /// Returns the argument of `chaos-tui image` that starts this image.
    pub fn argument(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::ConsumerBefore => "consumer-before",
            Self::ConsumerAfter => "consumer-after",
        }
    }

    /// Returns the valid image references, for messages about an unknown image.
    pub fn references() -> String {
        "chaos-tui/provider:demo, chaos-tui/consumer:before, chaos-tui/consumer:after".to_owned()
    }

    /// Serves until the process ends; on SIGTERM the process exits at once, with the exit code of a process terminated
    /// by the signal. Creates its own runtime: call it from a plain `main`, not from a task.
    ///
    /// # Errors
    /// Fails when an environment variable is invalid or the address cannot be bound.
    pub fn run(self) -> Result<(), ImageError> {
        let settings = Settings::from_environment()?;
        parent_death::exit_with_parent().map_err(ImageError::Runtime)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ImageError::Runtime)?;
        runtime.block_on(async {
            termination::exit_on_signal().map_err(ImageError::Runtime)?;
            tokio::time::sleep(settings.start_delay).await;
            let source = Some(settings.address.ip()).filter(|ip| !ip.is_unspecified());
            let upstream = client::Upstream { url: settings.provider, source };
            let listener = tokio::net::TcpListener::bind(settings.address)
                .await
                .map_err(|source| ImageError::Bind { address: settings.address, source })?;
            match self {
                Self::Provider => serve::serve(listener, provider::Provider).await,
                Self::ConsumerBefore => serve::serve(listener, consumer::WithoutBreaker::new(upstream)).await,
                Self::ConsumerAfter => serve::serve(listener, consumer::WithBreaker::new(upstream)?).await,
            }
            .map_err(ImageError::Serve)
        })
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.argument())
    }
}

impl FromStr for Image {
    type Err = UnknownImage;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|image| image.argument() == word)
            .ok_or_else(|| UnknownImage(word.to_owned()))
    }
}

/// The argument of `chaos-tui image` is not a built-in image.
#[derive(Debug, thiserror::Error)]
#[error("unknown built-in image {0:?}; available: provider, consumer-before, consumer-after")]
pub struct UnknownImage(String);

/// An error that prevents a demo service from running.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// An environment variable is invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The address is in use or does not belong to this machine.
    #[error(
        "cannot listen on {address}: {source}; set PORT and POD_IP to an address of this machine that is free"
    )]
    Bind {
        /// The requested address.
        address: std::net::SocketAddr,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The manifest passes arguments to a service that takes none.
    #[error("the demo service {image} takes no arguments, but the container's `args` are: {arguments}")]
    Arguments {
        /// The service.
        image: Image,
        /// The arguments.
        arguments: String,
    },
    /// The circuit breaker's settings are invalid.
    #[error("the circuit breaker cannot be built: {0}")]
    Breaker(#[from] breaker::BreakerError),
    /// The runtime could not be created.
    #[error("cannot start a runtime: {0}")]
    Runtime(std::io::Error),
    /// The listener failed.
    #[error("the server failed: {0}")]
    Serve(std::io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_known_by_its_last_segment_and_tag() {
        for (reference, image) in [
            ("chaos-tui/provider:demo", Some(Image::Provider)),
            ("ghcr.io/someone/provider:latest", Some(Image::Provider)),
            ("provider", Some(Image::Provider)),
            ("chaos-tui/provider:v2-broken", None),
            ("chaos-tui/provider@sha256:0123", None),
            ("localhost:5000/consumer:before", Some(Image::ConsumerBefore)),
            ("chaos-tui/consumer:after", Some(Image::ConsumerAfter)),
            ("chaos-tui/consumer", None),
            ("chaos-tui/consumer:v2", None),
            ("nginx:1.27", None),
            ("", None),
        ] {
            assert_eq!(Image::named(reference), image, "{reference}");
        }
    }

    #[test]
    fn the_word_of_every_image_leads_back_to_it() {
        for image in Image::ALL {
            assert_eq!(image.argument().parse::<Image>().unwrap(), image);
        }
        let error = "web".parse::<Image>().unwrap_err().to_string();
        assert!(error.contains("consumer-after"), "{error}");
    }
}
