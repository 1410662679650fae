//! The announcement that the sandbox prints when it is ready.

use chaos_sandbox::{Cluster, ReplacedPort, Settings, Variant, kubelet::StartDelays};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The addresses and credentials of a running sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Announcement {
    kubeconfig: PathBuf,
    account_contexts: Vec<String>,
    consumer_url: String,
    provider_url: String,
    gremlin_url: String,
    email: String,
    password: String,
    organisation: String,
    team: String,
}

impl Announcement {
    /// Creates the announcement of a cluster that runs the sample.
    pub(super) fn of(cluster: &Cluster, kubeconfig: &Path) -> Self {
        let account = &cluster.gremlin().account;
        Self {
            kubeconfig: kubeconfig.to_owned(),
            account_contexts: cluster.account_contexts().to_vec(),
            consumer_url: cluster.consumer_url().unwrap_or_default(),
            provider_url: cluster.provider_url().unwrap_or_default(),
            gremlin_url: cluster.gremlin().url(),
            email: account.email.clone(),
            password: account.password.clone(),
            organisation: account.organisation.clone(),
            team: account.team.clone(),
        }
    }

    /// Returns the announcement for programs. `environment` holds the variables that an experiment needs to use this
    /// sandbox.
    pub(super) fn json(&self) -> Value {
        let kubeconfig = self.kubeconfig.to_string_lossy();
        json!({
            "kubeconfig": kubeconfig,
            "context": "sandbox",
            "account_contexts": self.account_contexts,
            "namespace": "default",
            "consumer_url": self.consumer_url,
            "provider_url": self.provider_url,
            "gremlin_url": self.gremlin_url,
            "environment": {
                "KUBECONFIG": kubeconfig,
                "CONSUMER_URL": self.consumer_url,
                "GREMLIN_EMAIL": self.email,
                "GREMLIN_PWD": self.password,
                "GREMLIN_ORG_NAME": self.organisation,
                "GREMLIN_TEAM_ID": self.team,
                "CHAOS_TUI_GREMLIN_URL": self.gremlin_url,
            },
        })
    }

    /// Returns the announcement as text for people.
    pub(super) fn as_text(&self, variant: Variant, settings: &Settings, replaced: &[ReplacedPort]) -> String {
        let mut text = format!(
            "The sandbox is ready: a cluster on this machine, with the consumer \"{variant}\".

  export KUBECONFIG={kubeconfig}
  kubectl get pods -w
  curl {consumer}/invoke

",
            kubeconfig = self.kubeconfig.display(),
            consumer = self.consumer_url,
        );
        for context in &self.account_contexts {
            text += &format!(
                "A ServiceAccount has the context {context}: kubectl --context {context} get pods\n"
            );
        }
        for ReplacedPort { from, to } in replaced {
            text += &format!(
                "Another program on this machine uses port {from}; the containers use {to} instead.\n"
            );
        }
        let notice = settings.propagation.removal.as_secs_f64();
        text += &match settings.start {
            StartDelays::AsDeclared => {
                "Containers that start from now on take the time given in their manifests".to_owned()
            }
            StartDelays::Within(all) if all.is_zero() => "Containers start at once".to_owned(),
            StartDelays::Within(all) => {
                format!("From now on a container takes {} s to start", all.as_secs_f64())
            }
        };
        text +=
            &format!("; the network notices after {notice} s that a pod is gone.\nCtrl-C ends everything.");
        text
    }
}
