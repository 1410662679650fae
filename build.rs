//! Links a released binary so that what a headless run executes lies side by side in it.
//!
//! A run executes some two thousand functions of a binary of 20 MB, and the kernel maps 64 KB around each page that is
//! asked for: scattered over the whole, that is half of the run's memory and a fifth of its time. `link/run.order` lists
//! these functions, `link/order` writes that list. One that has grown old, by another compiler or other dependencies,
//! does no harm: what it names and is not there is passed over.

use std::{env, path::Path, process::Command};

const ORDER: &str = "link/run.order";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={ORDER}");
    if is_released() && is_linked_by_lld() {
        let order = Path::new(&variable("CARGO_MANIFEST_DIR")).join(ORDER);
        let arguments =
            [format!("--symbol-ordering-file={}", order.display()), "--no-warn-symbol-ordering".to_owned()];
        for argument in arguments {
            println!("cargo::rustc-link-arg-bins=-Xlinker");
            println!("cargo::rustc-link-arg-bins={argument}");
        }
    }
}

fn is_released() -> bool {
    variable("PROFILE") == "release"
}

/// Whether it is the linker that knows such lists: rustc's own on this platform, unless somebody chose another one.
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
