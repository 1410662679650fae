//! References to groups by number and by name.

use super::{Translator, Width};

impl Translator<'_> {
    pub(super) fn refer(&mut self, number: u32) -> Result<Width, String> {
        if number > self.groups {
            return Err(format!("invalid group reference {number}"));
        }
        self.may_refer(number)?;
        // Wrapped in a group, so that a following digit is not read as part of the number.
        self.out.push_str(&format!("(?:\\{number})"));
        Ok(self.width_of(number))
    }

    pub(super) fn may_refer(&self, number: u32) -> Result<(), String> {
        match self.look_behind_groups {
            _ if self.open.contains(&number) => Err("cannot refer to an open group".to_owned()),
            Some(groups) if number > groups => {
                Err("cannot refer to group defined in the same lookbehind subpattern".to_owned())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn width_of(&self, group: u32) -> Width {
        let index = usize::try_from(group).unwrap_or(usize::MAX).wrapping_sub(1);
        self.widths.get(index).copied().flatten().unwrap_or(Width::NONE)
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.names.iter().any(|(_, known)| known == name)
    }

    /// Returns the number of a known group.
    pub(super) fn number_of(&self, name: &str) -> u32 {
        self.names.iter().find(|(_, known)| known == name).map_or(0, |(number, _)| *number)
    }

    pub(super) fn name(&mut self, end: char) -> Result<String, String> {
        let mut name = String::new();
        loop {
            match self.rest.next() {
                Some(c) if c == end => break,
                Some(c) => name.push(c),
                None => return Err(format!("missing {end}, unterminated name")),
            }
        }
        let fits = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if fits { Ok(name) } else { Err(format!("bad character in group name '{name}'")) }
    }

    /// Translates the condition of `(?(1)yes|no)` to the engine's dialect.
    pub(super) fn name_or_number(&mut self) -> Result<String, String> {
        let mut ahead = self.rest.clone();
        if !ahead.next().is_some_and(|c| c.is_ascii_digit()) {
            let name = self.name(')')?;
            if !self.knows(&name) {
                return Err(format!("unknown group name '{name}'"));
            }
            self.may_decide(self.number_of(&name))?;
            return Ok(format!("<{name}>"));
        }
        let mut digits = String::new();
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        let number: u32 = digits.parse().map_err(|_| "invalid group reference".to_owned())?;
        if self.rest.next() != Some(')') || number == 0 {
            return Err(format!("bad group number {digits}"));
        }
        self.may_decide(number)?;
        self.condition = self.condition.max(number);
        Ok(number.to_string())
    }

    /// Checks a group in a condition. Outside a look-behind a condition may refer to any group.
    pub(super) fn may_decide(&self, number: u32) -> Result<(), String> {
        if self.look_behind_groups.is_some() { self.may_refer(number) } else { Ok(()) }
    }
}
