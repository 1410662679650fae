//! What a session and its guardian say to each other: the setup once, then words of a fixed size. Back come lines of text.

use super::lease::{Moment, Word};
use rustix::{
    fd::{AsFd, OwnedFd},
    io::Errno,
    time::{ClockId, clock_gettime},
};
use serde::{Deserialize, Serialize};
use std::{io, path::PathBuf, time::Duration};

/// The size of a word: its kind, and its moment in nanoseconds.
pub(super) const WORD: usize = 9;
/// The maximum size of what is handed over, in bytes.
const LARGEST: usize = 64 << 20;
const RENEW: u8 = b'r';
const DONE: u8 = b'd';

/// What a guardian needs to know of its session.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Setup {
    /// The session's folder.
    pub folder: PathBuf,
    /// How long the session may go without a renewal.
    pub lease: Duration,
    /// What the recovery needs, secret values included; not read before there is one.
    #[serde(skip)]
    pub hand_over: Vec<u8>,
}

impl Setup {
    /// Writes the setup as the guardian reads it.
    pub(super) fn encode(&self) -> io::Result<Vec<u8>> {
        let head = serde_json::to_vec(self)?;
        let mut bytes = Vec::with_capacity(8 + head.len() + self.hand_over.len());
        for part in [&head, &self.hand_over] {
            let length = u32::try_from(part.len()).ok().filter(|length| *length as usize <= LARGEST);
            let length = length.ok_or_else(|| io::Error::other("too much to hand over to a guardian"))?;
            bytes.extend(length.to_le_bytes());
            bytes.extend(part);
        }
        Ok(bytes)
    }

    /// Reads the setup, and nothing after it.
    pub(super) fn read(pipe: impl AsFd) -> io::Result<Self> {
        let head = part(&pipe)?;
        let mut setup: Self = serde_json::from_slice(&head)?;
        setup.hand_over = part(&pipe)?;
        Ok(setup)
    }
}

fn part(pipe: &impl AsFd) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    fill(pipe, &mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > LARGEST {
        return Err(io::Error::other("no setup of a guardian"));
    }
    let mut bytes = vec![0; length];
    fill(pipe, &mut bytes)?;
    Ok(bytes)
}

fn fill(pipe: &impl AsFd, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match rustix::io::read(pipe, &mut *bytes) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => bytes = &mut bytes[read..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Returns the present moment.
pub(super) fn now() -> Moment {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Writes a word as it goes through the pipe. As it is short, it is written as a whole or not at all.
pub(super) fn encode(word: Word) -> [u8; WORD] {
    let (kind, at) = match word {
        Word::Renew(at) => (RENEW, at),
        Word::Done => (DONE, Duration::ZERO),
    };
    let mut bytes = [kind; WORD];
    bytes[1..].copy_from_slice(&u64::try_from(at.as_nanos()).unwrap_or(u64::MAX).to_le_bytes());
    bytes
}

/// Reads a word; `None` if it is none.
pub(super) fn decode(bytes: [u8; WORD]) -> Option<Word> {
    let [kind, at @ ..] = bytes;
    match kind {
        RENEW => Some(Word::Renew(Duration::from_nanos(u64::from_le_bytes(at)))),
        DONE => Some(Word::Done),
        _ => None,
    }
}

/// Says a word to the guardian without waiting. A full pipe holds renewals enough.
///
/// # Errors
/// If the guardian is gone.
pub(super) fn say(pipe: &OwnedFd, word: Word) -> io::Result<()> {
    match rustix::io::write(pipe, &encode(word)) {
        Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for word in [Word::Renew(Duration::new(7, 123_456_789)), Word::Done] {
            assert_eq!(decode(encode(word)), Some(word));
        }
        assert_eq!(decode([b'x'; WORD]), None);
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let setup = Setup {
            folder: PathBuf::from("/tmp/a b"),
            lease: Duration::from_millis(2500),
            hand_over: b"{\"secret\": \"s3cr3t\"}".to_vec(),
        };
        rustix::io::write(&writer, &setup.encode().unwrap()).unwrap();
        rustix::io::write(&writer, &encode(Word::Done)).unwrap();
        let read = Setup::read(&reader).unwrap();
        assert_eq!((read.folder, read.lease, read.hand_over), (setup.folder, setup.lease, setup.hand_over));
        let mut word = [0; WORD];
        assert_eq!(rustix::io::read(&reader, &mut word), Ok(WORD), "nothing more was read");
        drop(writer);
        assert!(Setup::read(&reader).is_err());
    }

    #[test]
    fn a_word_is_said_without_waiting_and_not_to_a_guardian_that_is_gone() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        rustix::io::ioctl_fionbio(&writer, true).unwrap();
        while rustix::io::write(&writer, &[0; 4096]).is_ok() {}
        assert!(say(&writer, Word::Done).is_ok(), "the pipe is full");
        drop(reader);
        assert!(say(&writer, Word::Done).is_err());
    }

    #[test]
    fn a_setup_of_any_other_size_than_announced_is_none() {
        let (reader, writer) = rustix::pipe::pipe().unwrap();
        let too_much = u32::try_from(LARGEST + 1).unwrap();
        rustix::io::write(&writer, &too_much.to_le_bytes()).unwrap();
        drop(writer);
        assert_eq!(part(&reader).unwrap_err().to_string(), "no setup of a guardian");
    }
}
