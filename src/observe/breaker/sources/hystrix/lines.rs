//! Splits server-sent events into lines.

/// The maximum length of a record that is read; the rest of a longer one is skipped.
pub(super) const LINE: usize = 64 * 1024;

/// Server-sent events, parsed chunk by chunk in bounded memory.
#[derive(Default)]
pub(super) struct EventLines {
    pub(super) line: Vec<u8>,
    pub(super) data: Vec<u8>,
    id: bool,
    /// Whether the rest of the line is skipped.
    skips: bool,
}

impl EventLines {
    /// Takes a chunk; calls `each` with the data of every event that ended in it, and whether the event had an id.
    pub(super) fn feed(&mut self, piece: &[u8], mut each: impl FnMut(&[u8], bool)) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            if !self.skips {
                self.line.extend_from_slice(part);
            }
            if self.line.len() > LINE {
                self.line.clear();
                self.data.clear();
                self.skips = true;
            }
            if part.last() == Some(&b'\n') {
                let line = std::mem::take(&mut self.line);
                if !std::mem::take(&mut self.skips) {
                    self.end_line(line.trim_ascii(), &mut each);
                }
                self.line = line;
                self.line.clear();
            }
        }
    }

    fn end_line(&mut self, line: &[u8], each: &mut impl FnMut(&[u8], bool)) {
        if line.is_empty() {
            if !self.data.is_empty() {
                each(&self.data, self.id);
            }
            self.data.clear();
            self.id = false;
        } else if line.starts_with(b"id:") {
            self.id = true;
        } else if let Some(data) = line.strip_prefix(b"data:") {
            let data = data.trim_ascii();
            if self.data.is_empty() && data.starts_with(b"{") && data.ends_with(b"}") {
                // The record is complete already, so a stream without blank lines is read too.
                each(data, self.id);
            } else if self.data.len() + data.len() <= LINE {
                self.data.extend_from_slice(data);
                self.data.push(b'\n');
            }
        }
    }
}
