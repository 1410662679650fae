//! The two standard streams.

use super::Printed;
use std::{
    fmt,
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// How long the last lines wait for a terminal or pipe that takes no output.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a screen has the terminal, now or soon.
static RESERVED: AtomicBool = AtomicBool::new(false);

/// Keeps the terminal for a screen until the end of this process.
pub(crate) fn reserve_terminal() {
    RESERVED.store(true, Ordering::Relaxed);
}

/// Whether a program that this one starts may ask and print at the terminal.
pub(crate) fn terminal_is_free() -> bool {
    !RESERVED.load(Ordering::Relaxed)
}

/// Writes a line to standard output. What a closed terminal does not take is lost.
pub(crate) fn out(line: impl Into<Printed>) {
    let _ = write_line(&mut io::stdout(), &line.into());
}

/// Writes a line to standard error. What a closed terminal does not take is lost.
pub(crate) fn err(line: impl Into<Printed>) {
    let _ = write_line(&mut io::stderr(), &line.into());
}

/// Writes the last lines of a session to standard output; does not hold up the exit for long if nobody reads them.
pub(crate) fn last_out(lines: impl IntoIterator<Item = impl Into<Printed>>) {
    last(&io::stdout(), lines.into_iter().map(|line| format!("{}\n", line.into())).collect());
}

/// Writes a last line to standard error; does not hold up the exit for long if nobody reads it.
pub(crate) fn last_err(line: impl Into<Printed>) {
    last(&io::stderr(), format!("{}\n", line.into()));
}

fn last(stream: &impl AsFd, text: String) {
    // Not through `Stdout` or `Stderr`: a write that hangs would hold their locks.
    let Ok(copy) = stream.as_fd().try_clone_to_owned() else { return };
    let (written, done) = mpsc::sync_channel(1);
    let text: Arc<str> = text.into();
    let whole = text.clone();
    let writing = thread::Builder::new().name("last lines".to_owned()).spawn(move || {
        // The receiver is gone if it took too long.
        let _ = written.send(File::from(copy).write_all(whole.as_bytes()));
    });
    match writing {
        // The exit ends the thread.
        Ok(_) => drop(done.recv_timeout(PATIENCE)),
        // The line may say that there is no memory, not even for a thread.
        Err(_) => drop(rustix::io::write(stream, text.as_bytes())),
    }
}

/// Writes a question to standard error, without a line end.
pub(crate) fn ask(question: impl Into<Printed>) {
    let mut stderr = io::stderr();
    let _ = stderr.write_all(question.into().as_str().as_bytes()).and_then(|()| stderr.flush());
}

/// At once, because others write to the same stream.
fn write_line(stream: &mut impl Write, line: &Printed) -> io::Result<()> {
    stream.write_all(format!("{line}\n").as_bytes())?;
    stream.flush()
}

/// Writes a page to standard output. A reader that closes the pipe early, such as `head`, is not an error.
///
/// # Errors
/// If standard output cannot be written for another reason.
pub(crate) fn print_page(page: impl Into<Printed>) -> io::Result<()> {
    let mut stdout = io::stdout();
    match stdout.write_all(page.into().as_str().as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Returns standard output for who needs a writer.
pub(crate) fn stdout() -> CleanWriter<io::Stdout> {
    CleanWriter(io::stdout())
}

/// Returns standard error for who needs a writer, such as libraries that log.
pub(crate) fn stderr() -> CleanWriter<io::Stderr> {
    CleanWriter(io::stderr())
}

/// Cleans what is written, each call by itself.
#[derive(Debug)]
pub(crate) struct CleanWriter<W>(W);

impl<W: Write> Write for CleanWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = Printed::from(String::from_utf8_lossy(bytes).into_owned());
        self.0.write_all(text.as_str().as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    // In one piece, so that no sequence is cut in two.
    fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
        self.write_all(fmt::format(arguments).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_in_several_arguments_is_removed() {
        let mut writer = CleanWriter(Vec::new());
        let (begins, ends) = ("\u{1b}]52;", "\u{7} name\n");
        write!(writer, "{begins}c;UFdORUQ={ends}").unwrap();
        assert_eq!(writer.0, b" name\n");
    }
}
