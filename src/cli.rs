//! Arguments, and which command they mean.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands;

/// A terminal dashboard for live chaos-engineering sessions.
#[derive(Debug, Parser)]
#[command(name = "chaos-tui", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run one of the demo services (the sandbox's containers are this)
    #[command(hide = true)]
    Image(commands::image::Arguments),
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Image(arguments) => match commands::image::run(&arguments) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
    }
}
