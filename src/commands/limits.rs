//! Refuses to start where the system's limits for a process (`ulimit`) would let a run break halfway, with a rollback
//! that cannot start any more.

use super::prepare::Refusal;

/// What a command needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ResourceNeeds {
    /// Open files.
    files: u64,
    /// Address space in bytes, beyond what the program takes when it starts.
    memory: u64,
}

impl ResourceNeeds {
    /// A run without a screen: pipes of the programs that it starts, and connections.
    pub(crate) const RUN: Self = Self { files: 24, memory: 16 << 20 };
    /// A live session: threads, and connections to users and cluster.
    pub(crate) const LIVE: Self = Self { files: 48, memory: 64 << 20 };

    /// Refuses if the limits of this process are lower.
    ///
    /// # Errors
    /// A sentence with the limit, what is needed and how to raise it.
    pub(crate) fn check(self) -> Result<(), Refusal> {
        refuse(self, files(), memory(), mapped()).map_or(Ok(()), Err)
    }
}

fn refuse(needs: ResourceNeeds, files: u64, memory: u64, mapped: u64) -> Option<Refusal> {
    if files < needs.files {
        return Some(Refusal::invalid(format!(
            "too few file descriptors: the limit is {files}, and {} are needed; `ulimit -n 1024` raises it",
            needs.files
        )));
    }
    let needed = mapped.saturating_add(needs.memory);
    (memory < needed).then(|| {
        Refusal::invalid(format!(
            "too little memory: the limit is {} MiB of address space, and {} MiB are needed; `ulimit -v unlimited` \
             lifts it",
            memory >> 20,
            needed.div_ceil(1 << 20)
        ))
    })
}

/// The soft limit of a resource; the maximum if there is none or it cannot be read.
fn soft_limit(read: impl FnOnce(*mut libc::rlimit) -> libc::c_int) -> u64 {
    let mut limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    if read(&raw mut limit) == 0 { limit.rlim_cur } else { u64::MAX }
}

fn files() -> u64 {
    // SAFETY: `getrlimit` writes one `rlimit` to the pointer; `soft_limit` passes one to a valid `rlimit`.
    soft_limit(|limit| unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, limit) })
}

fn memory() -> u64 {
    // SAFETY: as in `files`.
    soft_limit(|limit| unsafe { libc::getrlimit(libc::RLIMIT_AS, limit) })
}

/// The bytes of address space in use; 0 if the system does not tell.
fn mapped() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text.split(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or_default();
    // SAFETY: `sysconf` takes an integer and touches no memory.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    pages.saturating_mul(u64::try_from(page).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_too_low_is_refused_with_the_way_out() {
        let mib = |mib: u64| mib << 20;
        let said = |files, memory| {
            let refused = refuse(ResourceNeeds::RUN, files, memory, mib(30));
            refused.map(|refusal| (refusal.code, refusal.message))
        };
        assert_eq!(said(1024, u64::MAX), None);
        assert_eq!(said(24, mib(46)), None);
        let files =
            "too few file descriptors: the limit is 23, and 24 are needed; `ulimit -n 1024` raises it";
        assert_eq!(said(23, u64::MAX), Some((1, files.to_owned())));
        let memory = "too little memory: the limit is 45 MiB of address space, and 46 MiB are needed; `ulimit -v unlimited` lifts it";
        assert_eq!(said(1024, mib(45)), Some((1, memory.to_owned())));
        assert!(ResourceNeeds::LIVE.check().is_ok() && mapped() > 0);
    }
}
