//! The start of a program by execve(2) itself. The standard library calls `execvp` where something is done between fork and
//! exec, and that hands a file which the kernel cannot execute to a shell; the reference reports such a file.

use std::{
    ffi::{CString, OsStr, OsString, c_char},
    io,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::Path,
};

/// A program with its arguments and environment, in the form that the kernel takes.
pub(super) struct Exec {
    program: CString,
    arguments: CStrings,
    environment: CStrings,
}

/// An array of strings that ends with a null pointer.
struct CStrings {
    pointers: Vec<*const c_char>,
    _strings: Vec<CString>,
}

// SAFETY: the pointers lead into the buffers of `_strings`, which neither move nor change, and are only read.
unsafe impl Send for CStrings {}
// SAFETY: the same.
unsafe impl Sync for CStrings {}

impl CStrings {
    fn of(texts: impl Iterator<Item = OsString>) -> io::Result<Self> {
        let strings: Vec<CString> =
            texts.map(|text| Ok(CString::new(text.into_vec())?)).collect::<io::Result<_>>()?;
        let pointers = strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect();
        Ok(Self { pointers, _strings: strings })
    }
}

impl Exec {
    /// # Errors
    /// If a text holds a zero byte.
    pub(super) fn new<'a>(
        program: &Path,
        arguments: &[String],
        environment: impl Iterator<Item = (&'a OsStr, &'a OsStr)>,
    ) -> io::Result<Self> {
        let words = [program.as_os_str().to_owned()].into_iter().chain(arguments.iter().map(OsString::from));
        let variables = environment.map(|(name, value)| [name, value].join(OsStr::new("=")));
        Ok(Self {
            program: CString::new(program.as_os_str().as_bytes())?,
            arguments: CStrings::of(words)?,
            environment: CStrings::of(variables)?,
        })
    }

    /// Replaces the program of this process. Returns only if that fails; neither allocates nor locks.
    pub(super) fn run(&self) -> io::Error {
        let (arguments, environment) = (self.arguments.pointers.as_ptr(), self.environment.pointers.as_ptr());
        // SAFETY: the program is a C string, and both arrays end with a null pointer and hold pointers to C strings; all live
        // as long as `self`.
        unsafe { libc::execve(self.program.as_ptr(), arguments, environment) };
        io::Error::last_os_error()
    }
}
