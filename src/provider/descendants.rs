//! The processes that a process has started, also those that have left its group, as by `setsid`: a signal to the group
//! does not reach them. Found in `/proc`: on other systems than Linux there are none.

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::{
    collections::HashMap,
    fs,
    os::fd::{AsFd, OwnedFd},
    path::PathBuf,
};

/// A process whose descendants may have to be killed, known from its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leader(Process);

impl Leader {
    /// The process with this number, which must not have been waited for yet.
    pub(super) fn of(id: u32) -> Option<Self> {
        Process::read(id).map(Self)
    }
}

/// Processes that are referred to beyond their ends, so that no other one with a reused number is meant.
#[derive(Debug, Default)]
pub(super) struct Descendants(Vec<OwnedFd>);

impl Descendants {
    /// Finds what descends from a process as long as the parents in between live, and whoever holds one of the pipes open.
    pub(super) fn of(leader: Option<Leader>, pipes: &[PipeId]) -> Self {
        let all = processes();
        // Its number may be another one's by now.
        let leader = leader.filter(|leader| all.contains(&leader.0)).map(|leader| leader.0.id);
        let mut children: HashMap<u32, Vec<&Process>> = HashMap::new();
        for process in &all {
            children.entry(process.parent).or_default().push(process);
        }
        let mut found: HashMap<u32, &Process> = HashMap::new();
        let mut parents: Vec<u32> = leader.into_iter().collect();
        while let Some(parent) = parents.pop() {
            for &child in children.get(&parent).into_iter().flatten() {
                if found.insert(child.id, child).is_none() {
                    parents.push(child.id);
                }
            }
        }
        if !pipes.is_empty() {
            let this = fs::read_link("/proc/self/exe").ok();
            let names: Vec<PathBuf> = pipes.iter().map(|pipe| format!("pipe:[{}]", pipe.0).into()).collect();
            let holds = |process: &Process| process.holds_one(&names) && process.program() != this;
            found.extend(all.iter().filter(|it| holds(it)).map(|it| (it.id, it)));
        }
        Self(found.into_values().filter_map(Process::open).collect())
    }

    pub(super) fn kill(&self) {
        for process in &self.0 {
            // Fails for one that has ended meanwhile.
            let _ = pidfd_send_signal(process, Signal::KILL);
        }
    }
}

/// Which pipe it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct PipeId(u64);

impl PipeId {
    pub(super) fn of(end: impl AsFd) -> Option<Self> {
        rustix::fs::fstat(end).ok().map(|stat| Self(stat.st_ino))
    }
}

/// A process at the moment at which it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Process {
    id: u32,
    parent: u32,
    /// In ticks since the system started.
    started: u64,
}

impl Process {
    fn read(id: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name in parentheses may hold anything; after it come the state, the parent, and others (proc(5)).
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let (parent, started) = (fields.nth(1)?.parse().ok()?, fields.nth(17)?.parse().ok()?);
        Some(Self { id, parent, started })
    }

    /// Whether it has a pipe of one of these names open. This program holds the other end of each, and so does a process that it is
    /// just starting.
    fn holds_one(&self, names: &[PathBuf]) -> bool {
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.id)).into_iter().flatten().flatten();
        descriptors.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|held| names.contains(&held))
    }

    /// Path of what it executes; `None` if this user may not know.
    fn program(&self) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/exe", self.id)).ok()
    }

    /// Refers to it, unless its number is another process's by now.
    fn open(&self) -> Option<OwnedFd> {
        let process = pidfd_open(Pid::from_raw(self.id.cast_signed())?, PidfdFlags::empty()).ok()?;
        Self::read(self.id).is_some_and(|now| now.started == self.started).then_some(process)
    }
}

/// All processes of the system.
fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| Process::read(entry.file_name().to_str()?.parse().ok()?)).collect()
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::{
        io::{BufRead, BufReader},
        process::{Child, Command, Stdio},
    };

    /// A shell that has started a process outside of its group, and the process's number.
    fn shell(output: &str) -> (Child, u32) {
        let script = format!("setsid sleep 600 {output} & echo $!; exec sleep 601 >/dev/null");
        let mut command = Command::new("sh");
        let mut child =
            command.args(["-c", &script]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        (child, line.trim().parse().unwrap())
    }

    fn until_gone(process: u32) {
        let ended = |stat: String| stat.rsplit_once(')').is_none_or(|(_, rest)| rest.starts_with(" Z"));
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while !std::fs::read_to_string(format!("/proc/{process}/stat")).map_or(true, ended) {
            assert!(std::time::Instant::now() < deadline, "{process} is still there");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_has_left_the_group_is_found_while_its_parent_lives() {
        let (mut child, started) = shell(">/dev/null");
        Descendants::of(Leader::of(child.id()), &[]).kill();
        until_gone(started);
        assert!(child.try_wait().unwrap().is_none(), "the leader itself is left to its owner");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn whoever_holds_the_output_is_found_after_the_parents_end() {
        let (mut child, holder) = shell("");
        let (leader, pipe) = (Leader::of(child.id()), PipeId::of(child.stdout.as_ref().unwrap()).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        let found = Descendants::of(leader, &[pipe]);
        assert_eq!(found.0.len(), 1, "not this program, which holds the other end");
        found.kill();
        until_gone(holder);
    }
}
