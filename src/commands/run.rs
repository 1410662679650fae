//! `chaos-tui run`: an experiment without a screen, as `chaos run` plays it.

use super::{
    Global, Playing,
    fail_on::{self, FailOn},
    live::{Audience, Lookout},
    prepare::{Company, Helpers, Refusal, prepare},
    signals::{Signals, die_of},
    sinks::Sinks,
};
use crate::{
    provider::python::Prints,
    runner::{Again, Consent, Pace, Signal, play},
    session::{
        What,
        clock::Clock,
        event::{Guards, Level},
        journal, stream,
    },
};
use std::{io, process::ExitCode};
use tokio::sync::mpsc;

/// What the command line says.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Path or URL of the experiment
    pub source: String,
    /// How to play it.
    #[command(flatten)]
    pub playing: Playing,
    /// Exit with 3 if the verdict about users is one of these (several: with commas); watches users and cluster
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
}

/// Plays the experiment; exits as `chaos run` does (experiment-format 12.2).
pub fn run(global: &Global, arguments: &Arguments) -> ExitCode {
    // One thread is enough for a headless run, and the cheapest to start.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.and_then(|runtime| {
        let outcome = runtime.block_on(headless(global, arguments));
        // A name that is being looked up, or a pipe that nobody writes into, is not waited for.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(Left::With(code)) => code,
        Ok(Left::By(signal)) => die_of(signal),
        Err(error) => {
            eprintln!("chaos-tui cannot run: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How the program is left.
enum Left {
    With(ExitCode),
    /// By a signal that came before the run.
    By(Signal),
}

async fn headless(global: &Global, arguments: &Arguments) -> io::Result<Left> {
    let mut sinks = Sinks::open(global, arguments.playing.compat())?;
    let (emitter, mut events) = stream::stream(Clock::system());
    let said = |level, message: String| {
        let (emitter, target) = (emitter.clone(), "chaostoolkit".to_owned());
        async move { emitter.emit(What::Logged { level, target, message }).await }
    };
    if let Some(folder) = &global.change_dir {
        let moved = said(Level::Warning, format!("Moving to {}", folder.display()));
        sinks.follow(&mut events, moved).await;
        if let Err(error) = std::env::set_current_dir(folder) {
            let refused = said(Level::Error, format!("cannot move to {}: {error}", folder.display()));
            sinks.follow(&mut events, refused).await;
            return Ok(Left::With(ExitCode::FAILURE));
        }
    }

    let (signals, mut receiver) = Signals::all(arguments.playing.compat())?;
    let mut helpers = Helpers::default();
    let company = Company {
        emitter: &emitter,
        signals: signals.sender(),
        prints: Prints::Inherited,
        // The order to run the file is the consent to all that it does.
        pace: Pace::Auto(Consent::up_front()),
        notifies: true,
    };
    let preparing =
        prepare(&arguments.source, &arguments.playing, global.settings.as_ref(), company, &mut helpers);
    let prepared = tokio::select! {
        prepared = sinks.follow(&mut events, preparing) => Ok(prepared),
        signal = receiver.recv() => Err(signal),
    };
    let left = match prepared {
        // The reference hears no signal yet: Python makes an exception of Ctrl-C, and the others kill.
        Err(Some(Signal::Interrupt) | None) => {
            // A line of its own, also where the terminal has echoed `^C`.
            eprintln!("\nAborted!");
            Left::With(ExitCode::FAILURE)
        }
        Err(Some(signal)) => Left::By(signal),
        Ok(Err(Refusal { message, code, said: instead })) => {
            match instead {
                None => sinks.follow(&mut events, said(Level::Error, message)).await,
                Some(text) if text.is_empty() => {}
                Some(text) => eprintln!("{text}"),
            }
            Left::With(ExitCode::from(code))
        }
        Ok(Ok(prepared)) => {
            let (orders, ordered) = mpsc::channel(1);
            let lookout = match prepared.guards == Guards::OFF && arguments.fail_on.is_empty() {
                true => None,
                false => {
                    let audience = sinks.audience.insert(Audience::new()).clone();
                    let begun = Lookout::begin(&prepared, &emitter, &audience, orders.clone());
                    Some(sinks.follow(&mut events, begun).await)
                }
            };
            let unserialisable = prepared.unserialisable.clone();
            let notifications = prepared.notifications;
            let again = Again::new(prepared.request.clone(), prepared.providers.clone());
            let playing = play(prepared.request, prepared.providers, emitter.clone(), ordered, receiver);
            let ending = sinks.follow(&mut events, playing).await;
            let journal = sinks.journal.value();
            let journal_path = &arguments.playing.journal_path;
            let written = match unserialisable.get().filter(|_| arguments.playing.compat().needs_json()) {
                _ if ending.crashed => Ok(false),
                Some(function) => Err(format!(
                    "no journal: {function} gave what JSON cannot hold, and --strict-compat is set"
                )),
                None => {
                    journal::write(&journal, journal_path).map(|()| true).map_err(|error| error.to_string())
                }
            };
            match &written {
                Ok(true) => sinks.follow(&mut events, notifications.ended(&journal)).await,
                Ok(false) => {}
                Err(error) => sinks.follow(&mut events, said(Level::Error, error.clone())).await,
            }
            let mut failed_on = None;
            if let Some(lookout) = lookout {
                if !arguments.fail_on.is_empty() {
                    let recovering = lookout.recover(&again, &emitter);
                    let (_hearing, mut told) = Signals::endings()?;
                    let hurried = async {
                        tokio::select! {
                            () = recovering => {}
                            // Whoever ends it now does not want to wait for the system.
                            _ = told.recv() => {}
                        }
                    };
                    sinks.follow(&mut events, hurried).await;
                    let found =
                        lookout.judge(|session, now| fail_on::found(session, now, &arguments.fail_on));
                    if let Some(line) = &found {
                        sinks.follow(&mut events, said(Level::Error, line.clone())).await;
                    }
                    failed_on = found;
                }
                sinks.follow(&mut events, lookout.end()).await;
            }
            Left::With(match ending.succeeded() && written.is_ok() {
                _ if failed_on.is_some() && !ending.crashed => ExitCode::from(fail_on::CODE),
                true => ExitCode::SUCCESS,
                false => ExitCode::FAILURE,
            })
        }
    };
    sinks.follow(&mut events, helpers.end()).await;
    Ok(left)
}
