//! Reads the body of a response, decompressed, up to a limit.

use super::{exchange::cause, from_latin1, unpack::ContentCoding};
use reqwest::{Response, header::CONTENT_ENCODING};
use std::io::Read;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// It is larger than the limit.
    #[error("the answer is larger than {} MiB", .0 >> 20)]
    TooLarge(usize),
    /// The server fell silent for longer than the limit of the client.
    #[error("the server fell silent in the middle of its answer")]
    Silence,
    /// The connection broke, or the body is not what its `Content-Encoding` says; the reason.
    #[error("{0}")]
    Broken(String),
}

/// Reads at most `limit` bytes, before and after decompression.
pub(crate) async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, BodyError> {
    let codings = response.headers().get_all(CONTENT_ENCODING).iter();
    let codings: Vec<String> = codings.map(|value| from_latin1(value.as_bytes())).collect();
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > limit => return Err(BodyError::TooLarge(limit)),
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return unpack(bytes, Some(&codings.join(", ")), limit),
            Err(error) if error.is_timeout() => return Err(BodyError::Silence),
            Err(error) => {
                return Err(BodyError::Broken(format!("the response was interrupted: {}", cause(&error))));
            }
        }
    }
}

fn unpack(bytes: Vec<u8>, encoding: Option<&str>, limit: usize) -> Result<Vec<u8>, BodyError> {
    if bytes.is_empty() {
        return Ok(bytes);
    }
    // Other codings, and combinations of codings, are kept as they are: the reference does not decompress them either.
    match ContentCoding::of(encoding).as_slice() {
        [packing @ (ContentCoding::Gzip | ContentCoding::Deflate)] => {
            let reader = packing.reader(bytes.as_slice());
            inflate(reader.map_err(|error| BodyError::Broken(error.to_string()))?, limit)
        }
        _ => Ok(bytes),
    }
}

fn inflate(packed: impl Read, limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    let outcome = packed.take(limit as u64 + 1).read_to_end(&mut bytes);
    outcome.map_err(|error| BodyError::Broken(format!("the answer cannot be decompressed: {error}")))?;
    if bytes.len() > limit { Err(BodyError::TooLarge(limit)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    /// As large as a bomb has to be.
    const LIMIT: usize = 1 << 20;

    #[test]
    fn packed_bodies_are_unpacked_and_bombs_are_not() {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(b"hello").unwrap();
        assert_eq!(unpack(packer.finish().unwrap(), Some("gzip"), LIMIT).unwrap(), b"hello");
        let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
        bomb.write_all(&vec![0; LIMIT + 1]).unwrap();
        let unpacked = unpack(bomb.finish().unwrap(), Some("gzip"), LIMIT);
        assert!(matches!(unpacked, Err(BodyError::TooLarge(_))));
        assert!(unpack(b"no gzip".to_vec(), Some("gzip"), LIMIT).is_err());
    }
}
