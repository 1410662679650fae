//! Links a released binary for short runs.
//!
//! A run executes some two thousand functions of a binary of 20 MB, and the kernel maps 64 KB around each page that is
//! asked for: scattered over the whole, that is half of the run's memory and a fifth of its time. `link/run.ld` puts
//! them side by side; `link/order` writes it. What it names and is not there, because of another compiler or other
//! dependencies, is passed over. `.cargo/config.toml` has names in which no hash of a whole crate's code stands.
//!
//! The binary is linked for a fixed address, as Go's programs are, `kubectl` among them: moving it to another one would
//! touch its tables of 33,000 addresses at each start. Libraries, heap and stack are at random addresses all the same.

use std::{env, path::Path, process::Command};

const SIDE_BY_SIDE: &str = "link/run.ld";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={SIDE_BY_SIDE}");
    if is_released() && is_linked_by_lld() {
        let script = Path::new(&variable("CARGO_MANIFEST_DIR")).join(SIDE_BY_SIDE);
        println!("cargo::rustc-link-arg-bins=-no-pie");
        println!("cargo::rustc-link-arg-bins=-Xlinker");
        println!("cargo::rustc-link-arg-bins=--script={}", script.display());
    }
}

fn is_released() -> bool {
    variable("PROFILE") == "release"
}

/// Whether it is the linker this was tried with: rustc's own on this platform, unless somebody chose another one.
fn is_linked_by_lld() -> bool {
    let chosen = !variable("RUSTC_LINKER").is_empty() || variable("CARGO_ENCODED_RUSTFLAGS").contains("link");
    variable("TARGET") == "x86_64-unknown-linux-gnu"
        && !chosen
        && minor_version().is_some_and(|minor| minor >= 90)
}

/// Of the compiler: 95 for `rustc 1.95.0 (...)`.
fn minor_version() -> Option<u32> {
    let told = Command::new(variable("RUSTC")).arg("--version").output().ok()?;
    let told = String::from_utf8(told.stdout).ok()?;
    told.split_whitespace().nth(1)?.split('.').nth(1)?.parse().ok()
}

/// What cargo tells a build script.
fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}
