//! From one dialect to the other.

mod references;

use super::{
    class,
    escape::{self, Escape, Rest},
    width::Width,
};

/// Groups inside groups.
const MAX_DEPTH: usize = 100;

/// The flags in force, as far as they change what is written.
#[derive(Clone, Copy, Default)]
struct Flags {
    ascii: bool,
    multi_line: bool,
    verbose: bool,
}

/// A Python pattern in our engine's dialect.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        out: String::new(),
        names: Vec::new(),
        groups: 0,
        widths: Vec::new(),
        open: Vec::new(),
        behind: None,
        condition: 0,
    };
    let mut flags = Flags::default();
    translator.global_flags(&mut flags)?;
    translator.alternatives(flags, 0, ANY_NUMBER)?;
    match translator.rest.next() {
        None if translator.condition > translator.groups => {
            Err(format!("invalid group reference {}", translator.condition))
        }
        None => Ok(translator.out),
        Some(_) => Err("unbalanced parenthesis".to_owned()),
    }
}

struct Translator<'a> {
    rest: Rest<'a>,
    out: String,
    names: Vec<(u32, String)>,
    /// Capturing groups begun so far.
    groups: u32,
    /// How wide those closed are, by number.
    widths: Vec<Option<Width>>,
    /// Those not closed yet: they cannot be referred to.
    open: Vec<u32>,
    /// In a look-behind, the groups begun before it: those within cannot be referred to from there.
    behind: Option<u32>,
    /// The highest group that a condition asks about; it may come later.
    condition: u32,
}

/// What was written last, for a quantifier.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Nothing,
    Anchor,
    Item(Width),
    /// A look-around, which begins at this byte of what is written.
    LookAround(usize),
    Repeated(Width),
}

impl Last {
    fn width(self) -> Width {
        match self {
            Last::Item(width) | Last::Repeated(width) => width,
            Last::Nothing | Last::Anchor | Last::LookAround(_) => Width::NONE,
        }
    }
}

/// Branches of an alternative are not limited, but for those of a condition.
const ANY_NUMBER: usize = usize::MAX;

/// How often something is repeated.
struct Counts {
    least: u32,
    /// None is as often as can be.
    most: Option<u32>,
    /// In our engine's dialect.
    written: String,
}

