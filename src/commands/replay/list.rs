//! The list of recorded sessions.

use crate::{
    commands::output::print_page,
    insight,
    session::{
        clock::local_zone,
        record::{KeptSession, SessionsFolder},
    },
};
use color_eyre::eyre::Result;
use std::process::ExitCode;

/// Prints the sessions on record, newest first: id, date, verdict, title.
///
/// # Errors
/// If standard output cannot be written.
pub(super) fn print(folder: &SessionsFolder) -> Result<ExitCode> {
    let mut rows: Vec<[String; 4]> = folder.list().iter().rev().map(row).collect();
    if rows.is_empty() {
        return print_page(
            "no session is on record: live sessions are, and headless runs that fire something; `--record FILE` keeps one \
             in a file\n",
        );
    }
    rows.insert(0, ["SESSION", "DATE", "VERDICT", "TITLE"].map(str::to_owned));
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let (id, date, verdict) = (width(0), width(1), width(2));
    let lines = rows.iter().map(|[a, b, c, title]| format!("{a:id$}  {b:date$}  {c:verdict$}  {title}\n"));
    print_page(lines.collect::<String>())
}

fn row(kept: &KeptSession) -> [String; 4] {
    let begun = kept.header().ok().map(|header| header.started);
    let date = begun.map_or_else(String::new, |at| {
        at.to_zoned(local_zone().clone()).strftime("%Y-%m-%d %H:%M").to_string()
    });
    let (verdict, title) = match kept.session() {
        _ if kept.is_running() => ("running".to_owned(), String::new()),
        Ok((session, _)) => {
            let verdict = session
                .last
                .map_or("nothing happened", |last| insight::conclusion(&session, last).verdict.text());
            (verdict.to_owned(), session.meta.title)
        }
        Err(error) => ("cannot be read".to_owned(), error.to_string()),
    };
    [kept.id(), date, verdict, title]
}
