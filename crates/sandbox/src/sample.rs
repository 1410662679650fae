//! The sample application of the sandbox: its manifests, and their adaptation to this machine.

use serde_json::Value;
use std::{fmt, str::FromStr};

/// The variants of the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Variant {
    /// The consumer without timeout, retry or circuit breaker.
    #[default]
    Before,
    /// The consumer with a timeout, retries, a circuit breaker and a fallback.
    After,
    /// As [`Variant::After`], but with a liveness probe on a page that fails while the circuit breaker is open.
    Trap,
}

impl Variant {
    /// The manifests in the order in which to apply them: Services first, because pods get environment variables only
    /// for existing Services.
    fn texts(self) -> [&'static str; 4] {
        let services = [
            include_str!("../manifests/provider-service.json"),
            include_str!("../manifests/consumer-service.json"),
        ];
        let workloads = match self {
            Self::Before => [
                include_str!("../manifests/01-before/provider.json"),
                include_str!("../manifests/01-before/consumer.json"),
            ],
            Self::After => [
                include_str!("../manifests/03-after/provider.json"),
                include_str!("../manifests/03-after/consumer.json"),
            ],
            Self::Trap => [
                include_str!("../manifests/04-liveness-trap/provider.json"),
                include_str!("../manifests/04-liveness-trap/consumer.json"),
            ],
        };
        let ([one, two], [three, four]) = (services, workloads);
        [one, two, three, four]
    }

    /// Returns the sample's objects.
    pub(super) fn manifests(self) -> Vec<Value> {
        let read = |text: &str| {
            serde_json::from_str(text).expect("the manifests in the binary are JSON: a test reads them")
        };
        self.texts().map(read).into()
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Trap => "trap",
        })
    }
}

impl FromStr for Variant {
    type Err = UnknownVariant;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "before" => Ok(Self::Before),
            "after" => Ok(Self::After),
            "trap" => Ok(Self::Trap),
            _ => Err(UnknownVariant(word.to_owned())),
        }
    }
}

/// The variant does not exist.
#[derive(Debug, thiserror::Error)]
#[error("unknown variant {0:?}; available: before, after, trap")]
pub struct UnknownVariant(String);

/// The Service that users call, and its port.
pub(super) const CONSUMER: (&str, u16) = ("my-consumer-service", 8080);
/// The Service that the consumer calls, and its port.
pub(super) const PROVIDER: (&str, u16) = ("my-provider-service", 8080);

/// A port that had to be replaced because a program of this machine listens on it on every address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplacedPort {
    /// The manifest's port.
    pub from: u16,
    /// The port on which containers listen instead.
    pub to: u16,
}

/// Moves the containers to ports that are free on every address of this machine. If a program listens on 0.0.0.0:8080,
/// no pod can listen on 8080 on any address, and connections to port 8080 of a pod's address would reach that program.
pub(super) fn replace_taken_ports(
    manifests: &mut [Value],
    is_free: impl Fn(u16) -> bool,
) -> Vec<ReplacedPort> {
    let mut ports: Vec<u16> = manifests.iter().flat_map(container_ports).collect();
    ports.sort_unstable();
    ports.dedup();
    let mut replaced = Vec::new();
    for from in ports.iter().copied().filter(|port| !is_free(*port)) {
        let Some(to) = (from.saturating_add(1)..from.saturating_add(200)).find(|port| is_free(*port)) else {
            continue;
        };
        for manifest in manifests.iter_mut() {
            replace(manifest, from, to);
        }
        replaced.push(ReplacedPort { from, to });
    }
    replaced
}

fn container_ports(manifest: &Value) -> Vec<u16> {
    let containers = manifest["spec"]["template"]["spec"]["containers"].as_array().into_iter().flatten();
    containers
        .flat_map(|container| container["ports"].as_array().into_iter().flatten())
        .filter_map(|port| u16::try_from(port["containerPort"].as_u64()?).ok())
        .collect()
}

