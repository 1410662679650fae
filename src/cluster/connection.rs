//! A connection: chosen once, made when first needed.

use super::{Error, Settings, choice, config};
use crate::experiment::Map;
use kube::{Client, Config};
use std::sync::{Arc, OnceLock};

/// A way to one cluster. Cheap to clone; all clones share one client.
#[derive(Clone)]
pub struct Connection {
    place: Arc<Place>,
    client: Arc<OnceLock<Client>>,
}

struct Place {
    context: String,
    server: String,
    user: Option<String>,
    namespace: String,
    config: Config,
}

impl Connection {
    /// Chooses a cluster and reads its kubeconfig; sends nothing.
    ///
    /// `secrets` is the flat mapping an activity receives, for its `KUBERNETES_*` entries; empty for the session.
    pub async fn choose(settings: &Settings, secrets: &Map) -> Result<Self, Error> {
        let choice = choice::choose(settings, secrets, &|path| path.exists())?;
        let found = config::configure(choice, settings, secrets).await?;
        let place = Place {
            context: found.context,
            server: found.config.cluster_url.to_string(),
            user: found.user,
            namespace: found.config.default_namespace.clone(),
            config: found.config,
        };
        Ok(Self { place: Arc::new(place), client: Arc::default() })
    }

    /// A connection over a client that is already there, such as an in-process API server.
    pub fn over(client: Client, context: &str) -> Self {
        let place = Place {
            context: context.to_owned(),
            server: "in-process".to_owned(),
            user: None,
            namespace: client.default_namespace().to_owned(),
            // Never read: the client is already there.
            config: Config::new(Default::default()),
        };
        Self { place: Arc::new(place), client: Arc::new(OnceLock::from(client)) }
    }

    /// The client, made at the first call; must be called inside a tokio runtime. It never sends a request twice.
    pub fn client(&self) -> Result<Client, Error> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = Client::try_from(self.place.config.clone()).map_err(|source| Error::Client {
            context: self.place.context.clone(),
            server: self.place.server.clone(),
            source: Box::new(source),
        })?;
        Ok(self.client.get_or_init(|| client).clone())
    }

    /// Name of the context; `in-cluster` in a pod, the URL for direct settings.
    pub fn context(&self) -> &str {
        &self.place.context
    }

    /// URL of the API server.
    pub fn server(&self) -> &str {
        &self.place.server
    }

    /// Name of the kubeconfig's user, where there is one.
    pub fn user(&self) -> Option<&str> {
        self.place.user.as_deref()
    }

    /// The context's namespace. Activities never use it: their `ns` defaults to `default`.
    pub fn namespace(&self) -> &str {
        &self.place.namespace
    }

    /// An error of a request, with the place it happened at and what to do about it.
    pub fn error(&self, what: impl Into<String>, source: kube::Error) -> Error {
        let advice = advice(&source, self);
        Error::Request {
            context: self.place.context.clone(),
            server: self.place.server.clone(),
            what: what.into(),
            source: Box::new(source),
            advice,
        }
    }
}

fn advice(error: &kube::Error, connection: &Connection) -> String {
    let user = connection.user().unwrap_or("this user");
    match error {
        kube::Error::Api(status) if status.code == 403 => {
            format!("Grant {user} that permission (manifests/rbac.yml), or choose another --context")
        }
        kube::Error::Api(status) if status.code == 401 => {
            format!("The credentials of {user} were not accepted: log in again, or choose another --context")
        }
        kube::Error::Api(_) => "The server's message says what it missed".to_owned(),
        _ => "Is the cluster running, and is it the right --context? `kubectl cluster-info` asks the same"
            .to_owned(),
    }
}
