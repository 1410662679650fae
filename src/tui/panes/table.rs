//! The table under the chart: baseline, since T0, after recovery.

use super::Scene;
use crate::{
    session::state::{Endpoint, Tally},
    tui::{
        canvas::{Canvas, Row},
        figures::{self, wait},
        theme::Role,
    },
};

/// Columns from which 95th percentile, longest wait and medians by outcome are shown.
const ROOMY: usize = 110;

/// Draws header and rows, as many as fit.
pub fn table(canvas: &mut Canvas, scene: &Scene, endpoint: &Endpoint) {
    let roomy = canvas.width() >= ROOMY;
    canvas.row(0, &Row::of(Role::Muted, head(endpoint, roomy)));
    let baseline = endpoint.baseline();
    let since = endpoint.since_t0();
    let after = endpoint.after_recovery();
    let learned = endpoint.shape.is_some();
    canvas.row(1, &line("baseline", &baseline, if learned { "(learned)" } else { "(learning)" }, roomy));
    let waiting = if since.waiting > 0 { format!("{} waiting", since.waiting) } else { String::new() };
    canvas.row(2, &line("since T0", &since, &waiting, roomy));
    if after.sent > 0 && canvas.height() > 3 {
        let healed = scene.session.fault.as_ref().and_then(|fault| fault.healed);
        let when =
            healed.and_then(|at| scene.since_t0(at)).map(crate::tui::figures::moment).unwrap_or_default();
        canvas.row(3, &line("after", &after, &when, roomy));
    }
}

fn head(endpoint: &Endpoint, roomy: bool) -> String {
    let limit = format!(">{}", figures::limit(endpoint.limit_ms).replace(' ', ""));
    let narrow = format!(
        " {:<10}{:>6}{:>6}{:>10}{:>7}{limit:>6}{:>7}{:>8}",
        "", "sent", "real", "fallback", "error", "p50", "p99"
    );
    if roomy {
        format!("{narrow}{:>8}{:>8}   median of real / fallback / error", "p95", "max")
    } else {
        narrow
    }
}

fn line(label: &str, tally: &Tally, tail: &str, roomy: bool) -> Row {
    if tally.sent == 0 {
        return Row::of(
            Role::Muted,
            format!(" {label:<10}{:>6}{:>6}{:>10}{:>7}{:>6}", 0, "-", "-", "-", "-"),
        );
    }
    let percent = |part| tally.percent(part).map_or("-".to_owned(), |percent| format!("{percent}%"));
    let share = |part: u64, role| if part > 0 { role } else { Role::Muted };
    let mut row = Row::text(format!(" {label:<10}{:>6}", tally.sent))
        .with(share(tally.real, Role::Ok), format!("{:>6}", percent(tally.real)))
        .with(share(tally.fallback, Role::Protected), format!("{:>10}", percent(tally.fallback)))
        .with(share(tally.error, Role::Failing), format!("{:>7}", percent(tally.error)))
        .with(share(tally.over_limit, Role::Waiting), format!("{:>6}", tally.over_limit))
        .and(format!("{:>7}{:>8}", wait(tally.all.p50), wait(tally.all.p99)));
    if roomy {
        row.push(Role::Text, format!("{:>8}{:>8}   ", wait(tally.all.p95), wait(tally.all.max)));
        row.push(Role::Ok, wait(tally.real_waits.p50));
        row.push(Role::Protected, format!(" / {}", wait(tally.fallback_waits.p50)));
        row.push(Role::Failing, format!(" / {}", wait(tally.error_waits.p50)));
    }
    if !tail.is_empty() {
        row.push(Role::Waiting, format!("  {tail}"));
    }
    row
}
