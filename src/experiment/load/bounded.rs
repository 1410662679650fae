//! Reads files and outputs of unknown type and size.

use super::MAX_SOURCE;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Reads a file of at most [`MAX_SOURCE`] bytes; a larger one is an error.
pub fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let promised = file.metadata().map_or(0, |metadata| metadata.len());
    let limit = u64::try_from(MAX_SOURCE).unwrap_or(u64::MAX).saturating_add(1);
    // One byte more than the file's length, so that the end of file is detected without growing the buffer.
    let mut bytes = Vec::with_capacity(usize::try_from(promised.saturating_add(1).min(limit)).unwrap_or(0));
    file.by_ref().take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_SOURCE {
        Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 64 MiB"))
    } else {
        Ok(bytes)
    }
}

/// Reads a file. A named pipe may block until another process writes to it, so it is read in a separate thread.
pub async fn read_without_blocking<T: Send + 'static>(
    path: &Path,
    read: impl FnOnce(&Path) -> T + Send + 'static,
) -> T {
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let path = path.to_owned();
        let reading = tokio::task::spawn_blocking(move || read(&path)).await;
        return reading.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    }
    read(path)
}

/// Reads the output of a program to its end; `None` if it is longer than `most` bytes. A read error counts as the end.
pub async fn read_output(output: Option<impl AsyncRead + Unpin>, most: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(output) = output {
        let _ = output.take(most as u64 + 1).read_to_end(&mut bytes).await;
    }
    (bytes.len() <= most).then_some(bytes)
}

/// Reads a file of at most [`MAX_SOURCE`] bytes as UTF-8 text.
pub fn read_text_bounded(path: &Path) -> io::Result<String> {
    String::from_utf8(read_bounded(path)?).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        io::Error::new(io::ErrorKind::InvalidData, format!("byte {place} is not valid UTF-8"))
    })
}
