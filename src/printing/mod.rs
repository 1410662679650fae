//! What leaves the program as text: cleaned of everything that would steer a terminal, then written to standard output,
//! standard error or a log file.
//!
//! Nothing else writes to the standard streams (`tests/rooms.rs`), and what it writes is [`Printed`].

mod clean;
mod printed;
mod streams;

pub(crate) use clean::{clean, escape_json, without_url_passwords};
pub(crate) use printed::{Colour, Printed};
pub(crate) use streams::{
    ask, err, last_err, last_out, out, print_page, reserve_terminal, stderr, stdout, terminal_is_free,
};
