//! Finds the experiment files that the start screen offers.

use crate::{experiment::read_bounded, tui::start::FoundExperiment};
use pyvalue::{Document, Value};
use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The folders that are searched.
const FOLDERS: [&str; 2] = [".", "experiments"];
/// Maximum number of entries examined per folder.
const ENTRIES: usize = 5000;
/// Maximum number of files read, newest first.
const READ: usize = 200;
/// Maximum size of a file, in bytes.
const LONGEST: u64 = 1 << 20;
/// Maximum number of experiments offered.
const OFFERED: usize = 50;

/// Returns the experiments in this folder and in its subfolder `experiments`, newest first.
pub(super) fn experiments(here: &Path) -> Vec<FoundExperiment> {
    let mut files: Vec<(SystemTime, String, PathBuf)> =
        FOLDERS.into_iter().flat_map(|folder| candidates(here, folder)).collect();
    files.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    let found = files
        .into_iter()
        .take(READ)
        .filter_map(|(_, path, file)| Some(FoundExperiment { title: title(&file)?, path }));
    found.take(OFFERED).collect()
}

/// Returns the files of a folder that may be experiments by name and size: modification time, displayed path, full
/// path.
fn candidates(here: &Path, folder: &str) -> Vec<(SystemTime, String, PathBuf)> {
    let Ok(entries) = fs::read_dir(here.join(folder)) else { return Vec::new() };
    let candidate = |entry: fs::DirEntry| {
        let (file, name) = (entry.path(), entry.file_name().into_string().ok()?);
        let named = [".json", ".yaml", ".yml"].iter().any(|ending| name.ends_with(ending));
        let metadata =
            fs::metadata(&file).ok().filter(|data| named && data.is_file() && data.len() <= LONGEST)?;
        let path = if folder == "." { name } else { format!("{folder}/{name}") };
        Some((metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), path, file))
    };
    entries.flatten().take(ENTRIES).filter_map(candidate).collect()
}

/// Returns the title of an experiment, or `None` if the file is not an experiment.
fn title(file: &Path) -> Option<String> {
    let text = String::from_utf8(read_bounded(file).ok()?).ok()?;
    let json = file.extension().is_some_and(|extension| extension == "json");
    let document = if json { Document::json("", text) } else { Document::yaml("", text) }.ok()?;
    let title = document.root().get("title").and_then(Value::as_str)?.to_owned();
    document.root().get("method").map(|_| title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_experiments_are_offered_newest_first() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        fs::create_dir(here.join("experiments")).unwrap();
        fs::create_dir(here.join("folder.json")).unwrap();
        for (age, name, text) in [
            (9, "old.json", r#"{"title": "Old", "method": []}"#),
            (1, "experiments/new.yaml", "title: New\nmethod: []\n"),
            (5, "experiments/middle.yml", "title: Middle\nmethod: []\n"),
            (2, "journal.json", r#"{"experiment": {"title": "Old", "method": []}}"#),
            (3, "deployment.yaml", "kind: Deployment\n---\nkind: Service\n"),
            (4, "broken.json", "{"),
            (4, "text.txt", r#"{"title": "No", "method": []}"#),
            (4, "list.json", "[1]"),
        ] {
            let path = here.join(name);
            fs::write(&path, text).unwrap();
            let at = SystemTime::now() - std::time::Duration::from_secs(age * 60);
            fs::File::options().append(true).open(&path).unwrap().set_modified(at).unwrap();
        }
        let found: Vec<(String, String)> =
            experiments(here).into_iter().map(|found| (found.path, found.title)).collect();
        let wanted =
            [("experiments/new.yaml", "New"), ("experiments/middle.yml", "Middle"), ("old.json", "Old")];
        assert_eq!(found, wanted.map(|(path, title)| (path.to_owned(), title.to_owned())));
        assert_eq!(experiments(Path::new("/no/such/folder")), []);
    }
}
