//! The guardian's own process: it blocks in one poll(2) until the session speaks, ends or is late.

use super::{
    lease::{End, Lease, Word},
    pipe::{Setup, WORD, decode, now},
    taken::{Taken, take},
};
use crate::session::private_file;
use rustix::{
    event::{PollFd, PollFlags, poll},
    fd::{BorrowedFd, OwnedFd},
    fs::Timespec,
    io::Errno,
    time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, timerfd_create, timerfd_settime},
};
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

/// The argument that makes this program a guardian.
pub(crate) const GUARDIAN: &str = "guardian-of-a-session";
/// The file in the session's folder in which the guardian writes what it did.
const LOG: &str = "guardian.log";

/// Where the guardian says what it does: in the session's folder, and to the session, if that still runs.
pub(crate) struct Report {
    log: Option<File>,
    session: OwnedFd,
}

impl Report {
    fn open(folder: &Path, session: OwnedFd) -> Self {
        // A session that is stopped reads nothing: the guardian must not wait for it.
        let _ = rustix::io::ioctl_fionbio(&session, true);
        Self { log: private_file::create_private(&folder.join(LOG)).ok(), session }
    }

    /// Writes what this process prints on its standard error from now on to the log as well.
    pub(crate) fn take_stderr(&self) {
        if let Some(log) = &self.log {
            // Without it, only details are lost.
            let _ = rustix::stdio::dup2_stderr(log);
        }
    }

    /// Says one line of what was done.
    pub(crate) fn say(&mut self, line: &str) {
        self.line(&format!("did {line}"));
    }

    fn line(&mut self, line: &str) {
        let line = line.replace('\n', " ");
        if let Some(log) = &mut self.log {
            let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ");
            // A full disk must not end the recovery.
            let _ = writeln!(log, "{at} {line}").and_then(|()| log.sync_data());
        }
        let _ = rustix::io::write(&self.session, format!("{line}\n").as_bytes());
    }
}

/// Guards the session at the other end of `input` until it is done or has to be recovered, and recovers it then: `recover`
/// returns whether all was undone. Returns whether nothing was left undone.
///
/// # Errors
/// If the session cannot be watched.
pub(crate) fn guard(
    input: BorrowedFd<'_>,
    output: OwnedFd,
    recover: impl FnOnce(Setup, &mut Report) -> bool,
) -> io::Result<bool> {
    let setup = Setup::read(input)?;
    let timer = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC)?;
    let mut lease = Lease::new(setup.lease, now());
    arm(&timer, &lease)?;
    rustix::io::write(&output, b"ready\n")?;
    let why = match watch(input, &timer, &mut lease)? {
        End::Leave => return Ok(true),
        End::Take(why) => why,
    };
    drop(timer);
    let taken = Taken { at: jiff::Timestamp::now(), pid: std::process::id(), why: why.to_string() };
    if !take(&setup.folder, &taken)? {
        return Ok(true);
    }
    let mut report = Report::open(&setup.folder, output);
    report.line(&format!("took {why}"));
    let undone = recover(setup, &mut report);
    report.line(if undone { "end undone" } else { "end left" });
    Ok(undone)
}

fn watch(input: BorrowedFd<'_>, timer: &OwnedFd, lease: &mut Lease) -> io::Result<End> {
    let mut heard = Heard::default();
    loop {
        let mut waited = [PollFd::new(&input, PollFlags::IN), PollFd::new(timer, PollFlags::IN)];
        match poll(&mut waited, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let speaks = waited[0].revents().intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR);
        // What was said before the deadline counts, so it is heard first.
        if speaks && let Some(end) = heard.listen(input, lease)? {
            return Ok(end);
        }
        if let Some(end) = lease.check(now()) {
            return Ok(end);
        }
        arm(timer, lease)?;
    }
}

/// The beginning of a word whose rest was not read yet.
#[derive(Default)]
struct Heard {
    begun: Vec<u8>,
}

impl Heard {
    /// Reads what can be read without waiting.
    fn listen(&mut self, input: BorrowedFd<'_>, lease: &mut Lease) -> io::Result<Option<End>> {
        let mut bytes = [0; 64 * WORD];
        let read = match rustix::io::read(input, &mut bytes) {
            Ok(0) => return Ok(Some(lease.closed())),
            Ok(read) => read,
            Err(Errno::INTR | Errno::AGAIN) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        self.begun.extend(&bytes[..read]);
        let (words, _) = self.begun.as_chunks::<WORD>();
        let end = words.iter().filter_map(|word| decode(*word)).find_map(|word: Word| lease.hear(word));
        let whole = words.len() * WORD;
        self.begun.drain(..whole);
        Ok(end)
    }
}

/// Sets the timer to the deadline of the lease.
fn arm(timer: &OwnedFd, lease: &Lease) -> io::Result<()> {
    let deadline = lease.deadline();
    let value = Timespec {
        tv_sec: i64::try_from(deadline.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: deadline.subsec_nanos().into(),
    };
    let once = Timespec { tv_sec: 0, tv_nsec: 0 };
    timerfd_settime(timer, TimerfdTimerFlags::ABSTIME, &Itimerspec { it_interval: once, it_value: value })?;
    Ok(())
}

/// Makes this process independent of the terminal and of the signals that end a session.
pub(crate) fn stand_alone() {
    // Fails only for the leader of a process group, which a child is not.
    let _ = rustix::process::setsid();
    extern "C" fn go_on(_: libc::c_int) {}
    let go_on: extern "C" fn(libc::c_int) = go_on;
    for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2] {
        // SAFETY: the handler does nothing, so it is safe in every context. Unlike an ignored signal, a handled one has its
        // default effect again in the programs that a rollback starts.
        unsafe { libc::signal(signal, go_on as libc::sighandler_t) };
    }
}

#[cfg(test)]
mod tests {
    use super::{super::pipe::encode, *};
    use rustix::fd::AsFd;
    use std::{io::Read, time::Duration};

