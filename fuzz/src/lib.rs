//! What the fuzz targets share: input files, and a mutator that keeps JSON lines readable.

mod lines;
mod mutator;

pub use lines::{applied, session_of};
pub use mutator::mutate_json_lines;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// A file for the input of loaders that read files, in memory where the system has such a folder.
pub struct InputFile(PathBuf);

impl InputFile {
    /// The file's name ends with `suffix`, which decides the format for the loaders.
    pub fn with(suffix: &str, bytes: &[u8]) -> Self {
        static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
            let memory = Path::new("/dev/shm");
            let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
            folder.join(format!("chaos-tui-fuzz-{}", std::process::id()))
        });
        fs::create_dir_all(&*FOLDER).expect("a folder for temporary files");
        let path = FOLDER.join(format!("input{suffix}"));
        fs::write(&path, bytes).expect("a temporary file");
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}
