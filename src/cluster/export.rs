//! Passes the choice of `--context` and `--kubeconfig` on to programs and to Python, in environment variables.
//!
//! A program such as `kubectl` reads `KUBECONFIG` and takes the file's current context; only `chaosk8s` knows a
//! variable for the context. If a context is chosen, both therefore get a private kubeconfig in which it is the current
//! one.

use super::{ClusterSettings, PrivateFolder, choice::kubeconfig_paths};
use crate::experiment::read_text_bounded;
use serde_json::{Map, Value, json};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

/// Environment variables by name; `None` for one that must be unset.
pub type Exported = Vec<(String, Option<String>)>;

/// Variables that choose a cluster without a kubeconfig, and are unset: an option chooses a kubeconfig and nothing
/// else.
const OTHER_WAYS: [&str; 2] = ["CHAOSTOOLKIT_IN_POD", "KUBERNETES_HOST"];

/// The kubeconfig that was written for programs, if one was.
#[derive(Debug, Default)]
pub(super) struct Export(Mutex<Option<Written>>);

#[derive(Debug)]
struct Written {
    folder: PrivateFolder,
    text: String,
}

impl Export {
    /// Returns the variables for the current options and files.
    pub(super) fn variables(&self, settings: &ClusterSettings) -> Exported {
        let mut variables: Exported = OTHER_WAYS.map(|name| (name.to_owned(), None)).into();
        let mut set = |name: &str, value: String| variables.push((name.to_owned(), Some(value)));
        let named = settings.kubeconfig.as_ref().map(|path| path.display().to_string());
        if let Some(context) = &settings.context {
            set("KUBERNETES_CONTEXT", context.clone());
        }
        // A context that does not exist yet may be created by a step, in the shared file.
        let own = settings.context.as_ref().and_then(|context| self.own(settings, context));
        if let Some(path) = own.or(named) {
            set("KUBECONFIG", path);
        }
        variables
    }

    /// Returns the path of a kubeconfig with this current context; `None` if no file has it, or it cannot be written.
    pub(super) fn own(&self, settings: &ClusterSettings, context: &str) -> Option<String> {
        let (paths, _) = kubeconfig_paths(settings);
        let merged = merged(paths.iter().filter(|path| path.exists()), context)?;
        let text = merged.to_string();
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match self.place(&mut written, text) {
            Ok(path) => Some(path.display().to_string()),
            Err(error) => {
                tracing::warn!(
                    "programs do not get context {context}: its kubeconfig cannot be written: {error}"
                );
                None
            }
        }
    }

    fn place(&self, written: &mut Option<Written>, text: String) -> io::Result<PathBuf> {
        const NAME: &str = "kubeconfig";
        if let Some(written) = written.as_mut().filter(|written| written.folder.path().exists()) {
            if written.text != text {
                written.folder.replace(NAME, &text)?;
                written.text = text;
            }
            return Ok(written.folder.path().join(NAME));
        }
        let folder = PrivateFolder::create().map_err(|(_, error)| error)?;
        let path = folder.replace(NAME, &text)?;
        *written = Some(Written { folder, text });
        Ok(path)
    }

