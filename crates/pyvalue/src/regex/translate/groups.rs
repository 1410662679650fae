//! Groups: patterns in parentheses.

use super::{ANY_NUMBER, Flags, LastWritten, Translator};
use crate::regex::width::Width;

/// The result of parsing the first characters of a group.
enum Opening {
    /// The group is complete: a comment, or a reference by name.
    Whole(LastWritten),
    /// The branches of this group follow.
    Of(Group),
}

/// The properties of a group.
struct Group {
    captures: bool,
    look_around: LookAround,
    /// The maximum number of branches.
    branches: usize,
}

/// Whether a group is a look-around.
#[derive(Clone, Copy)]
enum LookAround {
    No,
    Ahead,
    Behind,
}

impl Group {
    const PLAIN: Self = Self { captures: false, look_around: LookAround::No, branches: ANY_NUMBER };
    const CAPTURING: Self = Self { captures: true, ..Self::PLAIN };
}

impl Translator<'_> {
    /// Translates a group after its opening parenthesis.
    pub(super) fn group(
        &mut self,
        before: LastWritten,
        flags: Flags,
        depth: usize,
    ) -> Result<LastWritten, String> {
        let (start, mut inner) = (self.out.len(), flags);
        let group = match self.opening(before, &mut inner)? {
            Opening::Whole(last) => return Ok(last),
            Opening::Of(group) => group,
        };
        let number = self.groups + 1;
        if group.captures {
            self.groups = number;
            self.open.push(number);
        }
        self.widths.resize(usize::try_from(self.groups).unwrap_or(0), None);
        let outer = self.look_behind_groups;
        if matches!(group.look_around, LookAround::Behind) {
            self.look_behind_groups.get_or_insert(self.groups);
        }
        let width = self.rest_of_group(inner, depth, group.branches)?;
        self.look_behind_groups = outer;
        if group.captures {
            self.open.pop();
            if let Some(slot) = usize::try_from(number - 1).ok().and_then(|index| self.widths.get_mut(index))
            {
                *slot = Some(width);
            }
        }
        match group.look_around {
            LookAround::No => Ok(LastWritten::Item(width)),
            LookAround::Behind if !width.is_fixed() => {
                Err("look-behind requires fixed-width pattern".to_owned())
            }
            LookAround::Ahead | LookAround::Behind => Ok(LastWritten::LookAround(start)),
        }
    }

    /// Parses the characters after the parenthesis that determine the kind of group; without a `?` the group captures.
    fn opening(&mut self, before: LastWritten, inner: &mut Flags) -> Result<Opening, String> {
        if self.rest.next_if_eq(&'?').is_none() {
            self.out.push('(');
            return Ok(Opening::Of(Group::CAPTURING));
        }
        let plain = Opening::Of(Group::PLAIN);
        Ok(match self.next()? {
            'P' => return self.named(),
            ':' => {
                self.out.push_str("(?:");
                plain
            }
            '>' => {
                self.out.push_str("(?>");
                plain
            }
            '#' => {
                while self.rest.next().ok_or("missing ), unterminated comment")? != ')' {}
                Opening::Whole(before)
            }
            ahead @ ('=' | '!') => {
                self.out.extend(['(', '?', ahead]);
                Opening::Of(Group { look_around: LookAround::Ahead, ..Group::PLAIN })
            }
            '<' => match self.next()? {
                behind @ ('=' | '!') => {
                    self.out.extend(['(', '?', '<', behind]);
                    Opening::Of(Group { look_around: LookAround::Behind, ..Group::PLAIN })
                }
                other => return Err(format!("unknown extension ?<{other}")),
            },
            '(' => {
                let condition = self.name_or_number()?;
                self.out.push_str(&format!("(?({condition})"));
                Opening::Of(Group { branches: 2, ..Group::PLAIN })
            }
            letter => {
                self.flag_group(letter, inner)?;
                plain
            }
        })
    }

    /// Parses `(?P<name>...`, which names a group, and `(?P=name)`, which matches the same text as that group.
    fn named(&mut self) -> Result<Opening, String> {
        match self.next()? {
            '<' => {
                let name = self.name('>')?;
                if self.knows(&name) {
                    return Err(format!("redefinition of group name '{name}'"));
                }
                self.out.push_str(&format!("(?P<{name}>"));
                self.names.push((self.groups + 1, name));
                Ok(Opening::Of(Group::CAPTURING))
            }
            '=' => {
                let name = self.name(')')?;
                if !self.knows(&name) {
                    return Err(format!("unknown group name '{name}'"));
                }
                self.out.push_str(&format!("(?:\\k<{name}>)"));
                let number = self.number_of(&name);
                self.may_refer(number)?;
                Ok(Opening::Whole(LastWritten::Item(self.width_of(number))))
            }
            other => Err(format!("unknown extension ?P{other}")),
        }
    }

    fn next(&mut self) -> Result<char, String> {
        self.rest.next().ok_or_else(|| "unexpected end of pattern".to_owned())
    }

    fn rest_of_group(&mut self, flags: Flags, depth: usize, branches: usize) -> Result<Width, String> {
        let width = self.alternatives(flags, depth + 1, branches)?;
        self.out.push(')');
        self.rest.next().map(|_| width).ok_or_else(|| "missing ), unterminated subpattern".to_owned())
    }
}
