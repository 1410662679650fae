//! The demo services, built into the binary: what a container of the sandbox runs.
//!
//! A container image is a name; the kubelet starts this very program again with `image NAME`, so a clone and a
//! Rust toolchain are all that the sample needs. The same processes serve a real cluster from a container image,
//! which is why everything they are told comes by environment.
//!
//! | image | `/invoke` |
//! | --- | --- |
//! | `provider` | a JSON string holding a new UUID |
//! | `consumer:before` | asks the provider, waits for it as long as it takes, passes its failures on |
//! | `consumer:after` | asks with a time limit, again when it fails, through a circuit breaker, with a fallback |
//!
//! All of them answer `/`, `/health`, `/live` and `/metrics` (Prometheus text) as well, and log one line a request.
//! `/health` tells how the service fares, an open breaker included; `/live` only that the process works. They start as
//! slowly as `START_DELAY` says, and end at once on SIGTERM, as process 1 of a container too.

mod breaker;
mod client;
mod consumer;
mod log;
mod metrics;
mod outgoing;
mod parent_death;
mod provider;
mod serve;
mod settings;
mod termination;

use settings::Settings;
pub use settings::{START_DELAY, SettingsError};
use std::fmt;
use std::str::FromStr;

/// One of the built-in images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Image {
    /// Answers `/invoke` with a UUID.
    Provider,
    /// Calls the provider naively: no time limit, no fallback.
    ConsumerBefore,
    /// Calls the provider with a time limit, retries, a circuit breaker and a fallback.
    ConsumerAfter,
}

impl Image {
    /// Every built-in image.
    pub const ALL: [Self; 3] = [Self::Provider, Self::ConsumerBefore, Self::ConsumerAfter];

    /// The image that a container's `image` field asks for: the last path segment and the tag decide, the registry
    /// does not matter (`chaos-tui/consumer:after`, `ghcr.io/someone/provider:1.2`).
    pub fn named(reference: &str) -> Option<Self> {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        let (name, tag) = name.split_once(':').unwrap_or((name, ""));
        match (name, tag) {
            ("provider", _) => Some(Self::Provider),
            ("consumer", "before") => Some(Self::ConsumerBefore),
            ("consumer", "after") => Some(Self::ConsumerAfter),
            _ => None,
        }
    }

    /// The word behind `chaos-tui image` that starts it.
    pub fn argument(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::ConsumerBefore => "consumer-before",
            Self::ConsumerAfter => "consumer-after",
        }
    }

    /// The references to write into a manifest, for messages about an image that is not there.
    pub fn references() -> String {
        "chaos-tui/provider:demo, chaos-tui/consumer:before, chaos-tui/consumer:after".to_owned()
    }

    /// Serves until the process is ended; on SIGTERM it exits there and then, with the code of a process that the signal
    /// ended. Makes its own runtime: call it from a plain `main`, not from a task.
    ///
    /// # Errors
    /// When the environment cannot be understood or the address cannot be bound.
    pub fn run(self) -> Result<(), ImageError> {
        let settings = Settings::from_environment()?;
        parent_death::die_with_parent().map_err(ImageError::Runtime)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(ImageError::Runtime)?;
        runtime.block_on(async {
            termination::exit_on_signal().map_err(ImageError::Runtime)?;
            tokio::time::sleep(settings.start_delay).await;
            let listener = tokio::net::TcpListener::bind(settings.address)
                .await
                .map_err(|source| ImageError::Bind { address: settings.address, source })?;
            match self {
                Self::Provider => serve::serve(listener, provider::Provider).await,
                Self::ConsumerBefore => {
                    serve::serve(listener, consumer::WithoutBreaker::new(settings.provider)).await
                }
                Self::ConsumerAfter => {
                    serve::serve(listener, consumer::WithBreaker::new(settings.provider)?).await
                }
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

/// `chaos-tui image` was given another word.
#[derive(Debug, thiserror::Error)]
#[error("there is no built-in image {0:?}; there are provider, consumer-before and consumer-after")]
pub struct UnknownImage(String);

/// Why a demo service could not run.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// An environment variable does not make sense.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The address is not ours or in use.
    #[error(
        "cannot listen on {address}: {source}; set PORT and POD_IP to an address of this machine that is free"
    )]
    Bind {
        /// What was asked for.
        address: std::net::SocketAddr,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The breaker's settings were refused.
    #[error("the circuit breaker cannot be built: {0}")]
    Breaker(#[from] breaker::BreakerError),
    /// No runtime.
    #[error("cannot start a runtime: {0}")]
    Runtime(std::io::Error),
    /// The listener broke.
    #[error("cannot go on serving: {0}")]
    Serve(std::io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_known_by_its_last_segment_and_tag() {
        for (reference, image) in [
            ("chaos-tui/provider:demo", Some(Image::Provider)),
            ("ghcr.io/someone/provider:1.2", Some(Image::Provider)),
            ("provider", Some(Image::Provider)),
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
