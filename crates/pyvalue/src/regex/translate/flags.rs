//! Flags of a whole pattern and of a group.

use super::Translator;

/// The active flags that affect the translation.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub ascii: bool,
    pub multi_line: bool,
    pub verbose: bool,
}

impl Translator<'_> {
    /// Parses global flags such as `(?i)`, which Python accepts only at the start of the pattern.
    pub(super) fn global_flags(&mut self, flags: &mut Flags) -> Result<(), String> {
        loop {
            let ahead: String = self.rest.clone().take(24).collect();
            let Some(letters) =
                ahead.strip_prefix("(?").and_then(|ahead| ahead.split_once(')')).map(|(letters, _)| letters)
            else {
                return Ok(());
            };
            if letters.is_empty() || !letters.chars().all(|c| "aiLmsux".contains(c)) {
                return Ok(());
            }
            self.rest.nth(letters.len() + 2);
            let kept = turn(letters, true, flags)?;
            if !kept.is_empty() {
                self.out.push_str(&format!("(?{kept})"));
            }
        }
    }

    /// Parses `(?i-m:...)` from its first letter; flags without a group are allowed only at the start of the pattern.
    pub(super) fn flag_group(&mut self, first: char, flags: &mut Flags) -> Result<(), String> {
        let (mut on, mut off) = (String::new(), String::new());
        let mut negative = false;
        let mut c = first;
        loop {
            match c {
                '-' if !negative => negative = true,
                ':' => break,
                ')' => return Err("global flags not at the start of the expression".to_owned()),
                'i' | 'm' | 's' | 'x' if negative => off.push(c),
                'a' | 'i' | 'L' | 'm' | 's' | 'u' | 'x' if !negative => on.push(c),
                _ => return Err(format!("unknown extension ?{c}")),
            }
            c = self.rest.next().ok_or("missing -, : or )")?;
        }
        if negative && off.is_empty() {
            return Err("missing flag".to_owned());
        }
        let (kept_on, kept_off) = (turn(&on, true, flags)?, turn(&off, false, flags)?);
        let minus = if kept_off.is_empty() { "" } else { "-" };
        self.out.push_str(&format!("(?{kept_on}{minus}{kept_off}:"));
        Ok(())
    }
}

/// Applies flag letters and returns those that have the same letter and meaning in the engine.
fn turn(letters: &str, on: bool, flags: &mut Flags) -> Result<String, String> {
    if letters.contains('a') && letters.contains('u') {
        return Err("bad inline flags: flags 'a', 'u' and 'L' are incompatible".to_owned());
    }
    let mut kept = String::new();
    for letter in letters.chars() {
        match letter {
            'a' => flags.ascii = on,
            'u' => flags.ascii = !on,
            'm' => {
                flags.multi_line = on;
                kept.push('m');
            }
            'x' => flags.verbose = on,
            'L' => return Err("bad inline flags: cannot use 'L' flag with a str pattern".to_owned()),
            'i' | 's' => kept.push(letter),
            _ => return Err(format!("unknown flag {letter}")),
        }
    }
    Ok(kept)
}
