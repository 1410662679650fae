//! What an earlier session left on: read from its record, compared with the cluster.

#[cfg(test)]
#[path = "left_tests.rs"]
mod tests;

use crate::{
    cluster::{ClusterSettings, Connection},
    engine::SavedEntry,
    experiment::{ActivityKind, Environment, Experiment},
    provider::{is_kubernetes, kit},
    session::{
        Session,
        clock::local_zone,
        event::{EarlierSession, StepRef},
        record::{ClusterReference, KeptSession, RecordHeader, SessionsFolder},
    },
};
use pyvalue::{Document, Map, Value};
use std::{collections::BTreeSet, env, path::PathBuf, time::Duration};
use tokio::time::timeout;

/// How long the cluster may take to tell what is still on.
const LIMIT: Duration = Duration::from_secs(5);
/// How many earlier sessions are looked at.
const SESSIONS: usize = 10;

/// A session that ended without undoing what it fired.
pub(crate) struct LeftBehind {
    pub kept: KeptSession,
    pub header: RecordHeader,
    pub session: Session,
    /// What of the recording cannot be read: a fire may be missing.
    pub damage: Option<String>,
    /// The rollbacks that were not played or failed: index and name.
    pub rollbacks: Vec<(usize, String)>,
    /// The saved manifests of fired steps.
    pub kit: Vec<SavedEntry>,
}

impl LeftBehind {
    /// Reads a record. `None` if nothing was fired, or everything was undone. A damaged recording does not show that nothing
    /// was fired.
    ///
    /// # Errors
    /// If the record cannot be read; the text says why.
    pub(crate) fn read(kept: KeptSession) -> Result<Option<Self>, String> {
        let (session, damage) = kept.session().map_err(|error| error.to_string())?;
        if session.fault.is_none() && damage.is_none() {
            return Ok(None);
        }
        let header = kept.header().map_err(|error| error.to_string())?;
        let fires = session.fault.iter().flat_map(|fault| &fault.fires);
        let fired: BTreeSet<StepRef> = fires.map(|firing| firing.step).collect();
        let mut rollbacks: Vec<_> = session
            .steps
            .unfinished_rollbacks()
            .map(|row| (row.step.at.index, row.step.name.clone()))
            .collect();
        if session.steps.rows.is_empty() {
            // The recording lacks the plan: nothing tells which rollbacks were played.
            rollbacks = declared_rollbacks(&header.experiment);
        }
        let put_back = session.undo.done.as_ref().is_some_and(|(_, undone)| undone.failed.is_empty());
        let mut kit = SavedEntry::read(&kept)?;
        let may_be_fired = |step: &StepRef| damage.is_some() || fired.contains(step);
        kit.retain(|entry| !put_back && entry.steps.iter().any(may_be_fired));
        if header.sandbox && is_about_cluster(&header.experiment) {
            return Ok(None);
        }
        // A run that came to its end without rollbacks to play left on what its author wanted to be left on.
        let orderly = session.run.ended.is_some() && rollbacks.is_empty();
        Ok((!orderly).then_some(Self { kept, header, session, damage, rollbacks, kit }))
    }

    /// Whether the process of the session died, rather than ending without rollbacks.
    pub(crate) fn died(&self) -> bool {
        self.session.run.ended.is_none()
    }

    /// The fired steps in words.
    pub(crate) fn fired(&self) -> Vec<String> {
        let fires = self.session.fault.iter().flat_map(|fault| &fault.fires);
        let mut words: Vec<String> = fires.map(|firing| firing.what.clone()).collect();
        words.dedup();
        words
    }

    /// Local time of its start: `12:04`, with the date if that is another day.
    pub(crate) fn time(&self) -> String {
        let zone = local_zone().clone();
        let (started, today) =
            (self.header.started.to_zoned(zone.clone()), jiff::Zoned::now().with_time_zone(zone));
        let format = if started.date() == today.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
        started.strftime(format).to_string()
    }

    /// The kubeconfig files of the session, as far as they are still there.
    pub(crate) fn cluster_settings(&self) -> ClusterSettings {
        let kubeconfig = joined(&self.header.options.kubeconfig);
        ClusterSettings::new(move |name| match name {
            "KUBECONFIG" => kubeconfig.clone().or_else(|| env::var(name).ok()),
            _ => env::var(name).ok(),
        })
    }

    /// Connects to the cluster of a manifest as the session did.
    ///
    /// # Errors
    /// If it is not there, or the context leads to another server than then.
    pub(crate) async fn connect(&self, cluster: &ClusterReference) -> Result<Connection, String> {
        let mut settings = self.cluster_settings();
        settings.context = cluster.is_named().then(|| cluster.context.clone());
        let connection =
            Connection::choose(&settings, &Map::default()).await.map_err(|error| error.to_string())?;
        match &cluster.server {
            Some(then) if then != connection.server() => Err(format!(
                "context {} leads to {}, and led to {then} in that session",
                connection.context(),
                connection.server()
            )),
            _ => Ok(connection),
        }
    }

    /// Asks the clusters what differs from the undo kit: `Deployment my-provider-app is at 0, was 1`. What cannot be
    /// asked is said as well.
    pub(crate) async fn differences(&self) -> Vec<String> {
        let looking = async {
            let mut found = Vec::new();
            for entry in self.kit.iter().filter(|entry| entry.manifest.touched) {
                let difference = match self.connect(&entry.cluster).await {
                    Ok(connection) => kit::difference(&connection, &entry.manifest).await,
                    Err(why) => Err(why),
                };
                match difference {
                    Ok(difference) => found.extend(difference),
                    Err(why) => {
                        found.push(format!("{} cannot be looked at: {why}", entry.manifest.title()));
                        break;
                    }
                }
            }
            found
        };
        timeout(LIMIT, looking)
            .await
            .unwrap_or_else(|_| vec![format!("its cluster did not answer within {} s", LIMIT.as_secs())])
    }

