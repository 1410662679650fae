//! A connection to a cluster: chosen once, with a client that is created on first use.

use super::{
    ClusterSettings, Error,
    bounds::{Bounds, LimitError, cause},
    choice::{self, ClusterChoice},
    config,
    credential_plugin::{self, PluginError},
};
use crate::session::record::ClusterReference;
use kube::{Client, Config, client::ClientBuilder};
use pyvalue::Map;
use std::sync::{Arc, OnceLock};

/// A connection to one cluster. Cheap to clone; all clones share one client.
#[derive(Clone)]
pub struct Connection {
    place: Arc<ServerPlace>,
    client: Arc<OnceLock<Client>>,
}

/// Which cluster a connection leads to, and as which user. Must not be displayed: a server URL may come from a secret.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    context: String,
    server: String,
    user: Option<String>,
}

impl Identity {
    /// Returns the context's name, as [`Connection::context`] does.
    pub fn context(&self) -> &str {
        &self.context
    }
}

/// Prints only the type's name.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity")
    }
}

#[derive(Clone)]
struct ServerPlace {
    context: String,
    server: String,
    user: Option<String>,
    namespace: String,
    choice: ClusterChoice,
    config: Config,
}

impl Connection {
    /// Chooses a cluster and reads its kubeconfig; sends no request.
    ///
    /// `secrets` is the flat mapping that an activity receives, used for its `KUBERNETES_*` entries; empty for the
    /// session.
    pub async fn choose(settings: &ClusterSettings, secrets: &Map) -> Result<Self, Error> {
        Self::chosen(choice::choose(settings, secrets, &|path| path.exists())?, settings, secrets).await
    }

    /// Chooses the cluster that a program such as `kubectl` would use, which knows only its kubeconfig.
    pub async fn choose_for_programs(settings: &ClusterSettings) -> Result<Self, Error> {
        let choice = choice::choose_for_program(settings, &|path| path.exists())?;
        Self::chosen(choice, settings, &Map::default()).await
    }

    async fn chosen(choice: ClusterChoice, settings: &ClusterSettings, secrets: &Map) -> Result<Self, Error> {
        let found = config::configure(choice.clone(), settings, secrets).await?;
        let place = ServerPlace {
            context: found.context,
            server: found.config.cluster_url.to_string(),
            user: found.user,
            namespace: found.config.default_namespace.clone(),
            choice,
            config: found.config,
        };
        Ok(Self { place: Arc::new(place), client: Arc::default() })
    }

    /// Creates a connection with an existing client, such as one of an in-process API server.
    #[cfg(any(test, feature = "fuzzing"))]
    pub fn over(client: Client, context: &str) -> Self {
        let place = ServerPlace {
            context: context.to_owned(),
            server: "in-process".to_owned(),
            user: None,
            namespace: client.default_namespace().to_owned(),
            choice: ClusterChoice::Kubeconfig { paths: Vec::new(), context: None },
            // Never read: the client exists already.
            config: Config::new(Default::default()),
        };
        Self { place: Arc::new(place), client: Arc::new(OnceLock::from(client)) }
    }

    /// Returns the same connection with another namespace.
    pub fn in_namespace(&self, namespace: &str) -> Self {
        let place = ServerPlace { namespace: namespace.to_owned(), ..(*self.place).clone() };
        Self { place: Arc::new(place), client: self.client.clone() }
    }

    /// Returns the client, created at the first call; must be called inside a tokio runtime. The client never retries a
    /// request.
    pub fn client(&self) -> Result<Client, Error> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let ServerPlace { context, server, config, .. } = &*self.place;
        let client = if let Some(exec) = credential_plugin::of(config) {
            credential_plugin::client(config.clone(), exec.clone(), server)
        } else {
            let builder = ClientBuilder::try_from(config.clone()).map_err(|source| Error::Client {
                context: context.clone(),
                server: server.clone(),
                source: Box::new(source),
            })?;
            builder.with_layer(&Bounds::new(server)).build()
        };
        Ok(self.client.get_or_init(|| client).clone())
    }

    /// Returns the identity of the cluster.
    pub fn identity(&self) -> Identity {
        let ServerPlace { context, server, user, .. } = &*self.place;
        Identity { context: context.clone(), server: server.clone(), user: user.clone() }
    }

    /// Returns what a session record names the cluster by.
    pub fn reference(&self) -> ClusterReference {
        ClusterReference {
            context: match self.place.choice {
                ClusterChoice::Kubeconfig { .. } => self.context().to_owned(),
                ClusterChoice::InCluster | ClusterChoice::Direct => String::new(),
            },
            namespace: self.namespace().to_owned(),
            server: (!self.is_direct()).then(|| self.server().to_owned()),
        }
    }

    /// Returns the context's name; `in-cluster` in a pod, the URL for direct settings.
    pub fn context(&self) -> &str {
        &self.place.context
    }

    /// Whether the connection uses `KUBERNETES_HOST`, so that the context is a URL which may come from a secret.
    pub fn is_direct(&self) -> bool {
        self.place.choice == ClusterChoice::Direct
    }

    /// Returns the URL of the API server.
    pub fn server(&self) -> &str {
        &self.place.server
    }

    /// Returns the name of the kubeconfig's user, if there is one.
    pub fn user(&self) -> Option<&str> {
        self.place.user.as_deref()
    }

    /// Returns the namespace: the context's, unless [`Connection::in_namespace`] chose another. Activities never use it:
    /// their `ns` defaults to `default`.
    pub fn namespace(&self) -> &str {
        &self.place.namespace
    }

    /// Converts the error of a request, with what was requested and a hint on what to do about it.
    pub fn error(&self, what: impl Into<String>, source: kube::Error) -> Error {
        Error::Request {
            what: what.into(),
            answer: answer_text(&source),
            hint: self.hint(&source).unwrap_or_default(),
        }
    }

    /// Returns where a refused or unanswered request was sent and what to do about it; `None` for answers that need no
    /// explanation.
    pub fn hint(&self, error: &kube::Error) -> Option<String> {
        let user = self.user().unwrap_or("this user");
        let context = self.context();
        match error {
            kube::Error::Api(status) if status.code == 403 => Some(format!(
                "In context {context}, {user} may not do this: grant it (`chaos-tui rbac FILE` prints what is \
                 needed) or choose another --context."
            )),
            kube::Error::Api(status) if status.code == 401 => Some(format!(
                "Context {context} did not accept the credentials of {user}: log in again or choose another --context."
            )),
            kube::Error::Api(_) | kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => None,
            _ if cause::<PluginError>(error).is_some() => None,
            _ if cause(error).is_some_and(|limit: &LimitError| !limit.is_late()) => None,
            _ => Some(format!(
                "Is the cluster of context {context} running at {}? `kubectl --context {context} cluster-info` asks \
                 the same; choose another with --context.",
                self.server()
            )),
        }
    }
}

/// Returns the server's message, or why there was no answer, in one line.
pub fn answer_text(error: &kube::Error) -> String {
    if let Some(limit) = cause::<LimitError>(error) {
        return limit.to_string();
    }
    if let Some(plugin) = cause::<PluginError>(error) {
        return plugin.to_string();
    }
    match error {
        kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
        kube::Error::Api(status) => format!("the API server answered {} {}", status.code, status.reason),
        other => {
            // The outermost messages describe our own layers; the cause is at the end of the chain.
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
