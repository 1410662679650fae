//! Draws the screen of a recorded session at a given time, as text with ANSI colours or as an SVG picture.
//!
//!     cargo run --example screen -- RECORDING SECONDS [WIDTHxHEIGHT] [THEME] [16|256|none] [presenter] [ascii] [svg] [before=RECORDING]
//!
//! RECORDING is a `.ctui` file, compressed or not; SECONDS count from T0, `end` is the last event.

use chaos_tui::{
    session::{Session, event::Timestamp, recording},
    tui::{ControlMode, Depth, LogFeed, Scene, Theme, View, keymap::Keymap, render, svg},
};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    style::{Color, Modifier},
};
use std::{error::Error, fs::File, io::Read, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let usage = "give a recording and seconds from T0; see the head of examples/screen.rs";
    let (recording, seconds) = words.next().zip(words.next()).ok_or(usage)?;
    let mut view = View::new(Keymap::default(), ControlMode::Live);
    let (mut size, mut theme, mut earlier, mut picture) = ((120, 36), Theme::default(), None, false);
    for word in words {
        match word.as_str() {
            "presenter" => view.presenter = true,
            "svg" => picture = true,
            "ascii" => theme = theme.ascii(),
            "16" => theme = theme.with_depth(Depth::Sixteen),
            "256" => theme = theme.with_depth(Depth::Indexed),
            "none" => theme = theme.with_depth(Depth::None),
            word if word.starts_with("before=") => {
                earlier = Some(session(&word["before=".len()..], f64::INFINITY)?.0);
            }
            word => match word.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?))) {
                Some(given) => size = given,
                None => theme = Theme::named(word)?,
            },
        }
    }
    let seconds = if seconds == "end" { f64::INFINITY } else { seconds.parse()? };
    let (session, now) = session(&recording, seconds)?;
    view.compares = earlier.is_some();
    view.finished = session.finished();
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buffer = Buffer::empty(area);
    let scene = Scene::new(&session, &view, now, earlier.as_ref());
    render(&mut buffer, area, &scene, &theme, &LogFeed::default());
    if picture {
        print!("{}", svg(&buffer, &theme, &format!("chaos-tui: {}", session.meta.title)));
    } else {
        print!("{}", ansi(&buffer));
    }
    Ok(())
}

/// Returns the session of a recording this many seconds after T0, and the corresponding time.
fn session(path: &str, seconds: f64) -> Result<(Session, Timestamp), Box<dyn Error>> {
    let mut bytes = Vec::new();
    if std::path::Path::new(path).extension().is_some_and(|ext| ext.eq_ignore_ascii_case("gz")) {
        flate2::read::GzDecoder::new(File::open(path)?).read_to_end(&mut bytes)?
    } else {
        File::open(path)?.read_to_end(&mut bytes)?
    };
    let unpacked = tempfile::NamedTempFile::new()?;
    std::fs::write(unpacked.path(), bytes)?;
    let read = |path: &Path| -> Result<Vec<_>, Box<dyn Error>> {
        Ok(recording::open(path)?.1.collect::<Result<Vec<_>, _>>()?)
    };
    let events = read(unpacked.path())?;
    let mut whole = Session::new();
    for event in &events {
        whole.apply(event);
    }
    let (t0, last) = (whole.t0().or(whole.meta.opened), whole.last);
    let (t0, last) = t0.zip(last).ok_or("the recording is empty")?;
    if seconds.is_infinite() {
        return Ok((whole, last));
    }
    let until = t0 + jiff::SignedDuration::from_secs_f64(seconds);
    let mut session = Session::new();
    events.iter().take_while(|event| event.at <= until).for_each(|event| session.apply(event));
    Ok((session, until))
}

/// Returns the cells as text with ANSI colour sequences.
fn ansi(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut last = None;
        for x in 0..buffer.area.width {
            let Some(cell) = buffer.cell((x, y)) else { continue };
            let style = (cell.fg, cell.bg, cell.modifier);
            if last != Some(style) {
                out.push_str(&sequence(cell));
                last = Some(style);
            }
            out.push_str(cell.symbol());
        }
        out.push_str("\u{1b}[0m\n");
    }
    out
}

fn sequence(cell: &Cell) -> String {
    let mut codes = vec!["0".to_owned()];
    for (modifier, code) in [(Modifier::BOLD, "1"), (Modifier::REVERSED, "7")] {
        if cell.modifier.contains(modifier) {
            codes.push(code.to_owned());
        }
    }
    codes.extend(colour(cell.fg, 38, 30));
    codes.extend(colour(cell.bg, 48, 40));
    format!("\u{1b}[{}m", codes.join(";"))
}

fn colour(colour: Color, long: u8, short: u8) -> Option<String> {
    let named = |n: u8| Some(if n < 8 { (short + n).to_string() } else { (short + 52 + n).to_string() });
    match colour {
        Color::Rgb(r, g, b) => Some(format!("{long};2;{r};{g};{b}")),
        Color::Indexed(n) => Some(format!("{long};5;{n}")),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Reset => None,
    }
}