    pub(super) fn withdraw(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Merges the files as `kubectl` does, where the first entry of a name wins, with this current context. Unknown fields
/// are kept. `None` if no file has the context.
fn merged<'a>(paths: impl Iterator<Item = &'a PathBuf>, context: &str) -> Option<Value> {
    let mut whole = Map::new();
    for path in paths {
        let text = read_text_bounded(path).ok()?;
        let Ok(Value::Object(mut file)) = serde_saphyr::from_str::<Value>(&text) else { return None };
        let folder = std::path::absolute(path).ok()?.parent()?.to_owned();
        for list in ["clusters", "contexts", "users"] {
            let Some(Value::Array(items)) = file.remove(list) else { continue };
            let all = whole.entry(list).or_insert_with(|| json!([])).as_array_mut()?;
            for mut item in items {
                if !all.iter().any(|other| other["name"] == item["name"]) {
                    anchor(&mut item, &folder);
                    all.push(item);
                }
            }
        }
        for (key, value) in file {
            whole.entry(key).or_insert(value);
        }
    }
    let known = whole.get("contexts")?.as_array()?.iter().any(|item| item["name"] == context);
    whole.insert("current-context".to_owned(), context.into());
    known.then_some(Value::Object(whole))
}

/// Makes the paths of an entry absolute: they are relative to the folder of their kubeconfig, and the merged file is in
/// another one.
fn anchor(item: &mut Value, folder: &Path) {
    let pointers = [
        "/cluster/certificate-authority",
        "/user/client-certificate",
        "/user/client-key",
        "/user/tokenFile",
        "/user/exec/command",
    ];
    for pointer in pointers {
        let Some(place) = item.pointer_mut(pointer) else { continue };
        let Some(path) = place.as_str().filter(|path| !path.is_empty()) else { continue };
        // A command without a slash is looked up in PATH.
        if pointer.ends_with("command") && !path.contains('/') {
            continue;
        }
        *place = folder.join(path).display().to_string().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const HERE: &str = "
apiVersion: v1
current-context: production
clusters: [{name: here, cluster: {server: 'http://127.0.0.1:1', certificate-authority: ca.pem}}]
users: [{name: me, user: {exec: {command: ./login, later: kept}, client-key: /k}}]
contexts: [{name: production, context: {cluster: here, user: me}}]
";
    const THERE: &str = "
current-context: staging
clusters: [{name: here, cluster: {server: 'http://other'}}, {name: there, cluster: {server: 'http://127.0.0.1:2'}}]
users: [{name: we, user: {exec: {command: aws}}}]
contexts: [{name: staging, context: {cluster: there, user: we}}]
";

    fn settings(folder: &Path, context: &str) -> ClusterSettings {
        let list = format!("{0}/here:{0}/there:{0}/nowhere", folder.display());
        let mut settings = ClusterSettings::new(move |name| (name == "KUBECONFIG").then(|| list.clone()));
        settings.context = Some(context.to_owned());
        settings
    }

    fn value(exported: &Exported, name: &str) -> Option<String> {
        exported.iter().find(|(other, _)| other == name)?.1.clone()
    }

    #[test]
    fn a_chosen_context_is_the_current_one_of_a_private_kubeconfig() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("here"), HERE).unwrap();
        std::fs::write(folder.path().join("there"), THERE).unwrap();
        let settings = settings(folder.path(), "staging");
        let exported = settings.exported();
        assert_eq!(value(&exported, "KUBERNETES_CONTEXT").as_deref(), Some("staging"));
        assert!(exported.contains(&("KUBERNETES_HOST".to_owned(), None)));
        let path = value(&exported, "KUBECONFIG").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["current-context"], "staging");
        let here = folder.path().display();
        assert_eq!(
            read["clusters"][0]["cluster"]["server"], "http://127.0.0.1:1",
            "the first of a name wins"
        );
        assert_eq!(read["clusters"][0]["cluster"]["certificate-authority"], format!("{here}/ca.pem"));
        assert_eq!(
            read["users"][0]["user"]["exec"],
            json!({"command": format!("{here}/./login"), "later": "kept"})
        );
        assert_eq!(read["users"][0]["user"]["client-key"], "/k");
        assert_eq!(read["users"][1]["user"]["exec"]["command"], "aws");
        assert!(kube::config::Kubeconfig::read_from(&path).is_ok());
        assert_eq!(value(&settings.exported(), "KUBECONFIG"), Some(path.clone()), "the same file each time");
        settings.delete_exported();
        assert!(!Path::new(&path).exists());
    }

    #[test]
    fn a_context_that_is_not_there_yet_is_found_once_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), "staging");
        assert_eq!(
            value(&settings.exported(), "KUBECONFIG"),
            None,
            "whoever makes it writes where everybody reads"
        );
        std::fs::write(folder.path().join("there"), THERE).unwrap();
        assert!(value(&settings.exported(), "KUBECONFIG").is_some_and(|path| Path::new(&path).exists()));
    }

    #[test]
    fn a_kubeconfig_by_option_is_handed_on_as_it_is_and_nothing_without_options() {
        let mut settings = ClusterSettings::new(|_| None);
        assert!(settings.exported().is_empty());
        settings.kubeconfig = Some("/not/yet".into());
        assert_eq!(value(&settings.exported(), "KUBECONFIG").as_deref(), Some("/not/yet"));
        assert_eq!(value(&settings.exported(), "KUBERNETES_CONTEXT"), None);
    }
}
