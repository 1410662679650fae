//! The name under which the program was called: its own, or that of a link to it, as `chaos` or as a plug-in of kubectl.

use super::prepare::Refusal;
use std::{borrow::Cow, path::Path, sync::OnceLock};

/// The program's own name.
pub(crate) const OWN: &str = "chaos-tui";

/// Commands of `chaos` that this program does not have, and where they come from.
static FOREIGN: [(&[&str], &str); 3] = [
    (&["discover", "init", "settings"], "Chaos Toolkit's own `chaos` (pip install chaostoolkit)"),
    (&["verify"], "`chaos` with its add-on chaostoolkit-verification"),
    (&["login", "org", "team", "publish", "enable", "disable"], "`chaos` with its add-on chaosiq-cloud"),
];

/// How the program was called, as its user would write it: `chaos-tui`, `chaos`, `kubectl chaos`.
pub(crate) fn called_as() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| name_of(&std::env::args().next().unwrap_or_default()))
}

/// Only names that are known to be meant as commands; the file may be called anything.
fn name_of(path: &str) -> String {
    let name = Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match name.strip_prefix("kubectl-") {
        // kubectl finds `kubectl chaos-tui` as `kubectl-chaos_tui`.
        Some(plugin) => format!("kubectl {}", plugin.replace('-', " ").replace('_', "-")),
        None if name == "chaos" => name.to_owned(),
        None => OWN.to_owned(),
    }
}

/// A text in which the commands of this program are written as it was called.
pub(crate) fn as_called(text: &str) -> Cow<'_, str> {
    renamed(text, called_as())
}

fn renamed<'a>(text: &'a str, name: &str) -> Cow<'a, str> {
    if name == OWN {
        return text.into();
    }
    // A command stands in backticks, or begins its line; anything else is a sentence about the program.
    let mut parts = text.split("chaos-tui ");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let line = out.rsplit('\n').next().unwrap_or_default();
        let is_command = out.ends_with('`') || line.trim().is_empty();
        out.push_str(if is_command { name } else { OWN });
        out.push(' ');
        out.push_str(part);
    }
    out.into()
}

/// Refuses a command of `chaos` that this program does not have, unless there is an experiment of that name.
pub(crate) fn refuse_foreign(word: &str) -> Result<(), Refusal> {
    let source = FOREIGN.iter().find(|(commands, _)| commands.contains(&word)).map(|(_, source)| source);
    match source.filter(|_| !Path::new(word).exists()) {
        None => Ok(()),
        Some(source) => Err(Refusal::usage(format!("chaos-tui has no command `{word}`; {source} has it"))),
    }
}

#[cfg(test)]
mod tests {
    use super::{name_of, refuse_foreign, renamed};

    #[test]
    fn a_link_is_called_by_its_own_name() {
        let cases = [
            ("/usr/bin/chaos-tui", "chaos-tui"),
            ("target/debug/chaos-tui-1.0", "chaos-tui"),
            ("/opt/bin/chaos", "chaos"),
            ("/opt/bin/kubectl-chaos", "kubectl chaos"),
            ("kubectl-chaos_tui", "kubectl chaos-tui"),
        ];
        for (path, name) in cases {
            assert_eq!(name_of(path), name);
        }
    }

    #[test]
    fn commands_are_renamed_and_sentences_are_not() {
        let text = "`chaos-tui run` runs.\n    chaos-tui demo\nIn chaos-tui nothing is.";
        assert_eq!(renamed(text, "chaos"), "`chaos run` runs.\n    chaos demo\nIn chaos-tui nothing is.");
    }

    #[test]
    fn commands_of_chaos_name_their_tool() {
        for (word, tool) in
            [("discover", "`chaos`"), ("publish", "chaosiq-cloud"), ("verify", "verification")]
        {
            let refusal = refuse_foreign(word).unwrap_err();
            assert!(refusal.code == 2 && refusal.message.contains(tool), "{refusal}");
        }
        assert_eq!(refuse_foreign("experiment.json"), Ok(()));
    }
}
