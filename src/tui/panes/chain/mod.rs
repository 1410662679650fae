//! The call chain and how far calls get: users, consumer, breaker, provider.

mod boxes;
mod parts;
#[cfg(test)]
mod tests;

use super::Scene;
use crate::tui::{
    figures,
    pane_buffer::{PaneBuffer, RoleLine},
    theme::Role,
};
use parts::{ChainParts, ConsumerToProvider};

/// Columns left of the row.
const MARGIN: usize = 2;

/// Draws the chain in one row, or as boxes from three rows on.
pub(crate) fn chain(canvas: &mut PaneBuffer, scene: &Scene) {
    canvas.clear();
    let parts = ChainParts::of(scene);
    match canvas.height() {
        0 => {}
        1 | 2 => row(canvas, &parts),
        _ => boxes::draw(canvas, scene, &parts),
    }
}

/// How much detail the row shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum ChainDetail {
    All,
    /// Without durations.
    NoAges,
    /// Without the reason why the provider is away.
    NoWords,
    /// The breaker's state without the word `breaker` before it.
    Brief,
}

fn row(canvas: &mut PaneBuffer, parts: &ChainParts) {
    let room = canvas.width().saturating_sub(MARGIN);
    let details = [ChainDetail::All, ChainDetail::NoAges, ChainDetail::NoWords, ChainDetail::Brief];
    let rows = details.map(|detail| line(parts, detail));
    let [.., least] = &rows;
    let row = rows.iter().find(|row| row.width() <= room).unwrap_or(least);
    canvas.at(MARGIN, 0, row);
}

fn line(parts: &ChainParts, detail: ChainDetail) -> RoleLine {
    let users = &parts.users;
    let mut row = RoleLine::strong(Role::Strong, "USERS").and(format!(" {}", users.asked));
    if users.waiting > 0 {
        row = row.bold(Role::Waiting, format!(", {} waiting", users.waiting));
    }
    row = if users.is_probed {
        row.with(users.role, " ━━━━━► ")
    } else {
        row.with(Role::Soft, " ╌╌╌╌╌▷ ")
    };
    if let Some(consumer) = &parts.consumer {
        row = row.joined(end("CONSUMER", consumer.sign, consumer.role, &consumer.ready)).and(" ");
    }
    let Some(provider) = &parts.provider else { return row.trimmed() };
    if parts.consumer.is_some() {
        row = row.joined(link(&parts.between, detail)).and(" ");
    }
    row = row.joined(end("PROVIDER", provider.sign, provider.role, &provider.ready));
    match (&provider.away, &provider.back) {
        (Some((why, _)), _) if detail == ChainDetail::NoAges => row.bold(provider.role, format!("  {why}")),
        (Some((why, lasted)), _) if detail == ChainDetail::All => {
            row.bold(provider.role, format!("  {}", parts::away(why, lasted)))
        }
        (None, Some(back)) if detail == ChainDetail::All => row.with(provider.role, format!("  {back}")),
        _ => row,
    }
}

/// `● CONSUMER 1/1`
fn end(name: &str, sign: char, role: Role, ready: &str) -> RoleLine {
    RoleLine::strong(role, format!("{sign} "))
        .bold(Role::Strong, name)
        .bold(role, format!(" {ready}").trim_end())
}

/// How far the consumer's calls get.
fn link(between: &ConsumerToProvider, detail: ChainDetail) -> RoleLine {
    match between {
        ConsumerToProvider::NotProbed => RoleLine::of(Role::Soft, "╌╌╌╌╌╌╌╌╌╌╌╌╌▷"),
        ConsumerToProvider::Unknown => RoleLine::of(Role::Unknown, "╌╌╌╌╌╌ ? ╌╌╌╌▷"),
        ConsumerToProvider::Through(role) => RoleLine::of(*role, "━━━━━━━━━━━━━━►"),
        ConsumerToProvider::Lost => {
            RoleLine::of(Role::Failing, "━━━━━━━━").bold(Role::Failing, "╳").with(Role::Failing, "╌╌╌╌╌╌")
        }
        ConsumerToProvider::Cut { word, role } => {
            let word =
                if detail == ChainDetail::Brief { format!(" {word} ") } else { format!(" breaker {word} ") };
            RoleLine::of(*role, "━━━┫").bold(*role, word).with(*role, "┣╌╌╌╌")
        }
        ConsumerToProvider::Trial { word, role } => {
            let sure = word == "HALF-OPEN" && detail != ChainDetail::Brief;
            let word = if sure { format!(" {word}: trial ") } else { format!(" {word} ") };
            RoleLine::of(*role, "━━━┫").bold(*role, word).with(*role, "┣━━━►")
        }
    }
}

/// A rate of requests: `4/s`, `0.5/s`.
pub(super) fn per_second(rate: f64) -> String {
    if rate.fract() == 0.0 { format!("{rate:.0}/s") } else { format!("{rate:.1}/s") }
}

/// The median as links show it.
fn median(ms: Option<f64>) -> Option<String> {
    ms.map(|ms| figures::wait(Some(ms)))
}
