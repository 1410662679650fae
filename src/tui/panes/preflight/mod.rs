//! The preflight checks: what to fix and what to know before anything is fired.

#[cfg(test)]
mod tests;

use super::Scene;
use crate::{
    session::{
        event::{CheckLevel, PreflightCheck},
        wording,
    },
    tui::{
        click_targets::ClickTarget,
        keymap::Action,
        pane::Pane,
        pane_buffer::{PaneBuffer, RoleLine},
        text,
        theme::Role,
    },
};

/// Columns of the word before a check.
const WORD: usize = 5;

/// Draws the checks, as tall as their text; what is drawn below them is kept.
pub(crate) fn preflight(canvas: &mut PaneBuffer, scene: &Scene) {
    let (width, room) = (canvas.width(), canvas.height().saturating_sub(2));
    let lines = lines(scene, width.saturating_sub(4), room);
    let shown = lines.len().clamp(1, room.max(1));
    let mut frame = canvas.part(0, 0, width, shown + 2);
    frame.clear();
    scene.mark(frame.area(), ClickTarget::Pane(Pane::Users));
    let title = RoleLine::strong(Role::Focus, "PREFLIGHT");
    let counted = counted(scene, width.saturating_sub(title.width() + 12));
    let mut inside = frame.framed(&title, &counted, Role::Focus);
    let mut body = inside.part(1, 0, width.saturating_sub(4), shown);
    super::scrolled(&mut body, &lines, scene.view.scroll_of(Pane::Users));
    let hidden = lines.len().saturating_sub(shown);
    if hidden > 0 {
        let more = RoleLine::text(wording::count(hidden as u64, "more line"));
        let mut foot = canvas.part(0, shown + 1, width, 1);
        foot.spaced(width.saturating_sub(more.width() + 4), more.width(), &more);
    }
}

/// `6 checks  0 to fix  3 to know`, shortened to fit.
fn counted(scene: &Scene, room: usize) -> RoleLine {
    let checks = &scene.session.checks;
    let count = |level| checks.iter().filter(|check| check.level == level).count();
    let (fix, know) = (count(CheckLevel::Fix), count(CheckLevel::Know));
    let to_fix = |row: RoleLine| match fix {
        0 => row.and("0 to fix"),
        fix => row.bold(Role::Failing, format!("{fix} to fix")),
    };
    let row = to_fix(RoleLine::text(format!("{}  ", wording::count(checks.len() as u64, "check"))));
    let row = row.and(format!("  {know} to know"));
    match checks.is_empty() {
        true => RoleLine::new(),
        false if row.width() <= room => row,
        false => to_fix(RoleLine::new()),
    }
}

/// The checks in rows, those to fix first. If they do not fit, the passed checks are summed up in one row at the end.
fn lines(scene: &Scene, columns: usize, rows: usize) -> Vec<RoleLine> {
    let checks = &scene.session.checks;
    if checks.is_empty() {
        return vec![RoleLine::of(Role::Soft, "nothing is checked yet")];
    }
    let of = |level| checks.iter().filter(move |check: &&PreflightCheck| check.level == level);
    let all = of(CheckLevel::Fix).chain(of(CheckLevel::Ok)).chain(of(CheckLevel::Know));
    let whole: Vec<RoleLine> = all.flat_map(|check| check_rows(scene, check, columns)).collect();
    let fine = of(CheckLevel::Ok).count();
    if whole.len() <= rows || fine == 0 {
        return whole;
    }
    let summary = word("OK", Role::Ok).and(format!("{} passed", wording::count(fine as u64, "other check")));
    let listed =
        of(CheckLevel::Fix).chain(of(CheckLevel::Know)).flat_map(|check| check_rows(scene, check, columns));
    listed.chain([summary]).collect()
}

fn word(word: &str, role: Role) -> RoleLine {
    RoleLine::strong(role, format!("{word:<0$}", WORD - 1)).and(" ")
}

/// A check with its offered fix or its remedy, wrapped.
fn check_rows(scene: &Scene, check: &PreflightCheck, columns: usize) -> Vec<RoleLine> {
    let word = match check.level {
        CheckLevel::Ok => word("OK", Role::Ok),
        CheckLevel::Fix => word("FIX", Role::Failing),
        CheckLevel::Know => word("NOTE", Role::Waiting),
    };
    let room = columns.saturating_sub(WORD);
    let wrapped = text::wrapped(&check.text, room).into_iter().enumerate();
    let mut rows: Vec<RoleLine> = wrapped
        .map(|(i, line)| if i == 0 { word.clone().and(line) } else { RoleLine::new().pad_to(WORD).and(line) })
        .collect();
    match (&check.offer, &check.remedy) {
        (Some(offer), _) => {
            let key = scene.view.keymap.key(Action::Fix);
            let offer = text::wrapped(&offer.offer_text(), room.saturating_sub(key.len() + 10)).into_iter();
            rows.extend(offer.enumerate().map(|(i, line)| {
                match i {
                    0 => RoleLine::new()
                        .pad_to(WORD)
                        .with(Role::Soft, "way out: ")
                        .bold(Role::Focus, key.as_str())
                        .and(" ")
                        .and(line),
                    _ => RoleLine::new().pad_to(WORD + key.len() + 10).and(line),
                }
            }));
        }
        (None, Some(remedy)) => {
            let remedy = text::wrapped(&format!("way out: {remedy}"), room).into_iter();
            rows.extend(remedy.map(|line| RoleLine::new().pad_to(WORD).with(Role::Soft, line)));
        }
        (None, None) => {}
    }
    rows
}
