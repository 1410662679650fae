//! The command line of a container: its image's entry point, or the manifest's `command` and `args`.

use super::environment;
use crate::{images::Image, program, shell};
use serde_json::Value;
use std::collections::BTreeMap;

/// An image that the sandbox has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KnownImage {
    /// A demo service.
    Service(Image),
    /// `busybox` and `alpine`, which manifests use for containers with a `command`: only the sandbox's own commands.
    Commands,
}

/// Where the official images `busybox` and `alpine` are found.
const OFFICIAL: [&str; 6] = [
    "",
    "docker.io/",
    "docker.io/library/",
    "public.ecr.aws/docker/library/",
    "registry.k8s.io/",
    "registry.k8s.io/e2e-test-images/",
];

impl KnownImage {
    pub(super) fn named(reference: &str) -> Option<Self> {
        if let Some(image) = Image::named(reference) {
            return Some(Self::Service(image));
        }
        let start = reference.rfind('/').map_or(0, |slash| slash + 1);
        let (registry, name) = reference.split_at(start);
        let (name, tag) = name.split_once(':').unwrap_or((name, "latest"));
        let known_tag = matches!(tag, "latest" | "stable" | "edge" | "musl" | "glibc" | "uclibc")
            || tag.starts_with(|first: char| first.is_ascii_digit());
        (OFFICIAL.contains(&registry) && matches!(name, "busybox" | "alpine") && known_tag)
            .then_some(Self::Commands)
    }

    /// Returns whether a container runs a command instead of a demo service.
    pub(super) fn runs_command(self, container: &Value) -> bool {
        self == Self::Commands || container["command"].as_array().is_some_and(|words| !words.is_empty())
    }

    /// Returns the image references, for messages about an unknown image.
    pub(super) fn references() -> String {
        format!("{}; busybox and alpine for the sandbox's own commands", Image::references())
    }

    /// Returns the arguments of `image` for a container. Error: what a container runtime says of a command that cannot
    /// be started.
    pub(super) fn command_line(
        self,
        container: &Value,
        variables: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, String> {
        let words = |key: &str| {
            let words = container[key].as_array().into_iter().flatten().filter_map(Value::as_str);
            words.map(|word| environment::expand(word, variables)).collect::<Vec<String>>()
        };
        let (command, arguments) = (words("command"), words("args"));
        let line = match (self, command.as_slice()) {
            (Self::Service(image), []) => return Ok(prefixed(image.argument(), arguments)),
            // The demo services as they are in a real container image.
            (_, [program, name]) if program.rsplit('/').next() == Some("demo-services") => {
                if let Ok(image) = name.parse::<Image>() {
                    return Ok(prefixed(image.argument(), arguments));
                }
                [command, arguments].concat()
            }
            (Self::Commands, []) if arguments.is_empty() => vec!["sh".to_owned()],
            _ => [command, arguments].concat(),
        };
        shell::check(&line)?;
        Ok(prefixed(program::SHELL, line))
    }
}

fn prefixed(program: &str, arguments: Vec<String>) -> Vec<String> {
    std::iter::once(program.to_owned()).chain(arguments).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_official_images_and_plausible_tags_are_known() {
        for (reference, known) in [
            ("busybox", true),
            ("busybox:1.36", true),
            ("docker.io/library/alpine:3.20", true),
            ("registry.k8s.io/e2e-test-images/busybox:1.29-4", true),
            ("busybox:v2-broken", false),
            ("ghcr.io/someone/busybox", false),
            ("nginx:1.27", false),
            ("", false),
        ] {
            assert_eq!(KnownImage::named(reference).is_some(), known, "{reference}");
        }
    }

    #[test]
    fn the_command_replaces_the_entry_point_and_args_follow_it() {
        let service = KnownImage::Service(Image::Provider);
        let variables = BTreeMap::from([("WHO".to_owned(), "you".to_owned())]);
        for (image, container, expected) in [
            (service, json!({}), vec!["provider"]),
            (service, json!({"args": ["--port", "9"]}), vec!["provider", "--port", "9"]),
            (
                service,
                json!({"command": ["sh", "-c"], "args": ["exit 3"]}),
                vec!["shell", "sh", "-c", "exit 3"],
            ),
            (
                service,
                json!({"command": ["/usr/local/bin/demo-services", "consumer-after"]}),
                vec!["consumer-after"],
            ),
            (KnownImage::Commands, json!({}), vec!["shell", "sh"]),
            (
                KnownImage::Commands,
                json!({"args": ["echo", "hi $(WHO) $(date)"]}),
                vec!["shell", "echo", "hi you $(date)"],
            ),
        ] {
            assert_eq!(image.command_line(&container, &variables).unwrap(), expected, "{container}");
        }
        let error = service.command_line(&json!({"command": ["foo"]}), &variables).unwrap_err();
        assert!(error.starts_with("exec: \"foo\": executable file not found in $PATH"), "{error}");
    }
}
