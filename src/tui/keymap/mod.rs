//! Key bindings: one table, from which the footer, the help overlay and the table in docs/screen.md are made.

mod chord;
mod markdown;
mod table;

pub use chord::{Chord, UnknownKey};
use crossterm::event::KeyCode;
pub use markdown::markdown;
use std::borrow::Cow;
pub use table::TABLE;

/// The action of a key. The table has a row for every action, and no chord has two actions in one context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is explained by its row of the table")]
pub enum Action {
    Observe,
    Next,
    Fire,
    Auto,
    Pause,
    Skip,
    Rerun,
    NewRun,
    Cut,
    Breakpoint,
    Predict,
    Fix,
    Abort,
    StepBack,
    End,
    Guards,
    Undo,
    /// Undoes what an earlier session left on.
    Recover,
    Note,
    Mark,
    Why,
    Logs,
    NextLog,
    PreviousLog,
    SessionLog,
    Heatmap,
    Zoom,
    Endpoint,
    Presenter,
    Mouse,
    Copy,
    FocusNext,
    FocusPrevious,
    FocusNumber,
    Up,
    Down,
    PageUp,
    PageDown,
    Earlier,
    Later,
    CursorLeft,
    CursorRight,
    Finer,
    Coarser,
    Fit,
    Live,
    Filter,
    Help,
    Play,
    SecondBack,
    SecondForward,
    LandmarkBack,
    LandmarkForward,
    Slower,
    Faster,
    ToBegin,
    ToEnd,
    ToT0,
    Find,
    FindNext,
    FindPrevious,
    /// Writes the reports of the session that is replayed.
    Export,
    Quit,
    Interrupt,
    Suspend,
}

/// Headings of the help overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Keys that control the experiment's steps.
    Step,
    /// Keys that make the run safer.
    Safety,
    /// Keys whose results are saved with the session.
    Session,
    Look,
    /// Keys that move the focus, the cursor and the scroll position.
    Move,
    /// Keys that move a replay in time.
    Replay,
}

impl Group {
    /// All groups, in the order of the help overlay.
    pub const ALL: [Group; 6] =
        [Group::Step, Group::Safety, Group::Session, Group::Look, Group::Move, Group::Replay];

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Group::Step => "Experiment",
            Group::Safety => "Safety",
            Group::Session => "Notes",
            Group::Look => "Looking",
            Group::Move => "Moving",
            Group::Replay => "In a replay",
        }
    }
}

/// Where a key binding applies. Text inputs receive every key themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// On the panes and on overlays.
    Everywhere,
    Screen,
    /// On an overlay, which scrolls.
    Overlay,
    /// On the panes of a replay, where the keys of [`Context::Screen`] apply as well unless they have another meaning there.
    Replay,
}

impl Context {
    fn covers(self, place: Context) -> bool {
        self == Context::Everywhere || self == place
    }
}

/// A row of the key table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The chords of the action; the first one is shown.
    pub keys: &'static [Chord],
    pub action: Action,
    /// The heading in the help.
    pub group: Group,
    /// The action's name, one word, in the operator's key configuration.
    pub name: &'static str,
    /// One sentence for the help.
    pub text: &'static str,
    pub context: Context,
    /// The label in the footer; empty if the footer does not show the action.
    pub label: &'static str,
    /// Whether the action is destructive.
    pub destructive: bool,
}

/// The key table with the operator's own keys applied.
#[derive(Clone, Debug)]
pub struct Keymap {
    rows: Vec<(Cow<'static, [Chord]>, &'static Binding)>,
}