    /// Whether nothing was left undone, and what was handed over if it recovered.
    type Guarding = std::thread::JoinHandle<(bool, Option<Vec<u8>>)>;

    /// Runs a guardian in a thread of this process. Returns the ends of its pipes, and what it returns.
    fn guardian(folder: &Path, lease: Duration) -> (OwnedFd, File, Guarding) {
        let (input, words) = rustix::pipe::pipe().unwrap();
        let (lines, output) = rustix::pipe::pipe().unwrap();
        let setup = Setup { folder: folder.to_owned(), lease, hand_over: b"handed over".to_vec() };
        rustix::io::write(&words, &setup.encode().unwrap()).unwrap();
        let thread = std::thread::spawn(move || {
            let mut recovered = None;
            let undone = guard(input.as_fd(), output, |setup, report| {
                report.say("Deployment a is at 1 again");
                recovered = Some(setup.hand_over);
                true
            });
            (undone.unwrap(), recovered)
        });
        let mut lines = File::from(lines);
        let mut ready = [0; 6];
        lines.read_exact(&mut ready).unwrap();
        assert_eq!(&ready, b"ready\n");
        (words, lines, thread)
    }

    fn rest(mut lines: File) -> String {
        let mut text = String::new();
        lines.read_to_string(&mut text).unwrap();
        text
    }

    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn a_session_that_is_done_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (words, lines, thread) = guardian(folder.path(), LONG);
        rustix::io::write(&words, &encode(Word::Renew(now()))).unwrap();
        rustix::io::write(&words, &encode(Word::Done)).unwrap();
        drop(words);
        assert_eq!(thread.join().unwrap(), (true, None));
        assert_eq!(rest(lines), "");
        assert!(folder.path().read_dir().unwrap().next().is_none(), "nothing was written");
    }

    #[test]
    fn a_session_that_is_gone_is_recovered_and_the_lease_is_taken_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let (words, lines, thread) = guardian(folder.path(), LONG);
        rustix::io::write(&words, &encode(Word::Renew(now()))).unwrap();
        // A word that the kill cut short.
        rustix::io::write(&words, b"d").unwrap();
        drop(words);
        assert_eq!(thread.join().unwrap(), (true, Some(b"handed over".to_vec())));
        let said = "took the session was killed, or it crashed\ndid Deployment a is at 1 again\nend undone\n";
        assert_eq!(rest(lines), said);
        assert!(super::super::is_taken(folder.path()));
        let log = std::fs::read_to_string(folder.path().join(LOG)).unwrap();
        assert!(log.contains("Z did Deployment a is at 1 again\n") && log.contains("Z end undone"), "{log}");

        let (words, lines, thread) = guardian(folder.path(), LONG);
        drop(words);
        assert_eq!(thread.join().unwrap(), (true, None), "somebody else has recovered it");
        assert_eq!(rest(lines), "");
    }

    #[test]
    fn a_session_that_is_silent_is_recovered() {
        let folder = tempfile::tempdir().unwrap();
        let (words, lines, thread) = guardian(folder.path(), Duration::from_millis(20));
        // Nobody renews, and nobody reads: the guardian does not wait for either.
        assert!(thread.join().unwrap().1.is_some());
        assert!(rest(lines).starts_with("took the session did not renew its lease for 0 s"));
        drop(words);
    }

    #[test]
    fn many_words_at_once_and_halves_of_words_are_heard() {
        let (input, words) = rustix::pipe::pipe().unwrap();
        let (mut lease, mut heard) = (Lease::new(LONG, Duration::ZERO), Heard::default());
        let mut hear = |bytes: &[u8]| {
            rustix::io::write(&words, bytes).unwrap();
            let end = heard.listen(input.as_fd(), &mut lease).unwrap();
            (end, lease.deadline().saturating_sub(LONG))
        };
        let word = |seconds| encode(Word::Renew(Duration::from_secs(seconds)));
        let all: Vec<u8> = (1..=60).flat_map(word).collect();
        assert_eq!(hear(&all), (None, Duration::from_secs(60)));
        assert_eq!(hear(&word(70)[..4]), (None, Duration::from_secs(60)));
        assert_eq!(hear(&word(70)[4..]), (None, Duration::from_secs(70)));
        let both: Vec<u8> = word(80).into_iter().chain(encode(Word::Done)).collect();
        assert_eq!(hear(&both), (Some(End::Leave), Duration::from_secs(80)));
    }
}
