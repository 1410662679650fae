//! The session's side: starts a guardian, renews its lease, and hears what it does.

use super::{
    lease::Word,
    pipe::{Setup, now, say},
    process::GUARDIAN,
};
use rustix::fd::OwnedFd;
use std::{io, path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{ChildStdout, Command},
    time::timeout,
};

/// How long a guardian may take to start.
const START: Duration = Duration::from_secs(5);

/// What a guardian says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It has taken the lease, for this reason.
    Took(String),
    /// It did this.
    Did(String),
    /// It is through. Whether nothing was left undone.
    Over(bool),
    /// It has ended without having taken the lease: nothing guards the session any more.
    Lost,
}

/// A running guardian.
pub(crate) struct Guardian {
    words: OwnedFd,
}

impl Guardian {
    /// Starts a guardian. Returns it once it guards, and what it will say.
    ///
    /// # Errors
    /// If it does not start.
    pub(crate) async fn start(program: &Path, setup: &Setup) -> io::Result<(Self, NewsReader)> {
        let started = timeout(START, Self::start_patiently(program, setup)).await;
        started.unwrap_or_else(|_| Err(io::Error::other("it does not answer")))
    }

    async fn start_patiently(program: &Path, setup: &Setup) -> io::Result<(Self, NewsReader)> {
        let mut command = Command::new(program);
        command.arg(GUARDIAN).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let (Some(mut words), Some(lines)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("it has no pipes"));
        };
        words.write_all(&setup.encode()?).await?;
        words.flush().await?;
        let mut lines = BufReader::new(lines).lines();
        if lines.next_line().await?.as_deref() != Some("ready") {
            return Err(io::Error::other("it has ended"));
        }
        let words = words.into_owned_fd()?;
        rustix::io::ioctl_fionbio(&words, true)?;
        // The child is not waited for: it outlives the session if it has to recover it, and tokio reaps it otherwise.
        let news = NewsReader { lines: Some(lines), took: false };
        Ok((Self { words }, news))
    }

    /// Renews the lease. A guardian that is gone says so by its news.
    pub(crate) fn renew(&self) {
        let _ = say(&self.words, Word::Renew(now()));
    }

    /// Tells the guardian that there is nothing to recover.
    pub(crate) fn done(self) {
        let _ = say(&self.words, Word::Done);
    }

    /// Leaves the guardian alone: it recovers the session.
    pub(crate) fn leave(self) {}
}

/// What a guardian will say.
pub(crate) struct NewsReader {
    lines: Option<Lines<BufReader<ChildStdout>>>,
    took: bool,
}

impl NewsReader {
    /// Waits for the next news; pends after the last. Cancel-safe.
    pub(crate) async fn next(&mut self) -> News {
        let Some(lines) = &mut self.lines else { return std::future::pending().await };
        let line = lines.next_line().await.ok().flatten();
        let (word, rest) =
            line.as_deref().map_or(("", ""), |line| line.split_once(' ').unwrap_or((line, "")));
        let news = match word {
            "took" => News::Took(rest.to_owned()),
            "did" => return News::Did(rest.to_owned()),
            "end" => News::Over(rest == "undone"),
            // It was killed, in the middle of the recovery or before one.
            _ if self.took => News::Over(false),
            _ => News::Lost,
        };
        self.took |= matches!(news, News::Took(_));
        if matches!(news, News::Over(_) | News::Lost) {
            self.lines = None;
        }
        news
    }
}

/// Both sides without a guardian, for tests of what a session makes of one.
#[cfg(test)]
impl Guardian {
    pub(crate) fn over(words: OwnedFd) -> Self {
        Self { words }
    }
}

#[cfg(test)]
impl NewsReader {
    pub(crate) fn of(lines: ChildStdout) -> Self {
        Self { lines: Some(BufReader::new(lines).lines()), took: false }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::pipe::decode, *};

    /// What is heard of a guardian that prints these lines and ends.
    async fn heard(lines: &str) -> Vec<News> {
        let mut command = Command::new("printf");
        let mut child = command.arg(lines).stdout(Stdio::piped()).spawn().unwrap();
        let mut reader = NewsReader::of(child.stdout.take().unwrap());
        let mut news = Vec::new();
        while reader.lines.is_some() {
            news.push(reader.next().await);
        }
        child.wait().await.unwrap();
        news
    }

    #[tokio::test]
    async fn what_a_guardian_does_is_heard_until_its_end() {
        let (took, did) = (News::Took("it hung".to_owned()), News::Did("a is at 1 again".to_owned()));
        for (lines, wanted) in [
            (
                "took it hung\ndid a is at 1 again\nend undone\n",
                vec![took.clone(), did.clone(), News::Over(true)],
            ),
            ("took it hung\nend left\n", vec![took.clone(), News::Over(false)]),
            // It was killed in the middle of the recovery: something may still be on.
            ("took it hung\ndid a is at 1 again\n", vec![took, did, News::Over(false)]),
            // It was killed before one: nothing guards the session any more, and nothing was undone.
            ("", vec![News::Lost]),
        ] {
            assert_eq!(heard(lines).await, wanted, "{lines:?}");
        }
    }

    #[test]
    fn a_session_renews_is_done_or_leaves_without_a_word() {
        let said = |say: fn(Guardian)| {
            let (reader, words) = rustix::pipe::pipe().unwrap();
            say(Guardian::over(words));
            let mut word = [0; super::super::pipe::WORD];
            let read = rustix::io::read(&reader, &mut word).unwrap();
            (read > 0).then(|| decode(word).unwrap())
        };
        let before = now();
        let renewed = said(|guardian| guardian.renew());
        assert!(matches!(renewed, Some(Word::Renew(at)) if (before..=now()).contains(&at)), "{renewed:?}");
        assert_eq!(said(Guardian::done), Some(Word::Done));
        assert_eq!(
            said(Guardian::leave),
            None,
            "a pipe that ends without a word is what the guardian acts on"
        );
    }

    #[tokio::test]
    async fn a_program_that_does_not_say_that_it_guards_is_no_guardian() {
        let setup = Setup { folder: "/".into(), lease: Duration::from_secs(1), hand_over: Vec::new() };
        for program in ["/bin/echo", "/nowhere"] {
            assert!(Guardian::start(Path::new(program), &setup).await.is_err(), "{program}");
        }
    }
}
