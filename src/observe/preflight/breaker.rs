//! Lists the sources that will be queried for the breaker's state once users are watched; nothing is queried here.

use super::{GRANT, know, ok};
use crate::{
    cluster::{Connection, Permission, check_permission},
    observe::breaker::{NamedSource, ServiceName, USUAL_PATHS, survey},
    session::event::PreflightCheck,
};

/// The sources that will be queried.
pub struct BreakerSources<'a> {
    pub users: &'a str,
    /// The Service that they call, if it is known.
    pub service: Option<&'a ServiceName>,
    /// Sources that the operator named.
    pub named: &'a [NamedSource],
}

/// Returns the preflight line about the sources.
pub(super) async fn check(
    sources: &BreakerSources<'_>,
    connection: Option<&Connection>,
) -> Vec<PreflightCheck> {
    let named: Vec<String> = sources.named.iter().map(NamedSource::to_string).collect();
    let named = if named.is_empty() { String::new() } else { format!("; and {}", named.join(", ")) };
    let beside = || format!("at {}: {USUAL_PATHS}", origin(sources.users));
    let when = "breaker sources, once users are watched";
    let Some(connection) = connection else {
        return vec![ok(format!("{when}: {}{named}", beside()))];
    };
    let survey = match survey(connection, sources.users, sources.service).await {
        Ok(Some(survey)) => survey,
        Ok(None) => {
            let text = format!(
                "{when}: {}{named}. No Service in this namespace matches the users' URL, so replicas are not read separately",
                beside()
            );
            return vec![know(text, None)];
        }
        Err(why) => {
            return vec![know(
                format!("{when}: {}{named}. The users' pods are not known: {why}", beside()),
                None,
            )];
        }
    };
    let permission = Permission::new("", "pods/proxy", "get", Some(&survey.namespace));
    let allowed = check_permission(connection, permission.clone()).await.is_ok_and(|access| access.allowed);
    if !allowed {
        let text = format!(
            "{when}: {}{named}. You may not {permission}, so replicas are not read separately",
            beside()
        );
        return vec![know(text, Some(GRANT.to_owned()))];
    }
    if survey.ports.is_empty() {
        let text = format!("{when}: {}{named}. The pods of {} declare no port", beside(), survey.title);
        let remedy = "declare `containerPort`, then each replica is read separately".to_owned();
        return vec![know(text, Some(remedy))];
    }
    let ports: Vec<String> = survey.ports.iter().map(u16::to_string).collect();
    let pods = if survey.pods == 1 { "the pod".to_owned() } else { format!("each of {} pods", survey.pods) };
    let text = format!(
        "{when}: {pods} of {} on port {} by GET through the API server (you may {permission}): {USUAL_PATHS}{named}",
        survey.title,
        ports.join(", ")
    );
    vec![ok(text)]
}

fn origin(url: &str) -> String {
    match reqwest::Url::parse(url) {
        Ok(url) => url.origin().ascii_serialization(),
        Err(_) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cluster::fake_api::{RecordedRequest, Reply, answering},
        session::event::CheckLevel,
    };
    use serde_json::json;

    const USERS: &str = "http://10.0.0.1:30080/invoke?x=1";

    fn cluster(asked: &RecordedRequest, allowed: bool, ports: &serde_json::Value) -> Reply {
        match asked.path.as_str() {
            "/api/v1/namespaces/default/services" => Reply::List(
                "Service",
                vec![json!({"metadata": {"name": "consumer", "namespace": "default"},
                    "spec": {"selector": {"name": "c"}, "ports": [{"port": 80, "nodePort": 30080}]}})],
            ),
            "/api/v1/namespaces/default/pods" => {
                let pod = |name: &str| {
                    json!({"metadata": {"name": name, "namespace": "default"}, "status": {"phase": "Running"},
                        "spec": {"containers": [{"name": "main", "ports": ports}]}})
                };
                Reply::List("Pod", vec![pod("c-1"), pod("c-2")])
            }
            _ => Reply::Object(
                json!({"kind": "SelfSubjectAccessReview", "spec": asked.body["spec"], "metadata": {},
                "status": {"allowed": allowed}}),
            ),
        }
    }

    async fn line(users: &str, allowed: bool, ports: serde_json::Value) -> (CheckLevel, String) {
        let (connection, _) = answering(move |asked| cluster(asked, allowed, &ports));
        let named = [NamedSource::parse("8081/metrics").unwrap()];
        let checks = check(&BreakerSources { users, service: None, named: &named }, Some(&connection)).await;
        let [check] = checks.as_slice() else { panic!("{checks:?}") };
        assert!(
            check.text.contains("/actuator/circuitbreakers") && check.text.contains("8081/metrics"),
            "{check:?}"
        );
        (check.level, format!("{} | {}", check.text, check.remedy.as_deref().unwrap_or("-")))
    }

    #[tokio::test]
    async fn ports_paths_and_the_right_to_read_pods_are_told_before_anything_is_asked() {
        let ports = || json!([{"containerPort": 8080}, {"containerPort": 15001}]);
        let (level, text) = line(USERS, true, ports()).await;
        assert_eq!(level, CheckLevel::Ok);
        for part in
            ["each of 2 pods of Service consumer", "on port 8080 by GET", "you may get pods/proxy in default"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("15001"), "{text}");
        let (level, text) = line(USERS, false, ports()).await;
        assert_eq!(level, CheckLevel::Know);
        assert!(text.contains("You may not get pods/proxy") && text.contains("chaos-tui rbac"), "{text}");
        assert!(text.contains("at http://10.0.0.1:30080:"), "{text}");
        let (level, text) = line(USERS, true, json!([])).await;
        assert_eq!(level, CheckLevel::Know);
        assert!(text.contains("declare no port") && text.contains("containerPort"), "{text}");
        let (_, text) = line("http://elsewhere/", true, ports()).await;
        assert!(text.contains("No Service in this namespace matches"), "{text}");
    }

    #[test]
    fn the_manifest_grants_what_is_asked_for_and_no_more() {
        let manifest = include_str!("../../../manifests/rbac.yml");
        let (_, rule) = manifest.split_once("resources: [\"pods/proxy\"]").unwrap();
        assert!(rule.trim_start().starts_with("verbs: [\"get\"]"), "{rule}");
        assert!(!manifest.contains("services/proxy"), "no Service is asked through the API server");
    }

    #[tokio::test]
    async fn without_a_cluster_the_users_address_is_asked() {
        let checks = check(&BreakerSources { users: USERS, service: None, named: &[] }, None).await;
        assert!(checks[0].text.contains("at http://10.0.0.1:30080: /actuator/circuitbreakers"), "{checks:?}");
    }
}
