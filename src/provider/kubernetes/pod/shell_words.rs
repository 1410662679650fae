//! Splits a command into POSIX shell words without a shell: quotes and backslashes are interpreted, pipes and redirects
//! are plain words.

/// Splits a command; `None` if a quote is not closed or the text ends in a single backslash.
pub(super) fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\'' => {
                let open = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        other => open.push(other),
                    }
                }
            }
            '"' => quoted(&mut characters, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(characters.next()?),
            space if space.is_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

/// Inside double quotes a backslash only escapes a quote or a backslash.
fn quoted(characters: &mut std::str::Chars<'_>, word: &mut String) -> Option<()> {
    loop {
        match characters.next()? {
            '"' => return Some(()),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => word.push(escaped),
                other => word.extend(['\\', other]),
            },
            other => word.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words() {
        let table: &[(&str, Option<&[&str]>)] = &[
            ("", Some(&[])),
            ("  ls   -la ", Some(&["ls", "-la"])),
            ("sh -c 'echo $HOME | wc'", Some(&["sh", "-c", "echo $HOME | wc"])),
            (r#"echo "a \"b\" \n""#, Some(&["echo", r#"a "b" \n"#])),
            (r"a\ b", Some(&["a b"])),
            ("''", Some(&[""])),
            ("a'b'\"c\"", Some(&["abc"])),
            ("cat x | wc > y", Some(&["cat", "x", "|", "wc", ">", "y"])),
            ("'open", None),
            ("\"open", None),
            ("end\\", None),
        ];
        for (text, wanted) in table {
            let wanted = wanted.map(|words| words.iter().map(|word| (*word).to_owned()).collect());
            assert_eq!(split(text), wanted, "{text}");
        }
    }
}
