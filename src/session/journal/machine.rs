//! The host of the run, as the journal names it.

use std::ffi::CStr;

/// The host of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostInfo {
    /// System, release and architecture: `Linux-6.1.0-x86_64`.
    pub platform: String,
    /// Host name.
    pub node: String,
}

impl HostInfo {
    /// Returns the host that this process runs on.
    pub fn current() -> Self {
        let Some(names) = names() else { return Self::default() };
        let text = |field: &[libc::c_char]| {
            let bytes: Vec<u8> = field.iter().map(|&byte| byte.to_ne_bytes()[0]).collect();
            let name = CStr::from_bytes_until_nul(&bytes).map(CStr::to_string_lossy);
            name.map(std::borrow::Cow::into_owned).unwrap_or_default()
        };
        let parts = [text(&names.sysname), text(&names.release), text(&names.machine)];
        Self { platform: parts.join("-"), node: text(&names.nodename) }
    }
}

fn names() -> Option<libc::utsname> {
    let mut names = std::mem::MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: `uname` writes into the one structure it is given, which lives until the call returns.
    let succeeded = unsafe { libc::uname(names.as_mut_ptr()) } == 0;
    // SAFETY: the structure holds only arrays of characters, for which zeroes are values too.
    succeeded.then(|| unsafe { names.assume_init() })
}
