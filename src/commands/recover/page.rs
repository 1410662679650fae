//! What `recover` prints: the list, what it is about to do, and what it did.

use super::left::LeftBehind;
use crate::{
    commands::output::print_page,
    engine::Recovered,
    printing,
    session::record::{KeptSession, SessionsFolder},
};
use color_eyre::eyre::Result;
use std::process::ExitCode;

/// Prints a line; a closed output is ignored, because the recovery matters more.
pub(super) fn say(line: &str) {
    printing::out(line);
}

/// Prints all sessions on record, newest first.
pub(super) fn print_list(folder: &SessionsFolder) -> Result<ExitCode> {
    let mut page = String::new();
    for kept in folder.list().into_iter().rev() {
        page += &format!("{}  {}\n", kept.id(), state(&kept));
        if let Ok(header) = kept.header() {
            let place = header.cluster.map(|cluster| format!(" in {}", cluster.context)).unwrap_or_default();
            page += &format!("{:20}  {} by {}{place}\n", "", header.source, header.operator.name());
        }
    }
    if page.is_empty() {
        page.push_str("no session is on record\n");
    }
    print_page(page)
}

fn state(kept: &KeptSession) -> String {
    if kept.is_running() {
        return "running".to_owned();
    }
    if kept.is_settled() {
        return "nothing left on".to_owned();
    }
    match LeftBehind::read(kept.clone()) {
        Ok(Some(left)) => left.sentence(&[]),
        Ok(None) => "nothing left on".to_owned(),
        Err(why) => why,
    }
}

/// Prints what the session left on, and what will be done.
pub(super) fn print_plan(left: &LeftBehind, differences: &[String], rollbacks: bool) {
    let header = &left.header;
    let ended = if left.died() { "died" } else { "ended without its rollbacks" };
    say(&format!("session {} of {} by {} {ended}", left.kept.id(), left.time(), header.operator.name()));
    row("experiment", &header.source);
    if let Some(cluster) = &header.cluster {
        row("cluster", &format!("{}, namespace {}", cluster.context, cluster.namespace));
    }
    for fired in &left.fired() {
        row("fired", fired);
    }
    if let Some(damage) = &left.damage {
        row("damaged", damage);
    }
    for difference in differences {
        row("still on", difference);
    }
    say("what will be done, in this order:");
    let names: Vec<_> = left.rollbacks.iter().filter(|_| rollbacks).collect();
    for (_, name) in &names {
        row("rollback", name);
    }
    for entry in &left.kit {
        row("put back", &entry.manifest.title());
    }
    if names.is_empty() && left.kit.is_empty() {
        row("nothing", "no rollback is left to play, and no undo kit was saved");
    }
    row("then", "ask the steady-state hypothesis");
}

/// Prints the result.
pub(super) fn print_result(left: &LeftBehind, recovered: &Recovered) {
    let undone = &recovered.undone;
    for line in &undone.restored {
        row("put back", line);
    }
    for line in &undone.failed {
        row("NOT BACK", line);
    }
    for name in &recovered.failed_rollbacks {
        row("FAILED", &format!("rollback {name}"));
    }
    for name in &recovered.unplayed_rollbacks {
        row("NOT PLAYED", &format!("rollback {name}"));
    }
    match recovered.wrong.as_deref() {
        Some([]) => row("steady", "the steady-state hypothesis is met"),
        Some(wrong) => {
            for line in wrong {
                row("NOT MET", line);
            }
        }
        None => {}
    }
    if recovered.is_complete() {
        say("recovered: nothing is left on by this session");
    } else {
        say(&format!("NOT RECOVERED: `chaos-tui recover {}` tries again", left.kept.id()));
    }
}

fn row(label: &str, text: &str) {
    say(&format!("  {label:10}  {text}"));
}
