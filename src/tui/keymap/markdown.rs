//! The key table of docs/screen.md, made from the same rows as the help overlay.

use super::{Group, TABLE};
use std::fmt::Write;

/// A Markdown table of every key.
pub fn markdown() -> String {
    let mut page = String::from("| key | what it does |\n| --- | --- |\n");
    for group in Group::ALL {
        let _ = writeln!(page, "| **{}** | |", group.title());
        let mut rows: Vec<(&str, String)> = Vec::new();
        for binding in TABLE.iter().filter(|binding| binding.group == group) {
            for chord in binding.keys {
                let key = format!("`{}`", chord.with_shift().replace('|', "\\|"));
                match rows.iter_mut().find(|(text, _)| *text == binding.text) {
                    Some((_, keys)) => {
                        let _ = write!(keys, " {key}");
                    }
                    None => rows.push((binding.text, key)),
                }
            }
        }
        for (text, keys) in rows {
            let _ = writeln!(page, "| {keys} | {text} |");
        }
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_action_has_a_line() {
        insta::assert_snapshot!(super::markdown());
    }
}