    /// Whether every fired step is covered by the undo kit, so that nothing is on if nothing differs from it.
    pub(crate) fn is_covered_by_kit(&self) -> bool {
        let mut fires = self.session.fault.iter().flat_map(|fault| &fault.fires);
        let covered = |step: &StepRef| self.kit.iter().any(|entry| entry.steps.contains(step));
        self.damage.is_none() && fires.all(|firing| covered(&firing.step))
    }

    /// Says what is still on, in one sentence.
    pub(crate) fn sentence(&self, differences: &[String]) -> String {
        let ended = if self.died() { "died" } else { "ended without its rollbacks" };
        let fired = match self.fired().as_slice() {
            [] => "what it may have fired".to_owned(),
            fired => fired.join(", "),
        };
        let on = match (differences, self.rollbacks.as_slice()) {
            ([], []) if self.session.fault.is_none() => "what it may have fired is not known".to_owned(),
            ([], []) => format!("{fired} was fired, and nothing is known to undo it with"),
            ([], rollbacks) => {
                let names: Vec<_> = rollbacks.iter().map(|(_, name)| format!("'{name}'")).collect();
                format!("{fired} may still be on, not rolled back by {}", names.join(", "))
            }
            (differences, _) => differences.join(", "),
        };
        let damage = self.damage.as_ref().map(|damage| format!("; {damage}")).unwrap_or_default();
        format!("a session of {} {ended}: {on}{damage}", self.time())
    }
}

/// Returns the sessions that left something on, with the sentence that says what; settles those that did not. Looks at
/// the newest ones only.
pub(crate) async fn left_behind(folder: &SessionsFolder) -> Vec<(LeftBehind, EarlierSession)> {
    let mut found = Vec::new();
    for kept in folder.unsettled().into_iter().rev().take(SESSIONS) {
        let id = kept.id();
        match LeftBehind::read(kept.clone()) {
            Ok(Some(left)) => {
                let differences = left.differences().await;
                if differences.is_empty() && left.is_covered_by_kit() {
                    settle(&kept, "everything is as it was before the session");
                    continue;
                }
                let text = left.sentence(&differences);
                found.push((left, EarlierSession { id, text }));
            }
            Ok(None) => settle(&kept, "nothing is left to undo"),
            // A session that died before it was open has no recording.
            Err(_) if !kept.recording().exists() => settle(&kept, "it never began"),
            Err(why) => tracing::warn!("{why}"),
        }
    }
    found
}

fn settle(kept: &KeptSession, why: &str) {
    if let Err(error) = kept.settle(why) {
        tracing::warn!("{error}");
    }
}

/// The kubeconfig files as `KUBECONFIG` lists them; `None` if none of them exists any more.
pub(super) fn joined(files: &[PathBuf]) -> Option<String> {
    let there: Vec<&PathBuf> = files.iter().filter(|path| path.exists()).collect();
    let joined = (!there.is_empty()).then(|| env::join_paths(there).ok())??;
    joined.into_string().ok()
}

/// The rollbacks of an experiment: index and name.
fn declared_rollbacks(experiment: &Value) -> Vec<(usize, String)> {
    let declared = experiment.get("rollbacks").and_then(Value::as_list).unwrap_or_default();
    let name = |entry: &Value| {
        let name = entry.get("name").or_else(|| entry.get("ref")).and_then(Value::as_str);
        name.unwrap_or_default().to_owned()
    };
    declared.iter().map(name).enumerate().collect()
}

/// Whether everything that the experiment fires and rolls back concerns a Kubernetes cluster.
fn is_about_cluster(experiment: &Value) -> bool {
    let Some(raw) = experiment.as_map() else { return false };
    let document = Document::json("record", Value::Map(raw.clone()).to_json());
    let Some(experiment) = document.ok().and_then(|document| Experiment::unchecked(document).ok()) else {
        return false;
    };
    let entries = experiment.method().iter().chain(experiment.rollbacks());
    let mut actions = entries
        .filter_map(|entry| entry.activity.as_ref().ok())
        .filter(|activity| activity.kind == ActivityKind::Action);
    actions.all(|activity| {
        let module = activity.provider.raw.get("module").and_then(Value::as_str);
        module.is_some_and(|module| is_kubernetes(module) || module.starts_with("chaosgremlin."))
    })
}

/// The environment variables that are missing for references of this experiment, with the places that need them.
pub(super) fn missing_variables(experiment: &Value, environment: &Environment) -> Vec<String> {
    let mut missing = Vec::new();
    for block in ["configuration", "secrets"] {
        if let Some(declared) = experiment.get(block) {
            collect(declared, &format!("$.{block}"), environment, &mut missing);
        }
    }
    missing
}

fn collect(value: &Value, place: &str, environment: &Environment, missing: &mut Vec<String>) {
    let Some(map) = value.as_map() else { return };
    if map.get("type").and_then(Value::as_str) == Some("env") {
        let key = map.get("key").and_then(Value::as_str).unwrap_or_default();
        if environment.get(key).is_none() && !map.contains_key("default") {
            missing.push(format!("the environment variable {key}, for {place}"));
        }
        return;
    }
    for (key, value) in map {
        collect(value, &format!("{place}.{key}"), environment, missing);
    }
}