impl Translator<'_> {
    /// `(?i)` and the like, which Python accepts at the very beginning only.
    fn global_flags(&mut self, flags: &mut Flags) -> Result<(), String> {
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

    /// Up to the end or an unread `)`; tells how wide a match can be.
    fn alternatives(&mut self, flags: Flags, depth: usize, most: usize) -> Result<Width, String> {
        if depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} groups inside each other"));
        }
        let (mut whole, mut branch, mut branches) = (None::<Width>, Width::NONE, 1);
        let mut last = Last::Nothing;
        while let Some(c) = self.rest.next_if(|c| *c != ')') {
            if flags.verbose && (c.is_whitespace() || c == '#') {
                while c == '#' && self.rest.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            // What follows may repeat what was last: only then its width is known.
            let (before, next) = (last, self.item(c, last, flags, depth)?);
            if !matches!(next, Last::Repeated(_)) {
                branch = branch.then(before.width());
            }
            last = next;
            if c == '|' {
                branches += 1;
                if branches > most {
                    return Err("conditional backref with more than two branches".to_owned());
                }
                whole = Some(whole.map_or(branch, |whole| whole.or(branch)));
                branch = Width::NONE;
            }
        }
        branch = branch.then(last.width());
        // A condition without a second branch matches nothing there.
        let branch = if most != ANY_NUMBER && branches == 1 { branch.or(Width::NONE) } else { branch };
        Ok(whole.map_or(branch, |whole| whole.or(branch)))
    }

    /// What begins with a character that was read already.
    fn item(&mut self, c: char, last: Last, flags: Flags, depth: usize) -> Result<Last, String> {
        Ok(match c {
            '|' => {
                self.out.push('|');
                Last::Nothing
            }
            '*' => self.quantifier(last, Counts { least: 0, most: None, written: "*".to_owned() })?,
            '+' => self.quantifier(last, Counts { least: 1, most: None, written: "+".to_owned() })?,
            '?' => self.quantifier(last, Counts { least: 0, most: Some(1), written: "?".to_owned() })?,
            '{' => match self.counted() {
                Some(counts) => self.quantifier(last, counts?)?,
                None => {
                    literal('{', &mut self.out);
                    Last::Item(Width::ONE)
                }
            },
            '^' => {
                self.out.push('^');
                Last::Anchor
            }
            '$' => {
                // Python's `$` is also before one final line end; of many lines, before each.
                self.out.push_str(if flags.multi_line { r"(?=\n|\z)" } else { r"(?=\n?\z)" });
                Last::Anchor
            }
            '.' => {
                self.out.push('.');
                Last::Item(Width::ONE)
            }
            '[' => {
                class::read(&mut self.rest, &mut self.out, flags.ascii)?;
                Last::Item(Width::ONE)
            }
            '\\' => self.escaped(flags)?,
            '(' => self.group(last, flags, depth)?,
            c => {
                literal(c, &mut self.out);
                Last::Item(Width::ONE)
            }
        })
    }

    fn quantifier(&mut self, last: Last, counts: Counts) -> Result<Last, String> {
        let width = match last {
            Last::Nothing | Last::Anchor => return Err("nothing to repeat".to_owned()),
            Last::Repeated(_) => return Err("multiple repeat".to_owned()),
            Last::LookAround(start) => {
                // Our engine refuses to repeat a look-around. Once is as good as often; none is as good as nothing.
                if counts.least == 0 {
                    self.out.insert_str(start, "(?:");
                    self.out.push_str("|)");
                }
                self.rest.next_if(|c| matches!(c, '?' | '+'));
                return Ok(Last::Repeated(Width::NONE));
            }
            Last::Item(width) => width,
        };
        self.out.push_str(&counts.written);
        // Lazy and possessive.
        if let Some(manner) = self.rest.next_if(|c| matches!(c, '?' | '+')) {
            self.out.push(manner);
        }
        Ok(Last::Repeated(width.times(counts.least, counts.most)))
    }

    /// `{n}`, `{n,}`, `{,m}`, `{n,m}` after its brace; anything else is text.
    fn counted(&mut self) -> Option<Result<Counts, String>> {
        let ahead: String =
            self.rest.clone().take_while(|c| c.is_ascii_digit() || matches!(c, ',' | '}')).collect();
        let (counts, _) = ahead.split_once('}')?;
        let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
        if counts.is_empty() || most.contains(',') {
            return None;
        }
        self.rest.nth(counts.len());
        let number =
            |digits: &str| digits.parse::<u32>().map_err(|_| "the repetition number is too large".to_owned());
        Some((|| {
            let low = if least.is_empty() { 0 } else { number(least)? };
            if most.is_empty() {
                return Ok(Counts { least: low, most: None, written: format!("{{{low},}}") });
            }
            let high = number(most)?;
            if high < low {
                return Err("min repeat greater than max repeat".to_owned());
            }
            Ok(Counts { least: low, most: Some(high), written: format!("{{{low},{high}}}") })
        })())
    }

    fn escaped(&mut self, flags: Flags) -> Result<Last, String> {
        match escape::read(&mut self.rest, false)? {
            Escape::Literal(c) => literal(c, &mut self.out),
            Escape::Category(c) => category(c, &mut self.out, flags.ascii),
            Escape::Anchor('Z') => {
                self.out.push_str(r"\z");
                return Ok(Last::Anchor);
            }
            Escape::Anchor('B') => {
                // Not even an empty text has such a place in Python.
                self.out.push_str(r"(?!\A\z)\B");
                return Ok(Last::Anchor);
            }
            Escape::Anchor(c) => {
                self.out.extend(['\\', c]);
                return Ok(Last::Anchor);
            }
            Escape::Group(number) => return self.refer(number).map(Last::Item),
        }
        Ok(Last::Item(Width::ONE))
    }

    /// What stands in parentheses, after the first one.
    fn group(&mut self, before: Last, flags: Flags, depth: usize) -> Result<Last, String> {
        let mut inner = flags;
        let mut capturing = true;
        let (start, mut looks, mut most) = (self.out.len(), Looks::No, ANY_NUMBER);
        if self.rest.next_if_eq(&'?').is_none() {
            self.out.push('(');
        } else {
            capturing = false;
            match self.rest.next().ok_or("unexpected end of pattern")? {
                'P' => match self.rest.next().ok_or("unexpected end of pattern")? {
                    '<' => {
                        let name = self.name('>')?;
                        if self.knows(&name) {
                            return Err(format!("redefinition of group name '{name}'"));
                        }
                        self.out.push_str(&format!("(?P<{name}>"));
                        self.names.push((self.groups + 1, name));
                        capturing = true;
                    }
                    '=' => {
                        let name = self.name(')')?;
                        if !self.knows(&name) {
                            return Err(format!("unknown group name '{name}'"));
                        }
                        self.out.push_str(&format!("(?:\\k<{name}>)"));
                        let number = self.number_of(&name);
                        self.may_refer(number)?;
                        return Ok(Last::Item(self.width_of(number)));
                    }
                    other => return Err(format!("unknown extension ?P{other}")),
                },
                ':' => self.out.push_str("(?:"),
                '>' => self.out.push_str("(?>"),
                '#' => {
                    while self.rest.next().ok_or("missing ), unterminated comment")? != ')' {}
                    return Ok(before);
                }
                ahead @ ('=' | '!') => {
                    self.out.extend(['(', '?', ahead]);
                    looks = Looks::Ahead;
                }
                '<' => match self.rest.next().ok_or("unexpected end of pattern")? {
                    behind @ ('=' | '!') => {
                        self.out.extend(['(', '?', '<', behind]);
                        looks = Looks::Behind;
                    }
                    other => return Err(format!("unknown extension ?<{other}")),
                },
                '(' => {
                    let condition = self.name_or_number()?;
                    self.out.push_str(&format!("(?({condition})"));
                    most = 2;
                }
                letter => self.flag_group(letter, &mut inner)?,
            }
        }
        let number = self.groups + 1;
        if capturing {
            self.groups = number;
            self.open.push(number);
        }
        self.widths.resize(usize::try_from(self.groups).unwrap_or(0), None);
        let outer = self.behind;
        if matches!(looks, Looks::Behind) {
            self.behind.get_or_insert(self.groups);
        }
        let width = self.rest_of_group(inner, depth, most)?;
        self.behind = outer;
        if capturing {
            self.open.pop();
            if let Some(slot) = usize::try_from(number - 1).ok().and_then(|index| self.widths.get_mut(index))
            {
                *slot = Some(width);
            }
        }
        match looks {
            Looks::No => Ok(Last::Item(width)),
            Looks::Behind if !width.is_fixed() => Err("look-behind requires fixed-width pattern".to_owned()),
            Looks::Ahead | Looks::Behind => Ok(Last::LookAround(start)),
        }
    }

    fn rest_of_group(&mut self, flags: Flags, depth: usize, most: usize) -> Result<Width, String> {
        let width = self.alternatives(flags, depth + 1, most)?;
        self.out.push(')');
        self.rest.next().map(|_| width).ok_or_else(|| "missing ), unterminated subpattern".to_owned())
    }

    /// `(?i-m:...)` from its first letter on; flags without a group belong to the beginning.
    fn flag_group(&mut self, first: char, flags: &mut Flags) -> Result<(), String> {
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

/// Whether a group looks around instead of matching.
#[derive(Clone, Copy)]
enum Looks {
    No,
    Ahead,
    Behind,
}

/// Applies flag letters and gives back those our engine knows under the same letter.
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

/// A character that means itself.
pub(super) fn literal(c: char, out: &mut String) {
    // `\<` and `\>` are places in our engine.
    if c.is_ascii_punctuation() && !matches!(c, '<' | '>') {
        out.push('\\');
        out.push(c);
    } else if c.is_control() || c.is_whitespace() {
        out.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
    } else {
        out.push(c);
    }
}

/// `\d` and its like; with the flag `a`, of ASCII only.
pub(super) fn category(c: char, out: &mut String, ascii: bool) {
    let set = match (c.to_ascii_lowercase(), ascii) {
        ('d', true) => "0-9",
        ('s', true) => r"\t-\r\x20",
        ('w', true) => "0-9A-Za-z_",
        // Python counts the information separators as white space, too.
        ('s', false) => r"\s\x1c-\x1f",
        ('d', false) => r"\p{Nd}",
        (_, _) => r"\p{L}\p{N}_",
    };
    let negated = if c.is_ascii_uppercase() { "^" } else { "" };
    out.push_str(&format!("[{negated}{set}]"));
}
