//! The drawing surface of panes: clips, cleans and truncates, so that no pane can draw outside its area or draw raw
//! text.

use super::{
    text,
    theme::{Role, Theme},
};
use ratatui::{
    buffer::{Buffer, Cell},
    layout::Rect,
    style::{Modifier, Style},
};

/// How a piece of text is emphasized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Emphasis {
    Plain,
    Bold,
    /// Bold ink on the role's colour.
    Fill,
    /// Text on the role's tint.
    Tint,
}

/// A piece of text with its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoleSpan {
    /// The text; may be external.
    pub text: String,
    pub role: Role,
    pub look: Emphasis,
}

/// A line of spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RoleLine(pub Vec<RoleSpan>);

impl RoleLine {
    /// An empty line.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A line of plain text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::new().with(Role::Text, text)
    }

    /// A line of one role.
    pub(super) fn of(role: Role, text: impl Into<String>) -> Self {
        Self::new().with(role, text)
    }

    /// A bold line of one role.
    pub(super) fn strong(role: Role, text: impl Into<String>) -> Self {
        Self::new().bold(role, text)
    }

    /// Appends a span.
    #[must_use]
    pub(super) fn with(mut self, role: Role, text: impl Into<String>) -> Self {
        self.push(role, text);
        self
    }

    /// Appends plain text.
    #[must_use]
    pub(super) fn and(self, text: impl Into<String>) -> Self {
        self.with(Role::Text, text)
    }

    /// Appends another line.
    #[must_use]
    pub(super) fn joined(mut self, other: RoleLine) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Appends a bold span.
    #[must_use]
    pub(super) fn bold(mut self, role: Role, text: impl Into<String>) -> Self {
        self.add(role, Emphasis::Bold, text);
        self
    }

    /// Appends a span that is filled with the role's colour.
    #[must_use]
    pub(super) fn fill(mut self, role: Role, text: impl Into<String>) -> Self {
        self.add(role, Emphasis::Fill, text);
        self
    }

    /// Appends a plain span.
    pub(super) fn push(&mut self, role: Role, text: impl Into<String>) {
        self.add(role, Emphasis::Plain, text);
    }

    /// Appends a span with an emphasis.
    pub(super) fn add(&mut self, role: Role, look: Emphasis, text: impl Into<String>) {
        self.0.push(RoleSpan { text: text.into(), role, look });
    }

    /// The width in columns.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|piece| text::width(&text::clean(&piece.text))).sum()
    }

    /// Removes the spaces at the end of the line.
    #[must_use]
    pub(super) fn trimmed(mut self) -> Self {
        while let Some(last) = self.0.last_mut() {
            last.text.truncate(last.text.trim_end().len());
            if !last.text.is_empty() {
                break;
            }
            self.0.pop();
        }
        self
    }

    /// Appends spaces up to a column.
    #[must_use]
    pub(super) fn pad_to(mut self, column: usize) -> Self {
        let missing = column.saturating_sub(self.width());
        if missing > 0 {
            self.push(Role::Text, " ".repeat(missing));
        }
        self
    }
}

impl From<&str> for RoleLine {
    fn from(text: &str) -> Self {
        RoleLine::text(text)
    }
}

impl From<String> for RoleLine {
    fn from(text: String) -> Self {
        RoleLine::text(text)
    }
}

/// A rectangle to draw in.
pub(super) struct PaneBuffer<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    /// Colours and symbols.
    pub theme: &'a Theme,
}

impl<'a> PaneBuffer<'a> {
    /// Creates a drawing surface for the part of `area` inside the buffer.
    pub(super) fn new(buffer: &'a mut Buffer, area: Rect, theme: &'a Theme) -> Self {
        let area = area.intersection(buffer.area);
        Self { buffer, area, theme }
    }

    /// The area on the screen.
    pub(super) fn area(&self) -> Rect {
        self.area
    }