/// Why the operator's own keys were rejected.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeymapError {
    /// An action that does not exist.
    #[error("there is no key action `{0}`; `chaos-tui config --print-default` lists them")]
    UnknownAction(String),
    /// A key that does not exist.
    #[error(transparent)]
    UnknownKey(#[from] UnknownKey),
    /// A key that must not have this action.
    #[error("{chord} {why}: give `{action}` another key")]
    Reserved { chord: String, action: &'static str, why: &'static str },
    /// An action that must have a key, because it leads to safety.
    #[error("`{action}` must have a key: it leads to safety")]
    Needed { action: &'static str },
    /// A chord with two actions.
    #[error("{chord} would be bound to both `{one}` and `{other}`: give one of them another key")]
    Conflict {
        chord: String,
        /// The first action.
        one: &'static str,
        other: &'static str,
    },
}

impl Default for Keymap {
    fn default() -> Self {
        Self { rows: TABLE.iter().map(|binding| (Cow::Borrowed(binding.keys), binding)).collect() }
    }
}

impl Keymap {
    /// Creates the table with the operator's keys for some actions. Actions are named by [`Binding`]`::name`.
    ///
    /// # Errors
    /// When an action or a key is unknown, a key is reserved, a safety action has no key, or a chord would have two
    /// actions in one context.
    pub fn with<'a>(own: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Result<Self, KeymapError> {
        let mut keymap = Self::default();
        for (name, keys) in own {
            let chords = keys.iter().map(|key| Chord::parse(key)).collect::<Result<Vec<_>, _>>()?;
            let row = keymap
                .rows
                .iter_mut()
                .find(|(_, binding)| binding.name == name)
                .ok_or_else(|| KeymapError::UnknownAction(name.to_owned()))?;
            row.0 = Cow::Owned(chords);
        }
        keymap.check()?;
        Ok(keymap)
    }

    /// The action of a chord in a context.
    pub fn action(&self, chord: Chord, place: Context) -> Option<Action> {
        let find = |place| {
            let mut rows = self.rows.iter();
            rows.find(|(keys, binding)| binding.context.covers(place) && keys.contains(&chord))
        };
        let more = || (place == Context::Replay).then(|| find(Context::Screen)).flatten();
        find(place).or_else(more).map(|(_, binding)| binding.action)
    }

    /// The key to show for an action, such as `F`; empty when it has none.
    pub fn key(&self, action: Action) -> String {
        self.first(action).map_or_else(String::new, Chord::to_string)
    }

    /// The same, written for a sentence: `SHIFT+F`.
    pub fn key_with_shift(&self, action: Action) -> String {
        self.first(action).map_or_else(String::new, Chord::with_shift)
    }

    fn first(&self, action: Action) -> Option<&Chord> {
        self.rows.iter().find(|(_, binding)| binding.action == action).and_then(|(keys, _)| keys.first())
    }

    /// The table row of an action.
    pub fn binding(&self, action: Action) -> Option<&'static Binding> {
        self.rows.iter().find(|(_, binding)| binding.action == action).map(|(_, binding)| *binding)
    }

    /// The rows as shown: the keys in force and their binding.
    pub fn rows(&self) -> impl Iterator<Item = (&[Chord], &'static Binding)> {
        self.rows.iter().map(|(keys, binding)| (keys.as_ref(), *binding))
    }

    /// The position of a chord among the keys of an action, from 0.
    pub fn place(&self, action: Action, chord: Chord) -> Option<usize> {
        let row = self.rows.iter().find(|(_, binding)| binding.action == action);
        row.and_then(|(keys, _)| keys.iter().position(|key| *key == chord))
    }

    fn check(&self) -> Result<(), KeymapError> {
        for (keys, binding) in &self.rows {
            reserved(keys, binding)?;
        }
        for (i, (keys, binding)) in self.rows.iter().enumerate() {
            for (others, other) in self.rows.iter().skip(i + 1) {
                let meet = binding.context.covers(other.context) || other.context.covers(binding.context);
                if let Some(chord) = keys.iter().find(|key| meet && others.contains(key)) {
                    let chord = chord.to_string();
                    return Err(KeymapError::Conflict { chord, one: binding.name, other: other.name });
                }
            }
        }
        Ok(())
    }
}

/// Rejects destructive actions on keys that are easily pressed by accident, and safety actions without a key.
fn reserved(keys: &[Chord], binding: &'static Binding) -> Result<(), KeymapError> {
    let action = binding.name;
    if keys.is_empty() && matches!(binding.action, Action::Abort | Action::Interrupt | Action::Quit) {
        return Err(KeymapError::Needed { action });
    }
    for key in keys.iter().filter(|_| binding.destructive) {
        let why = match key.code {
            KeyCode::Char(' ') => "never fires",
            KeyCode::Enter | KeyCode::Esc | KeyCode::Tab | KeyCode::BackTab => {
                "is easily pressed by accident"
            }
            KeyCode::Char(c) if key.modifiers.is_empty() && !c.is_uppercase() => {
                "cannot fire without SHIFT, CTRL or ALT"
            }
            _ => continue,
        };
        return Err(KeymapError::Reserved { chord: key.to_string(), action, why });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_chord_means_two_things_in_one_context() {
        assert_eq!(Keymap::default().check(), Ok(()));
    }

    #[test]
    fn names_are_unique() {
        let mut seen = HashSet::new();
        for binding in TABLE {
            assert!(seen.insert(binding.name), "{}", binding.name);
        }
    }

    /// The help has two columns on a screen of 120 columns, and truncates nothing.
    #[test]
    fn texts_fit_into_the_help() {
        for binding in TABLE {
            assert!(binding.text.chars().count() <= 43, "{}", binding.text);
        }
    }

    #[test]
    fn space_never_fires_and_only_fire_is_dangerous() {
        let keymap = Keymap::default();
        assert_eq!(keymap.action(Chord::char(' '), Context::Screen), Some(Action::Next));
        assert_eq!(keymap.action(Chord::char('F'), Context::Screen), Some(Action::Fire));
        assert_eq!(keymap.action(Chord::char('f'), Context::Screen), Some(Action::Fix), "mends, never fires");
        assert_eq!(keymap.action(Chord::char('F'), Context::Overlay), None, "no firing blind");
        assert!(TABLE.iter().all(|b| b.destructive == (b.action == Action::Fire)));
    }

    #[test]
    fn own_keys_replace_and_are_checked() {
        let keys = ["Y".to_owned()];
        let keymap = Keymap::with([("next", keys.as_slice())]).unwrap();
        assert_eq!(keymap.action(Chord::char('Y'), Context::Screen), Some(Action::Next));
        assert_eq!(keymap.action(Chord::char(' '), Context::Screen), None);
        assert_eq!(keymap.key(Action::Next), "Y");

        let taken = ["q".to_owned()];
        assert!(matches!(Keymap::with([("next", taken.as_slice())]), Err(KeymapError::Conflict { .. })));
        assert!(matches!(Keymap::with([("nxet", taken.as_slice())]), Err(KeymapError::UnknownAction(_))));
        let odd = ["QQ".to_owned()];
        assert!(matches!(Keymap::with([("next", odd.as_slice())]), Err(KeymapError::UnknownKey(_))));
    }
}
