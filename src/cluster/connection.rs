//! A connection: chosen once, made when first needed.

use super::{ClusterSettings, Error, choice, config};
use kube::{Client, Config};
use pyvalue::Map;
use std::sync::{Arc, OnceLock};

/// A way to one cluster. Cheap to clone; all clones share one client.
#[derive(Clone)]
pub struct Connection {
    place: Arc<ServerPlace>,
    client: Arc<OnceLock<Client>>,
}

/// Which cluster a connection leads to, and as whom. Not to be shown: a server may come from a secret.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    context: String,
    server: String,
    user: Option<String>,
}

impl Identity {
    /// Name of the context, as [`Connection::context`] has it.
    pub fn context(&self) -> &str {
        &self.context
    }
}

/// Shows nothing.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

struct ServerPlace {
    context: String,
    server: String,
    user: Option<String>,
    namespace: String,
    direct: bool,
    config: Config,
}

impl Connection {
    /// Chooses a cluster and reads its kubeconfig; sends nothing.
    ///
    /// `secrets` is the flat mapping an activity receives, for its `KUBERNETES_*` entries; empty for the session.
    pub async fn choose(settings: &ClusterSettings, secrets: &Map) -> Result<Self, Error> {
        Self::chosen(choice::choose(settings, secrets, &|path| path.exists())?, settings, secrets).await
    }

    /// The cluster that a program is given, such as `kubectl`: it knows its kubeconfig and nothing else.
    pub async fn of_programs(settings: &ClusterSettings) -> Result<Self, Error> {
        let choice = choice::choose_for_program(settings, &|path| path.exists())?;
        Self::chosen(choice, settings, &Map::default()).await
    }

    async fn chosen(
        choice: choice::ClusterChoice,
        settings: &ClusterSettings,
        secrets: &Map,
    ) -> Result<Self, Error> {
        let direct = choice == choice::ClusterChoice::Direct;
        let found = config::configure(choice, settings, secrets).await?;
        let place = ServerPlace {
            context: found.context,
            server: found.config.cluster_url.to_string(),
            user: found.user,
            namespace: found.config.default_namespace.clone(),
            direct,
            config: found.config,
        };
        Ok(Self { place: Arc::new(place), client: Arc::default() })
    }

    /// A connection over a client that is already there, such as an in-process API server.
    #[cfg(test)]
    pub fn over(client: Client, context: &str) -> Self {
        let place = ServerPlace {
            context: context.to_owned(),
            server: "in-process".to_owned(),
            user: None,
            namespace: client.default_namespace().to_owned(),
            direct: false,
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

    /// Which cluster it is.
    pub fn identity(&self) -> Identity {
        let ServerPlace { context, server, user, .. } = &*self.place;
        Identity { context: context.clone(), server: server.clone(), user: user.clone() }
    }

    /// Name of the context; `in-cluster` in a pod, the URL for direct settings.
    pub fn context(&self) -> &str {
        &self.place.context
    }

    /// Whether the way to it is `KUBERNETES_HOST`, so that the context is a URL which may come from a secret.
    pub fn is_direct(&self) -> bool {
        self.place.direct
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
        Error::Request {
            what: what.into(),
            answer: answer(&source),
            hint: self.hint(&source).unwrap_or_default(),
        }
    }

    /// Where a refused or unanswered request went and what to do about it; nothing for the answers that speak for
    /// themselves.
    pub fn hint(&self, error: &kube::Error) -> Option<String> {
        let user = self.user().unwrap_or("this user");
        let context = self.context();
        match error {
            kube::Error::Api(status) if status.code == 403 => Some(format!(
                "In context {context}, {user} may not do this: grant it (manifests/rbac.yml holds what is needed) \
                 or choose another --context."
            )),
            kube::Error::Api(status) if status.code == 401 => Some(format!(
                "Context {context} did not accept the credentials of {user}: log in again or choose another --context."
            )),
            kube::Error::Api(_) | kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => None,
            _ => Some(format!(
                "Is the cluster of context {context} running at {}? `kubectl --context {context} cluster-info` asks \
                 the same; choose another with --context.",
                self.server()
            )),
        }
    }
}

/// What the server said, or why nothing came from it, in one line.
pub fn answer(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        kube::Error::Api(status) => format!("the API server answered {} {}", status.code, status.reason),
        other => {
            // The outermost words are about our own layers; what happened stands at the end of the chain.
            let mut innermost: &dyn std::error::Error = other;
            while let Some(source) = innermost.source() {
                innermost = source;
            }
            match other {
                kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
                    format!("the API server's answer cannot be read: {innermost}")
                }
                _ => format!("the API server did not answer: {innermost}"),
            }
        }
    }
}
