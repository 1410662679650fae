//! Decompression of response bodies.

use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::{self, Read};

/// The number of bytes decompressed at a time.
const STEP: usize = 16 * 1024;

/// A content coding, by its name in `Content-Encoding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentCoding {
    Gzip,
    /// `deflate`, with or without the zlib header: servers differ.
    Deflate,
    /// `br`.
    Brotli,
}

impl ContentCoding {
    /// The codings of a body in the order they were applied; unknown codings are left out.
    pub(crate) fn of(encoding: Option<&str>) -> Vec<Self> {
        let names = encoding.unwrap_or_default().split(',').map(|name| name.trim().to_ascii_lowercase());
        names
            .filter_map(|name| match name.as_str() {
                "gzip" | "x-gzip" => Some(ContentCoding::Gzip),
                "deflate" => Some(ContentCoding::Deflate),
                "br" => Some(ContentCoding::Brotli),
                _ => None,
            })
            .collect()
    }

    /// Returns a reader that decompresses `packed`.
    pub(super) fn reader<'a>(self, packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            ContentCoding::Gzip => Box::new(MultiGzDecoder::new(packed)),
            ContentCoding::Brotli => Box::new(Decompressor::new(packed, STEP)),
            ContentCoding::Deflate => {
                let mut packed = packed;
                let mut head = Vec::with_capacity(2);
                packed.by_ref().take(2).read_to_end(&mut head)?;
                // The zlib header consists of the compression method and a checksum over its two bytes.
                let framed = matches!(head.as_slice(), [method, flags] if method & 15 == 8
                    && (u16::from(*method) * 256 + u16::from(*flags)) % 31 == 0);
                let whole = io::Cursor::new(head).chain(packed);
                if framed { Box::new(ZlibDecoder::new(whole)) } else { Box::new(DeflateDecoder::new(whole)) }
            }
        })
    }
}

/// Returns the first `keep` bytes of the decompressed body, and its length. Decompression stops at `most` bytes. A
/// truncated body counts as long as the part that was received.
///
/// # Errors
/// When the body is not valid in these codings.
pub(crate) fn decompress_prefix(
    packed: &[u8],
    packings: &[ContentCoding],
    keep: usize,
    most: usize,
) -> io::Result<(Vec<u8>, usize)> {
    let mut reader: Box<dyn Read + '_> = Box::new(packed);
    for packing in packings.iter().rev() {
        reader = packing.reader(reader)?;
    }
    let (mut kept, mut length) = (Vec::new(), 0);
    let mut step = vec![0; STEP];
    while length < most {
        match reader.read(&mut step) {
            Ok(0) => break,
            Ok(read) => {
                length += read;
                let room = keep.saturating_sub(kept.len()).min(read);
                kept.extend_from_slice(step.get(..room).unwrap_or_default());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            // Data after a complete gzip body is ignored.
            Err(error) if length > 0 && error.to_string().contains("invalid gzip header") => break,
            Err(error) => return Err(error),
        }
    }
    Ok((kept, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use std::io::Write;

    /// `{"id": 7, "name": "Bob"}` in brotli format, stored without compression.
    const BROTLI: &[u8] = b"\x8b\x0b\x80{\"id\": 7, \"name\": \"Bob\"}\x03";

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(plain).unwrap();
        packer.finish().unwrap()
    }

    fn unpacked(packed: &[u8], encoding: &str) -> Vec<u8> {
        decompress_prefix(packed, &ContentCoding::of(Some(encoding)), 1 << 20, 8 << 20).unwrap().0
    }

    #[test]
    fn every_packing_is_unpacked() {
        let plain = b"{\"id\": 7, \"name\": \"Bob\"}";
        let (mut zlib, mut raw) = (
            ZlibEncoder::new(Vec::new(), Compression::fast()),
            DeflateEncoder::new(Vec::new(), Compression::fast()),
        );
        zlib.write_all(plain).unwrap();
        raw.write_all(plain).unwrap();
        assert_eq!(unpacked(&gzip(plain), "GZIP"), plain);
        assert_eq!(unpacked(&gzip(&gzip(plain)), "gzip, x-gzip"), plain);
        assert_eq!(unpacked(&zlib.finish().unwrap(), "deflate"), plain);
        assert_eq!(unpacked(&raw.finish().unwrap(), "deflate"), plain);
        assert_eq!(unpacked(BROTLI, "br"), plain);
        assert_eq!(unpacked(plain, "zstd"), plain, "as it is");
    }

    #[test]
    fn a_bomb_is_unpacked_up_to_the_bound() {
        let bomb = gzip(&vec![0; 4 << 20]);
        let (kept, length) = decompress_prefix(&bomb, &[ContentCoding::Gzip], 100, 1 << 20).unwrap();
        assert_eq!(kept.len(), 100);
        assert!((1 << 20..(1 << 20) + STEP).contains(&length), "{length}");
    }

    #[test]
    fn what_is_not_packed_so_is_an_error_and_what_ends_early_or_late_is_none() {
        for encoding in ["gzip", "br"] {
            let packings = ContentCoding::of(Some(encoding));
            assert!(
                decompress_prefix(b"{\"sorry\": \"try again later\"}", &packings, 100, 100).is_err(),
                "{encoding}"
            );
        }
        let packed = gzip(&[7; 5000]);
        assert!(decompress_prefix(&packed[..packed.len() - 9], &[ContentCoding::Gzip], 100, 100_000).is_ok());
        let longer = [packed, b"rubbish behind it".to_vec()].concat();
        assert_eq!(decompress_prefix(&longer, &[ContentCoding::Gzip], 100, 100_000).unwrap().1, 5000);
    }
}
