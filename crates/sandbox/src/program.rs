//! The programs that containers run: the demo services, and the shell for containers that have a `command`.

use super::{
    api::ExecOutput,
    images::{Image, ImageError, UnknownImage, parent_death},
    shell::Shell,
};
use std::{io::Write, process::ExitCode, str::FromStr, sync::Arc};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

/// The name of the shell among the programs.
pub(crate) const SHELL: &str = "shell";

/// A program that a container runs: `image NAME ARGUMENTS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// A demo service.
    Service(Image),
    /// The sandbox's own commands, such as `sleep` and `sh -c`.
    Shell,
}

impl FromStr for Program {
    type Err = UnknownImage;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name == SHELL { Ok(Self::Shell) } else { name.parse().map(Self::Service) }
    }
}

impl Program {
    /// Runs the program until it ends, and returns its exit code. Creates its own runtime: call it from a plain `main`,
    /// not from a task.
    ///
    /// # Errors
    /// Fails when a service has arguments or cannot listen, or when there is no runtime.
    pub fn run(self, arguments: &[String]) -> Result<ExitCode, ImageError> {
        match self {
            Self::Service(image) if arguments.is_empty() => image.run().map(|()| ExitCode::SUCCESS),
            Self::Service(image) => Err(ImageError::Arguments { image, arguments: arguments.join(" ") }),
            Self::Shell => run_shell(arguments.to_vec()),
        }
    }
}

fn run_shell(words: Vec<String>) -> Result<ExitCode, ImageError> {
    parent_death::exit_with_parent().map_err(ImageError::Runtime)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(ImageError::Runtime)?;
    runtime.block_on(async {
        // As for process 1 of a container: a signal without a handler is ignored, so a `sleep` ends only with SIGKILL.
        let ignored = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
        let _ignored = ignored.into_iter().collect::<Result<Vec<_>, _>>().map_err(ImageError::Runtime)?;
        let (output, mut received) = mpsc::channel(16);
        // Without `stdin: true` a container's standard input is empty.
        let (_, input) = mpsc::channel(1);
        let environment = std::env::vars().filter(|(name, _)| name != parent_death::VARIABLE);
        tokio::spawn(Shell::new(environment, input, output, Arc::new(|_| {})).run(words));
        while let Some(message) = received.recv().await {
            // Writing fails only when the sandbox is gone.
            let _ = match message {
                ExecOutput::Stdout(bytes) => {
                    std::io::stdout().write_all(&bytes).and_then(|()| std::io::stdout().flush())
                }
                ExecOutput::Stderr(bytes) => std::io::stderr().write_all(&bytes),
                ExecOutput::Exit(code) => return Ok(ExitCode::from(u8::try_from(code & 0xff).unwrap_or(1))),
            };
        }
        Ok(ExitCode::FAILURE)
    })
}