/// Replaces a port in containers, in their probes, and in the target ports of Services.
fn replace(manifest: &mut Value, from: u16, to: u16) {
    let swap = |value: &mut Value| {
        if *value == from {
            *value = to.into();
        }
    };
    if manifest["kind"] == "Service" {
        for port in manifest["spec"]["ports"].as_array_mut().into_iter().flatten() {
            if port["targetPort"].is_null() {
                port["targetPort"] = port["port"].clone();
            }
            swap(&mut port["targetPort"]);
        }
        return;
    }
    let containers = manifest.pointer_mut("/spec/template/spec/containers").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        for port in container["ports"].as_array_mut().into_iter().flatten() {
            swap(&mut port["containerPort"]);
        }
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            for check in ["httpGet", "tcpSocket"] {
                if let Some(port) = container.pointer_mut(&format!("/{probe}/{check}/port")) {
                    swap(port);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::images::Image, *};

    #[test]
    fn the_manifests_in_the_binary_fit_the_images_in_the_binary() {
        for (variant, consumer) in [
            (Variant::Before, Image::ConsumerBefore),
            (Variant::After, Image::ConsumerAfter),
            (Variant::Trap, Image::ConsumerAfter),
        ] {
            let manifests = variant.manifests();
            let image = |manifest: &Value| {
                let containers = manifest.pointer("/spec/template/spec/containers/0/image")?;
                Image::named(containers.as_str()?)
            };
            let images: Vec<Image> = manifests.iter().filter_map(image).collect();
            assert_eq!(images, [Image::Provider, consumer]);
            for (name, port) in [CONSUMER, PROVIDER] {
                let service = manifests.iter().find(|manifest| manifest["metadata"]["name"] == name).unwrap();
                assert_eq!(service["spec"]["ports"][0]["port"], port);
            }
        }
    }

    /// Checks the properties of the manifests that the three lessons rely on.
    #[test]
    fn the_manifests_start_as_slowly_and_are_probed_as_the_lessons_need() {
        for variant in [Variant::Before, Variant::After, Variant::Trap] {
            let manifests = variant.manifests();
            let container = |name: &str| {
                let found =
                    manifests.iter().find(|it| it["metadata"]["name"] == name && it["kind"] == "Deployment");
                found.unwrap()["spec"]["template"]["spec"]["containers"][0].clone()
            };
            let (provider, consumer) = (container("my-provider-app"), container("my-consumer-app"));
            assert_eq!(
                provider["env"],
                serde_json::json!([{"name": "START_DELAY", "value": "21"}]),
                "{variant}"
            );
            let live = provider["livenessProbe"]["initialDelaySeconds"].as_u64().unwrap();
            assert!(live > 21, "{variant}: liveness would kill what is still starting");
            let expected = if variant == Variant::After { "/live" } else { "/health" };
            assert_eq!(consumer["livenessProbe"]["httpGet"]["path"], expected, "{variant}");
            assert_eq!(consumer["readinessProbe"]["httpGet"]["path"], "/", "{variant}");
        }
        assert_eq!(
            Variant::Before.texts()[2],
            Variant::After.texts()[2],
            "going on does not start the provider anew"
        );
        assert_eq!(Variant::After.texts()[2], Variant::Trap.texts()[2]);
    }

    #[test]
    fn a_port_that_is_taken_everywhere_is_replaced_everywhere() {
        let mut manifests = Variant::Before.manifests();
        assert_eq!(replace_taken_ports(&mut manifests, |_| true), []);
        let replaced = replace_taken_ports(&mut manifests, |port| port > 8081);
        assert_eq!(replaced, [ReplacedPort { from: 8080, to: 8082 }]);
        assert!(manifests.iter().flat_map(container_ports).all(|port| port == 8082));
        for manifest in manifests.iter().filter(|manifest| manifest["kind"] == "Deployment") {
            assert!(!manifest.to_string().contains(":8080"), "{manifest}");
        }
        assert_eq!(manifests[0]["spec"]["ports"][0]["targetPort"], 8082);
        assert_eq!(manifests[0]["spec"]["ports"][0]["port"], 8080, "the Service's own port stays");
    }
}
