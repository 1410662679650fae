//! The files of the undo kit: lists for `kubectl apply -f`, and what `recover` reads.

use crate::{
    provider::kit::Manifest,
    session::{
        event::StepRef,
        private_file::replace_private,
        record::{APPLICABLE_KIT, ClusterReference, KIT, KeptSession},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// Where the kit is written; nowhere by default.
#[derive(Clone, Debug, Default)]
pub(crate) struct KitFiles {
    /// The list for `kubectl apply -f`; those of further clusters are numbered. All have the same contents.
    applicable: Vec<PathBuf>,
    /// What `recover` reads.
    entries: Option<PathBuf>,
}

/// A saved manifest, and what it belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedEntry {
    /// The steps that affect the object.
    pub steps: Vec<StepRef>,
    pub cluster: ClusterReference,
    pub manifest: Manifest,
}

/// The contents of the files.
pub(super) struct WrittenKit {
    /// The manifests of each cluster.
    pub lists: Vec<Vec<Json>>,
    pub entries: Vec<SavedEntry>,
}

impl KitFiles {
    /// Writes beside the recording that the operator asked for, and into the session's record, if there are these.
    pub(crate) fn new(recording: Option<&Path>, record: Option<&KeptSession>) -> Self {
        let beside = recording.map(|path| path.with_extension("undo.json"));
        let applicable = beside.into_iter().chain(record.map(|record| record.file(APPLICABLE_KIT))).collect();
        Self { applicable, entries: record.map(|record| record.file(KIT)) }
    }

    /// Path of the list for `kubectl apply -f` of a cluster.
    pub(in crate::engine) fn applicable(&self, cluster: usize) -> Option<PathBuf> {
        self.applicable.first().map(|path| numbered(path, cluster))
    }

    /// Writes all files, synced. The error names the file.
    pub(super) async fn write(&self, kit: WrittenKit) -> Result<(), String> {
        let files = self.clone();
        // On a blocking thread, because a disk may hang.
        let written = tokio::task::spawn_blocking(move || files.write_now(&kit)).await;
        let unwritten = |(path, error): (PathBuf, io::Error)| {
            format!("the undo kit cannot be written to {}: {error}", path.display())
        };
        written.map_err(|error| format!("the undo kit cannot be written: {error}"))?.map_err(unwritten)
    }

    fn write_now(&self, kit: &WrittenKit) -> Result<(), (PathBuf, io::Error)> {
        for path in &self.applicable {
            for (number, items) in kit.lists.iter().enumerate() {
                let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
                let path = numbered(path, number);
                replace_private(&path, format!("{list:#}\n").as_bytes()).map_err(|error| (path, error))?;
            }
        }
        let Some(path) = &self.entries else { return Ok(()) };
        let text = serde_json::to_vec_pretty(&kit.entries).map_err(io::Error::other);
        let written = text.and_then(|text| replace_private(path, &text));
        written.map_err(|error| (path.clone(), error))
    }
}

impl SavedEntry {
    /// Reads the kit of a session; empty if it saved none.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn read(session: &KeptSession) -> Result<Vec<Self>, String> {
        let path = session.file(KIT);
        let entries = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text).map_err(|error| error.to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        };
        entries.map_err(|why| format!("the undo kit {} cannot be read: {why}", path.display()))
    }
}

/// The path for a cluster: `undo.json`, `undo.2.json` and so on.
fn numbered(path: &Path, cluster: usize) -> PathBuf {
    match cluster {
        0 => path.to_owned(),
        number => path.with_extension(format!("{}.json", number + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{provider::kit::SavedKind, session::event::Section};

    fn entry() -> SavedEntry {
        SavedEntry {
            steps: vec![StepRef { section: Section::Method, index: 0 }],
            cluster: ClusterReference {
                context: "here".to_owned(),
                namespace: "shop".to_owned(),
                server: Some("https://s".to_owned()),
            },
            manifest: Manifest {
                kind: SavedKind::Deployment,
                namespace: "shop".to_owned(),
                name: "a".to_owned(),
                body: Some(json!({"spec": {"replicas": 2}})),
                touched: true,
            },
        }
    }

    #[tokio::test]
    async fn a_kit_is_read_as_it_was_written_and_one_that_cannot_be_read_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let session = KeptSession::at(folder.path());
        assert_eq!(SavedEntry::read(&session), Ok(Vec::new()), "nothing was saved");
        let lists = vec![vec![json!({"kind": "Deployment"})], vec![json!({"kind": "Service"})]];
        let files = KitFiles::new(None, Some(&session));
        files.write(WrittenKit { lists, entries: vec![entry()] }).await.unwrap();
        assert_eq!(SavedEntry::read(&session), Ok(vec![entry()]));
        for (name, kind) in [("undo.json", "Deployment"), ("undo.2.json", "Service")] {
            let list: Json = serde_json::from_slice(&fs::read(folder.path().join(name)).unwrap()).unwrap();
            assert_eq!((&list["kind"], &list["items"][0]["kind"]), (&json!("List"), &json!(kind)));
        }
        let kit = session.file(KIT);
        fs::write(&kit, "{").unwrap();
        let why = SavedEntry::read(&session).unwrap_err();
        assert!(why.starts_with(&format!("the undo kit {} cannot be read: ", kit.display())), "{why}");
        fs::remove_file(&kit).unwrap();
        fs::create_dir(&kit).unwrap();
        assert!(SavedEntry::read(&session).is_err(), "a folder is no kit");
    }
}
