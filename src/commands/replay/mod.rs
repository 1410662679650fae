//! `chaos-tui replay`: shows a recorded session on the same screen, without its cluster.

mod list;
mod moment;

use super::{
    GlobalArgs,
    config::Appearance,
    live::{self, LookArgs, ScreenExit},
    output::print_page,
    prepare::Refusal,
    record::sessions_folder,
    recorded::RecordedSession,
    report::export_of_recorded,
};
use crate::{
    printing,
    session::{Session, clock::Clock, recording::Timeline, whole_file::replace_file},
    tui::{self, ControlMode, Export, LiveView, Player, ReplayMove, Theme, View, terminal},
};
use color_eyre::eyre::{Result, WrapErr};
use moment::Moment;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

/// Arguments of `replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Session to show: a file, the id of a session or its beginning, `last`, or `last~1` for the one before
    /// [default: last]
    #[arg(value_name = "SESSION|FILE")]
    pub session: Option<String>,
    /// List the sessions on record with their verdicts
    #[arg(long, conflicts_with_all = ["session", "at", "svg"])]
    pub list: bool,
    /// Begin at this moment, without playing: T+12, T-5, T+1:30, T0, begin or end
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    pub at: Option<Moment>,
    /// Show another recorded session behind this one, aligned at T0
    #[arg(long, value_name = "SESSION|FILE")]
    pub ghost: Option<String>,
    /// Draw the screen as it was at this moment as an SVG picture, instead of showing it
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true, conflicts_with = "at")]
    pub svg: Option<Moment>,
    /// Write the picture to this file [default: standard output]
    #[arg(short, long, value_name = "FILE", requires = "svg")]
    pub output: Option<PathBuf>,
    /// Columns and rows of the picture
    #[arg(long, value_name = "COLUMNSxROWS", requires = "svg", default_value = "120x36", value_parser = size)]
    pub size: (u16, u16),
    /// Options of the screen.
    #[command(flatten)]
    pub look: LookArgs,
}

/// Reads `120x36`.
fn size(text: &str) -> Result<(u16, u16), String> {
    let parts =
        text.split_once('x').and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)));
    parts
        .filter(|(columns, rows)| (20..=400).contains(columns) && (5..=200).contains(rows))
        .ok_or_else(|| format!("{text:?} is no size: write columns x rows, such as 120x36, up to 400x200"))
}

/// Shows the session, lists all, or draws a picture.
///
/// # Errors
/// If there is no such session, it cannot be read, or there is no terminal.
pub(crate) fn run(global: &GlobalArgs, arguments: &Arguments) -> Result<ExitCode> {
    global.enter_folder()?;
    if arguments.list {
        return list::print(&sessions_folder().map_err(Refusal::invalid)?);
    }
    let recorded = RecordedSession::find(arguments.session.as_deref())?;
    let timeline = Timeline::open(&recorded.path).map_err(Refusal::invalid)?;
    let ghost = arguments.ghost.as_deref().map(RecordedSession::ghost).transpose()?;
    if let Some(moment) = arguments.svg {
        return picture(arguments, timeline, moment, ghost.as_ref());
    }
    if let Err(why) = terminal::check_available() {
        let message =
            format!("{why}; `chaos-tui replay --svg T+12 -o still.svg` draws a moment of the session");
        return Err(Refusal::usage(message).into());
    }
    let (preferences, look) = live::appearance(&arguments.look).map_err(Refusal::usage)?;
    let mut view = View {
        mouse: preferences.mouse,
        compares: ghost.is_some(),
        hint: timeline.flaws().first().cloned().or_else(|| look.note.clone()),
        ..View::new(preferences.keys.clone(), ControlMode::Replay)
    };
    let begin = arguments.at.map(|moment| moment.on(&timeline)).transpose().map_err(Refusal::usage)?;
    let (mut player, session) = Player::new(timeline);
    let first = begin.map_or(ReplayMove::PlayOrStop, ReplayMove::To);
    printing::reserve_terminal();
    let exit = live::on_runtime(|| async {
        view.hint = player.make(&first, Instant::now()).or(view.hint.take());
        show(global, view, (look, &preferences), (player, session, export_of_recorded(recorded)), ghost).await
    })??;
    Ok(if exit == ScreenExit::Broken { ExitCode::from(live::BUG) } else { ExitCode::SUCCESS })
}

async fn show(
    global: &GlobalArgs,
    view: View,
    (look, preferences): (Appearance, &super::config::Preferences),
    (player, session, export): (Player, tokio::sync::watch::Receiver<Session>, Export),
    earlier: Option<Session>,
) -> Result<ScreenExit> {
    let mut shown = LiveView {
        session,
        done: CancellationToken::new(),
        earlier,
        // Nobody receives: nothing can be commanded in a replay.
        commands: mpsc::channel(1).0,
        clock: Clock::system(),
        replay: Some(player),
        export,
        theme: look.theme,
        grounds: look.theme_by_background,
        view,
        verbose: global.verbose,
        bell: false,
        signals: tui::Signals::listen().wrap_err("cannot install signal handlers")?,
    };
    Ok(live::watch(None, preferences.mouse, &mut shown).await)
}

fn picture(
    arguments: &Arguments,
    mut timeline: Timeline,
    moment: Moment,
    earlier: Option<&Session>,
) -> Result<ExitCode> {
    let at = moment.on(&timeline).map_err(Refusal::usage)?;
    let theme = match arguments.look.theme.as_deref() {
        None | Some("auto") => Theme::default(),
        Some(name) => Theme::named(name).map_err(Refusal::usage)?,
    };
    let theme = if arguments.look.ascii == Some(true) { theme.ascii() } else { theme };
    let mut session = Session::new();
    timeline.go_to(at, &mut session).map_err(Refusal::invalid)?;
    let picture = tui::still(&session, at, earlier, &theme, arguments.size);
    match &arguments.output {
        Some(path) if path != Path::new("-") => {
            replace_file(path, &picture)
                .wrap_err_with(|| format!("the picture {} cannot be written", path.display()))?;
            Ok(ExitCode::SUCCESS)
        }
        _ => print_page(picture),
    }
}