    pub(super) fn width(&self) -> usize {
        usize::from(self.area.width)
    }

    pub(super) fn height(&self) -> usize {
        usize::from(self.area.height)
    }

    /// A part of this area; `x` and `y` count from its upper left corner.
    pub(super) fn part(&mut self, x: usize, y: usize, width: usize, height: usize) -> PaneBuffer<'_> {
        let near = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let x = self.area.x.saturating_add(near(x));
        let y = self.area.y.saturating_add(near(y));
        let area = Rect { x, y, width: near(width), height: near(height) }.intersection(self.area);
        PaneBuffer { area, buffer: &mut *self.buffer, theme: self.theme }
    }

    /// The same, but consumes this drawing surface.
    pub(super) fn into_part(self, x: usize, y: usize, width: usize, height: usize) -> PaneBuffer<'a> {
        let near = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
        let x = self.area.x.saturating_add(near(x));
        let y = self.area.y.saturating_add(near(y));
        let area = Rect { x, y, width: near(width), height: near(height) }.intersection(self.area);
        PaneBuffer { area, ..self }
    }

    /// The part that lies in an area of the screen.
    pub(super) fn on(&mut self, area: Rect) -> PaneBuffer<'_> {
        PaneBuffer { area: area.intersection(self.area), buffer: &mut *self.buffer, theme: self.theme }
    }

    /// Lets a library's widget draw in this area.
    pub(super) fn widget(&mut self, render: impl FnOnce(Rect, &mut Buffer)) {
        render(self.area, self.buffer);
    }

    /// Draws a line at the left edge of a row.
    pub(super) fn row(&mut self, y: usize, row: &RoleLine) {
        self.at(0, y, row);
    }

    /// Draws a line from a column on; truncates it with an ellipsis.
    pub(super) fn at(&mut self, x: usize, y: usize, row: &RoleLine) {
        let mut x = x;
        let mut pieces = row.0.iter().peekable();
        while let Some(piece) = pieces.next() {
            let room = self.width().saturating_sub(x);
            if room == 0 {
                return;
            }
            let more = pieces.peek().is_some_and(|next| !next.text.trim().is_empty());
            let clean = text::clean(&piece.text);
            let wide = text::width(&clean);
            // A span that fills the row exactly is drawn whole and ends the line, even if another one follows.
            let cut = wide > room || (wide == room && more && wide > 0);
            let style = self.look(piece);
            if cut {
                let shown = if wide > room { text::fit(&clean, room) } else { clean };
                self.put(x, y, &shown, style);
                return;
            }
            self.put(x, y, &clean, style);
            x += wide;
        }
    }

    /// Draws a line right-aligned in a row.
    pub(super) fn right(&mut self, y: usize, row: &RoleLine) {
        self.at(self.width().saturating_sub(row.width()), y, row);
    }

    /// Draws a line on the left and one on the right; the right one is shown whole, the left one is truncated.
    pub(super) fn spread(&mut self, y: usize, left: &RoleLine, right: &RoleLine) {
        let taken = right.width();
        let room = self.width().saturating_sub(taken + usize::from(taken > 0));
        self.part(0, y, room, 1).row(0, left);
        self.right(y, right);
    }

    fn look(&self, piece: &RoleSpan) -> Style {
        let theme = self.theme;
        match piece.look {
            Emphasis::Plain => theme.style(piece.role),
            Emphasis::Bold => theme.bold(piece.role),
            Emphasis::Fill => theme.fill(piece.role).add_modifier(Modifier::BOLD),
            Emphasis::Tint => theme.tint(piece.role).unwrap_or_else(|| theme.style(piece.role)),
        }
    }

    /// Draws trusted text, clipped without an ellipsis.
    pub(super) fn put(&mut self, x: usize, y: usize, text: &str, style: Style) {
        if y >= self.height() || x >= self.width() {
            return;
        }
        // Both are less than the area's width and height, which are u16.
        let (x, y) = (self.area.x + x as u16, self.area.y + y as u16);
        self.part_from_left(x, y);
        let room = usize::from(self.area.right() - x);
        // Earlier modifiers are removed, except that text on an inverse fill stays inverse.
        let bare = Style::new().remove_modifier(Modifier::all().difference(Modifier::REVERSED));
        let style = bare.patch(style);
        if text.chars().all(is_plain) && (!self.theme.ascii || text.is_ascii()) {
            for (cell, character) in cells(self.buffer, x, y, room).iter_mut().zip(text.chars()) {
                cell.set_char(character).set_style(style);
            }
        } else if self.theme.ascii {
            self.buffer.set_stringn(x, y, text::ascii(text), room, style);
        } else {
            self.buffer.set_stringn(x, y, text, room, style);
        }
    }

    /// Draws one character.
    pub(super) fn dot(&mut self, x: usize, y: usize, character: char, style: Style) {
        self.put(x, y, character.encode_utf8(&mut [0; 4]), style);
    }

    /// Draws text of one role, clipped to the area.
    pub(super) fn letters(&mut self, x: usize, y: usize, letters: &str, role: Role) {
        let style = self.theme.style(role);
        self.put(x, y, letters, style);
    }

    /// Applies a style to every cell, such as the colour of a fill.
    pub(super) fn restyle(&mut self, style: Style) {
        self.buffer.set_style(self.area, style);
    }

    /// Fills every cell with a role's colour.
    pub(super) fn flood(&mut self, role: Role) {
        let style = self.theme.fill(role);
        self.restyle(style);
    }

    /// Resets every cell to the background.
    pub(super) fn clear(&mut self) {
        let ground = self.theme.ground();
        for y in 0..self.area.height {
            let (x, y) = (self.area.x, self.area.y + y);
            self.part_from_left(x, y);
            for cell in cells(self.buffer, x, y, self.width()) {
                cell.reset();
                cell.set_style(ground);
            }
        }
    }

    /// Draws a frame with a left and a right title, and returns the area inside.
    pub(super) fn framed(&mut self, left: &RoleLine, right: &RoleLine, line: Role) -> PaneBuffer<'_> {
        let (width, height) = (self.width(), self.height());
        if width < 4 || height < 2 {
            return self.part(0, 0, width, height);
        }
        let style = self.theme.style(line);
        let across = "─".repeat(width - 2);
        self.put(0, 0, &format!("╭{across}╮"), style);
        self.put(0, height - 1, &format!("╰{across}╯"), style);
        for y in 1..height - 1 {
            self.put(0, y, "│", style);
            self.put(width - 1, y, "│", style);
        }
        let mut title = self.part(2, 0, width - 4, 1);
        let all = title.width();
        let taken = if right.0.is_empty() { 0 } else { right.width() + 3 };
        // A title that just fits needs no line between the two.
        let shown = match left.width() {
            wide if taken > 0 && wide + taken < all => wide,
            wide => wide.min(all.saturating_sub(taken + 2)),
        };
        if shown > 0 {
            title.spaced(0, shown, left);
        }
        if !right.0.is_empty() && taken <= all {
            title.spaced(all + 1 - taken, right.width(), right);
        }
        self.part(1, 1, width - 2, height - 2)
    }

    /// Draws a title in `columns` columns with a space on each side.
    pub(super) fn spaced(&mut self, x: usize, columns: usize, title: &RoleLine) {
        let mut place = self.part(x, 0, columns + 2, 1);
        place.clear();
        place.part(1, 0, columns, 1).row(0, title);
    }

    /// Blanks a wide character that extends into this cell from the left, since drawing here would leave half of it.
    fn part_from_left(&mut self, x: u16, y: u16) {
        let Some(before) = x.checked_sub(1).and_then(|before| self.buffer.cell_mut((before, y))) else {
            return;
        };
        if !before.symbol().is_ascii() && text::width(before.symbol()) > 1 {
            before.set_symbol(" ");
        }
    }
}

