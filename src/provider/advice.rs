//! Known problems of functions of the Kubernetes extension, for validation (kubernetes-catalog 2).

use crate::experiment::Advice;

/// Modules whose functions are old names for others.
const LEGACY: [&str; 2] = ["chaosk8s.actions", "chaosk8s.probes"];

/// Deprecated name, and its replacement.
static DEPRECATED: [(&str, &str); 12] = [
    ("all_microservices_healthy", "chaosk8s.pod.probes.all_pods_healthy"),
    ("microservice_available_and_healthy", "chaosk8s.deployment.probes.deployment_available_and_healthy"),
    ("microservice_is_not_available", "chaosk8s.pod.probes.pod_is_not_available"),
    ("service_endpoint_is_initialized", "chaosk8s.service.probes.service_is_initialized"),
    ("deployment_is_not_fully_available", "chaosk8s.deployment.probes.deployment_not_fully_available"),
    ("deployment_is_fully_available", "chaosk8s.deployment.probes.deployment_fully_available"),
    ("read_microservices_logs", "chaosk8s.pod.probes.read_pod_logs"),
    ("start_microservice", "chaosk8s.deployment.actions.create_deployment"),
    ("scale_microservice", "chaosk8s.deployment.actions.scale_deployment"),
    ("remove_service_endpoint", "chaosk8s.service.actions.delete_service"),
    ("kill_microservice", "chaosk8s.pod.actions.terminate_pods"),
    ("delete_pods", "chaosk8s.pod.actions.terminate_pods"),
];

/// Functions that no longer work in the extension itself, and the symptom there.
static BROKEN: [(&str, &str); 5] = [
    ("microservice_available_and_healthy", "in the Python extension it always returns null since 0.23.0"),
    ("service_endpoint_is_initialized", "in the Python extension it needs a label_selector since 0.24.1"),
    ("kill_microservice", "in the Python extension it fails after deleting the deployment since 0.26.0"),
    ("apply_from_json", "it fails for core objects and sends text instead of an object"),
    ("apply_from_yaml", "it fails for core objects and sends text instead of an object"),
];

/// Prefixes of function names whose effect lasts until it is reverted. `delete_pods` is not among them: a controller
/// replaces deleted pods.
const LASTING: [&str; 14] = [
    "scale_",
    "delete_deployment",
    "delete_service",
    "remove_service",
    "delete_replica_set",
    "remove_statefulset",
    "cordon_",
    "drain_",
    "taint_",
    "delete_nodes",
    "deny_all_",
    "create_network_policy",
    "set_image",
    "delete_custom_object",
];

/// All advice on a function of the Kubernetes extension; empty for other modules.
pub(super) fn of(module: &str, func: &str) -> Vec<Advice> {
    let mut advice = Vec::new();
    if !module.starts_with("chaosk8s.") {
        return advice;
    }
    let found_in =
        |table: &[(&str, &'static str)]| table.iter().find(|(name, _)| *name == func).map(|(_, text)| *text);
    if let Some(why) = found_in(&BROKEN) {
        advice.push(Advice::Broken(why.to_owned()));
    }
    let old = LEGACY.contains(&module) || func == "delete_pods";
    if let Some(instead) = found_in(&DEPRECATED).filter(|_| old) {
        advice.push(Advice::Deprecated(format!("use {instead}")));
    }
    if LASTING.iter().any(|beginning| func.starts_with(beginning)) || func == "scale_microservice" {
        advice.push(Advice::Lasting);
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::experiment::Advice;

    #[test]
    fn advice_is_about_the_function_of_that_module() {
        assert_eq!(of("chaosk8s.pod.actions", "terminate_pods"), Vec::new());
        assert_eq!(of("mine.actions", "scale_deployment"), Vec::new());
        assert_eq!(of("chaosk8s.deployment.actions", "scale_deployment"), [Advice::Lasting]);
        let advice = of("chaosk8s.actions", "kill_microservice");
        assert!(matches!(advice.as_slice(), [Advice::Broken(_), Advice::Deprecated(_)]), "{advice:?}");
    }
}
