//! A recording as it lies on the disk, damaged or made by others: it is read, and what follows from its events is
//! computed: state, journal, console lines, verdict, findings.

#![no_main]

use chaos_tui::{
    insight,
    session::{
        Session, console_lines,
        journal::{HostInfo, Journal},
        recording,
    },
};
use chaos_tui_fuzz::{InputFile, applied, mutate_json_lines};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|data: &[u8]| {
    let file = InputFile::with(".ctui", data);
    let Ok((_, events)) = recording::open(file.path()) else { return applied(false) };
    let (mut session, mut journal) = (Session::new(), Journal::new(HostInfo::default()));
    let mut read = 0;
    for event in events {
        let Ok(event) = event else { break };
        session.apply(&event);
        journal.apply(&event);
        console_lines(&event.what);
        read += 1;
    }
    applied(read > 0);
    journal.value();
    if let Some(last) = session.last {
        insight::verdict(&session, last);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate_json_lines(data, size, max_size, seed)
});
