//! `chaos-tui recover`: undoes what a session left on that died, or ended without its rollbacks.

mod beside;
mod kubeconfig;
mod left;
mod page;
mod preparation;

use super::{GlobalArgs, output::stderr_has_colours, prepare::Refusal, record::sessions_folder};
use crate::{
    engine::{Console, ConsoleSettings, Recovered, SessionHost, Signals, recover as play},
    printing,
    session::{
        console::Layout,
        event::Level,
        record::{KeptSession, SessionsFolder},
        recording::{Header, Recorder},
    },
};
pub(crate) use beside::{earlier_sessions, recover_all};
use color_eyre::eyre::{Result, WrapErr};
pub(crate) use left::{LeftBehind, left_behind};
pub(crate) use preparation::ResolvedValues;
use std::{
    io::{self, BufRead, IsTerminal},
    process::ExitCode,
};

/// Arguments of `recover`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Session to recover, as --list names it [default: the only one that left something on]
    #[arg(value_name = "SESSION")]
    pub id: Option<String>,
    /// List the sessions on record, and what they left on
    #[arg(long, conflicts_with_all = ["id", "yes", "no_rollbacks", "forget"])]
    pub list: bool,
    /// Do not ask before it begins
    #[arg(short, long)]
    pub yes: bool,
    /// Play no rollbacks: only put the undo kit back
    #[arg(long)]
    pub no_rollbacks: bool,
    /// Undo nothing, and do not mention the session any more
    #[arg(long, conflicts_with_all = ["yes", "no_rollbacks"])]
    pub forget: bool,
}

/// Runs the command. Exits with 0 if nothing is left on, with 1 if something could not be undone.
///
/// # Errors
/// If there is no such session, or the recovery lacks something; nothing was done then.
pub(crate) fn run(global: &GlobalArgs, arguments: &Arguments) -> Result<ExitCode> {
    let folder = sessions_folder().map_err(Refusal::invalid)?;
    if arguments.list {
        return page::print_list(&folder);
    }
    if arguments.forget {
        return forget(&folder, arguments.id.as_deref());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.wrap_err("cannot start the threads of a recovery")?;
    let code = runtime.block_on(async {
        let Some(left) = chosen(&folder, arguments.id.as_deref()).await? else {
            page::say("nothing is left on by an earlier session");
            return Ok(ExitCode::SUCCESS);
        };
        page::print_plan(&left, &left.differences().await, !arguments.no_rollbacks);
        if !arguments.yes && !confirmed()? {
            return Err(Refusal::usage("nothing was done").into());
        }
        let ask =
            Ask { values: None, rollbacks: !arguments.no_rollbacks, verbose: global.verbose, took: false };
        let recovered = recover(&left, ask).await?;
        page::print_result(&left, &recovered);
        let complete = recovered.is_complete();
        Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    });
    runtime.shutdown_background();
    code
}

/// How a session is recovered.
pub(crate) struct Ask {
    /// The values that the session had resolved; without them they are resolved again.
    pub values: Option<ResolvedValues>,
    /// Whether rollbacks are played, besides the undo kit.
    pub rollbacks: bool,
    /// Whether debug lines are printed.
    pub verbose: bool,
    /// Whether the lease of the session was taken: its process may be alive, but it undoes nothing any more.
    pub took: bool,
}

/// Recovers a session: plays its rollbacks, puts its undo kit back, and asks the hypothesis. Prints the lines of the run on
/// standard error, records it in the session's record, and settles that if nothing is left on.
///
/// # Errors
/// If a value or a cluster is missing, or another process recovers the session; nothing was done then.
pub(crate) async fn recover(left: &LeftBehind, ask: Ask) -> Result<Recovered, Refusal> {
    let _locked = match left.kept.lock() {
        Err(_) if ask.took => None,
        locked => Some(locked.map_err(Refusal::invalid)?),
    };
    let prepared = preparation::prepare(left, ask.values, ask.rollbacks).await?;
    let recording = Recorder::create(&left.kept.next_recovery(), &Header::new(b""))
        .and_then(Recorder::spawn_thread)
        .inspect_err(|error| tracing::warn!("{error}"));
    let console = Console::open(ConsoleSettings {
        layout: Layout::Text { with_target: false, colour: stderr_has_colours() },
        level: if ask.verbose { Level::Debug } else { Level::Info },
        log_file: None,
    });
    let host = SessionHost::start(recording.ok(), Some(console.map_err(Refusal::invalid)?));
    let (_handlers, signals) = Signals::endings().map_err(Refusal::invalid)?;
    let mut recovered = play(&host, prepared.recovery, signals).await;
    prepared.python.shut_down().await;
    host.end(None).await;
    let played = ask.rollbacks || left.rollbacks.is_empty();
    let undone = played || (left.is_covered_by_kit() && left.differences().await.is_empty());
    if !undone {
        recovered.unplayed_rollbacks = left.rollbacks.iter().map(|(_, name)| name.clone()).collect();
    }
    if recovered.is_complete() {
        left.kept.settle("recovered").map_err(Refusal::invalid)?;
    }
    Ok(recovered)
}

/// Returns the session to recover; `None` if no session left anything on.
async fn chosen(folder: &SessionsFolder, id: Option<&str>) -> Result<Option<LeftBehind>, Refusal> {
    if let Some(id) = id {
        let kept = named(folder, id)?;
        if kept.is_running() {
            return Err(Refusal::invalid(format!("session {id} is running")));
        }
        return LeftBehind::read(kept).map_err(Refusal::invalid);
    }
    let mut found = left_behind(folder).await;
    match found.len() {
        0 | 1 => Ok(found.pop().map(|(left, _)| left)),
        _ => {
            let lines: Vec<_> =
                found.iter().map(|(_, earlier)| format!("\n  {}  {}", earlier.id, earlier.text)).collect();
            Err(Refusal::usage(format!(
                "several sessions left something on; name one of them:{}",
                lines.concat()
            )))
        }
    }
}

fn named(folder: &SessionsFolder, id: &str) -> Result<KeptSession, Refusal> {
    let mut matching = folder.list().into_iter().filter(|kept| kept.id() == id);
    matching.next().ok_or_else(|| {
        Refusal::usage(format!(
            "there is no record of a session {id:?}; `chaos-tui recover --list` lists them"
        ))
    })
}

fn forget(folder: &SessionsFolder, id: Option<&str>) -> Result<ExitCode> {
    let Some(id) = id else {
        return Err(
            Refusal::usage("name the session to forget; `chaos-tui recover --list` lists them").into()
        );
    };
    named(folder, id)?.settle("forgotten by the operator").map_err(Refusal::invalid)?;
    page::say(&format!("session {id} is not mentioned any more; nothing was undone"));
    Ok(ExitCode::SUCCESS)
}

/// Asks whether to begin.
///
/// # Errors
/// If there is no terminal to ask at.
fn confirmed() -> Result<bool, Refusal> {
    if !io::stdin().is_terminal() {
        return Err(Refusal::usage(
            "nothing was done, because there is no terminal to ask at; --yes begins at once",
        ));
    }
    // A closed terminal answers nothing, which is no.
    printing::ask("Undo this? [y/N] ");
    let mut answer = String::new();
    let _ = io::stdin().lock().read_line(&mut answer);
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