/// Returns whether a character takes one column and never joins with its neighbours: ASCII, and the symbols that this
/// program draws itself. Such characters are written one per cell; other text must first be split into grapheme
/// clusters, which used to take nearly all of a frame's time.
fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~' | '·' | '…' | '─'..='▟')
}

/// The cells of a row from a position on, at most `count`.
fn cells(buffer: &mut Buffer, x: u16, y: u16, count: usize) -> &mut [Cell] {
    if !buffer.area.contains((x, y).into()) {
        return &mut [];
    }
    let start = buffer.index_of(x, y);
    let end = start + count.min(usize::from(buffer.area.right() - x));
    buffer.content.get_mut(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn draw(width: u16, height: u16, paint: impl FnOnce(&mut PaneBuffer)) -> Vec<String> {
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        paint(&mut PaneBuffer::new(&mut buffer, area, &Theme::default()));
        (0..height)
            .map(|y| (0..width).map(|x| buffer.cell((x, y)).map_or("", |cell| cell.symbol())).collect())
            .collect()
    }

    #[test]
    fn frames_carry_two_titles_and_the_left_one_gives_way() {
        let shown = draw(24, 3, |canvas| {
            canvas.framed(&"1 EXPERIMENT".into(), &"step 0/7".into(), Role::Soft).row(0, &"inside".into());
        });
        assert_eq!(
            shown,
            ["╭─ 1 EXPE… ─ step 0/7 ─╮", "│inside                │", "╰──────────────────────╯"]
        );
    }

    #[test]
    fn raw_text_is_cleaned_and_cut() {
        let shown = draw(8, 2, |canvas| {
            canvas.row(0, &RoleLine::text("a\x1b[2Jb").with(Role::Ok, "cdefghij"));
            canvas.spread(1, &"left side".into(), &"99".into());
        });
        assert_eq!(shown, ["abcdefg…", "left… 99"]);
    }

    proptest! {
        /// For any text, the text after it is in the column that the computed width gives: frames and columns stay
        /// aligned.
        #[test]
        fn what_is_behind_a_text_stands_where_its_width_says(text in "\\PC{0,30}", more in any::<String>()) {
            for text in [text, more] {
                let row = RoleLine::text(text.as_str()).and("|");
                let width = row.width() as u16;
                let area = Rect::new(0, 0, width + 1, 1);
                let mut buffer = Buffer::empty(area);
                PaneBuffer::new(&mut buffer, area, &Theme::default()).row(0, &row);
                let last = buffer.cell((width - 1, 0)).unwrap().symbol();
                prop_assert_eq!(last, "|", "{:?}", text);
                for cell in buffer.content() {
                    prop_assert!(!cell.symbol().chars().any(char::is_control));
                }
            }
        }
    }

    #[test]
    fn plain_text_is_drawn_as_the_library_would() {
        let plain: Vec<char> = ('\0'..='\u{ffff}').filter(|c| is_plain(*c)).collect();
        let style = Theme::default().style(Role::Ok);
        for line in plain.chunks(20).map(|line| line.iter().collect::<String>()) {
            let area = Rect::new(0, 0, 12, 1);
            let (mut ours, mut theirs) = (Buffer::empty(area), Buffer::empty(area));
            PaneBuffer::new(&mut ours, area, &Theme::default()).put(1, 0, &line, style);
            theirs.set_stringn(1, 0, &line, 11, style);
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let shown = draw(4, 2, |canvas| {
            canvas.at(9, 0, &"far".into());
            canvas.at(0, 9, &"low".into());
            canvas.part(2, 0, 9, 9).row(0, &"wide".into());
            canvas.part(0, 1, 2, 1).letters(0, 0, "xyz", Role::Text);
        });
        assert_eq!(shown, ["  w…", "xy  "]);
    }
}
