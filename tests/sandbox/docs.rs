//! Checks the README and the pages in `docs/`: the key table matches the keymap, links resolve, and every documented
//! command runs.

use crate::{
    stage::{Stage, has_kubectl, text},
    terminal::Terminal,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// How a documented command is run.
enum Check {
    /// Runs to completion with this exit code.
    Exit(i32),
    /// Runs on a screen until this text is shown.
    Screen(&'static str),
    /// Runs against a sandbox, in the order of the page, and must succeed.
    Kubectl,
    /// Runs on a screen, against the sandbox of the preceding commands, until this text is shown.
    ScreenOnCluster(&'static str),
    /// Runs until it prints this text.
    Prints(&'static str),
    /// Not run by this test, for this reason.
    Elsewhere(&'static str),
}

use Check::{Elsewhere, Exit, Kubectl, Prints, Screen, ScreenOnCluster};

/// Every command of the pages, and how it is run.
const COMMANDS: &[(&str, &[(&str, Check)])] = &[
    (
        "README.md",
        &[
            ("cargo run -- demo", Elsewhere("tests/live plays its lessons on a screen")),
            ("cargo test", Elsewhere("this is it")),
            ("chaos-tui --sandbox=after experiments/kill-pod.json", Screen("READY")),
            ("chaos-tui run --sandbox=before --fail-on not-resilient experiments/kill-pod.json", Exit(3)),
            ("chaos-tui validate experiments/kill-pod.json", Exit(0)),
        ],
    ),
    ("docs/config.md", &[("chaos-tui config --print-default", Exit(0)), ("chaos-tui config", Exit(0))]),
    (
        "docs/minikube.md",
        &[
            (
                "minikube image build -t chaos-tui/provider:demo   --build-opt=target=provider        .",
                Elsewhere("needs minikube"),
            ),
            (
                "minikube image build -t chaos-tui/consumer:before --build-opt=target=consumer-before .",
                Elsewhere("needs minikube"),
            ),
            (
                "minikube image build -t chaos-tui/consumer:after  --build-opt=target=consumer-after  .",
                Elsewhere("needs minikube"),
            ),
            (
                "docker build --target provider        -t chaos-tui/provider:demo   .",
                Elsewhere("needs Docker"),
            ),
            (
                "docker build --target consumer-before -t chaos-tui/consumer:before .",
                Elsewhere("needs Docker"),
            ),
            (
                "docker build --target consumer-after  -t chaos-tui/consumer:after  .",
                Elsewhere("needs Docker"),
            ),
            (
                "minikube image load chaos-tui/provider:demo chaos-tui/consumer:before chaos-tui/consumer:after",
                Elsewhere("needs minikube"),
            ),
            ("kubectl apply -k manifests/", Kubectl),
            ("kubectl rollout status deployment/my-provider-app", Kubectl),
            (
                "export CONSUMER_URL=$(minikube service my-consumer-service --url)",
                Elsewhere("needs minikube"),
            ),
            ("chaos-tui experiments/kill-pod.json", ScreenOnCluster("READY")),
            (
                "chaos-tui --watch service/my-consumer-service/invoke experiments/kill-pod.json",
                ScreenOnCluster("READY"),
            ),
            ("kubectl apply -f manifests/03-after/", Kubectl),
            ("chaos-tui experiments/kill-pod.json", ScreenOnCluster("READY")),
            ("kubectl apply -f manifests/04-liveness-trap/", Kubectl),
            ("chaos-tui experiments/liveness-trap.json", ScreenOnCluster("READY")),
            (
                "CHAOS_TUI_TEST_KUBECONFIG=~/.kube/config cargo test --test live real_cluster",
                Elsewhere("needs a cluster"),
            ),
        ],
    ),
    (
        "docs/chaos-toolkit.md",
        &[("chaos-tui run --sandbox=after --fail-on not-recovered experiments/kill-pod.json", Exit(0))],
    ),
    (
        "docs/doctor.md",
        &[("chaos-tui rbac experiments/kill-pod.json", Exit(0)), ("chaos-tui doctor", Exit(0))],
    ),
    (
        "docs/compare.md",
        &[
            ("chaos-tui compare last~1 last", Elsewhere("tests/run/compare.rs compares recordings")),
            (
                "chaos-tui run --sandbox=after --repeat 2 --report runs.json experiments/kill-pod.json",
                Elsewhere("takes minutes; tests/run/compare.rs repeats a short run"),
            ),
        ],
    ),
    ("docs/replay.md", &[("chaos-tui replay --list", Exit(0))]),
    (
        "docs/report.md",
        &[
            (
                "chaos-tui run --sandbox=after --report report.html --report junit.xml experiments/kill-pod.json",
                Exit(0),
            ),
            ("chaos-tui report", Elsewhere("tests/run/report.rs makes reports of a session on record")),
            (
                "chaos-tui report last~1 -o report.html -o summary.json",
                Elsewhere("tests/run/report.rs makes reports of a session on record"),
            ),
            (
                "chaos-tui report journal.json -o report.html",
                Elsewhere("tests/run/report.rs makes reports of journals"),
            ),
        ],
    ),
    ("docs/sandbox.md", &[("chaos-tui sandbox", Prints("KUBECONFIG"))]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// Returns the names of the pages that users read.
fn pages() -> Vec<String> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let docs = docs.map(|name| format!("docs/{}", name.to_str().unwrap())).filter(|name| {
        std::path::Path::new(name).extension().is_some_and(|ext| ext.eq_ignore_ascii_case("md"))
    });
    docs.chain(["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(str::to_owned)).collect()
}

/// Returns the lines of a page's console blocks.
fn commands(name: &str) -> Vec<String> {
    let (mut found, mut inside) = (Vec::new(), false);
    for line in page(name).lines().map(str::trim) {
        match line {
            "```console" => inside = true,
            "```" => inside = false,
            line if inside && !line.is_empty() => found.push(line.to_owned()),
            _ => {}
        }
    }
    found
}

/// Creates a writable folder with links to the experiments and manifests.
fn desk() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for shared in ["experiments", "manifests"] {
        std::os::unix::fs::symlink(root().join(shared), folder.path().join(shared)).unwrap();
    }
    folder
}

fn words(command: &str) -> Vec<&str> {
    command.split_whitespace().skip(1).collect()
}

#[test]
fn the_table_of_commands_is_that_of_the_pages() {
    for name in pages().iter().filter(|name| !["CONTRIBUTING.md"].contains(&name.as_str())) {
        let table = COMMANDS.iter().find(|(page, _)| page == name).map_or(&[][..], |(_, table)| table);
        let known: Vec<&str> = table.iter().map(|(command, _)| *command).collect();
        assert_eq!(commands(name), known, "{name}");
    }
}

#[test]
fn commands_with_an_end_have_the_one_that_is_documented() {
    let all = COMMANDS.iter().flat_map(|(_, table)| table.iter());
    let started: Vec<_> = all
        .filter_map(|(command, check)| match check {
            Exit(code) => Some((command, *code)),
            _ => None,
        })
        .map(|(command, code)| {
            let folder = desk();
            let child = Command::new(env!("CARGO_BIN_EXE_chaos-tui"))
                .args(words(command))
                .current_dir(folder.path())
                .env("HOME", folder.path())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            (command, code, folder, child.unwrap())
        })
        .collect();
    assert!(started.len() > 3);
    for (command, code, _folder, child) in started {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{command}: {}", text(&output));
    }
}

#[test]
fn commands_with_a_screen_show_it() {
    for (command, check) in COMMANDS.iter().flat_map(|(_, table)| table.iter()) {
        let Screen(shown) = check else { continue };
        let folder = desk();
        let mut terminal = Terminal::start(120, 36, folder.path(), &words(command));
        terminal.wait_for(shown);
        terminal.press("q");
        terminal.ended();
        assert!(terminal.is_restored(), "{command}");
    }
}

#[test]
fn commands_for_a_cluster_do_what_the_page_says() {
    if !has_kubectl() {
        return;
    }
    for (name, table) in COMMANDS {
        if !table.iter().any(|(_, check)| matches!(check, Kubectl)) {
            continue;
        }
        let stage = Stage::set(&[]);
        for (command, check) in *table {
            match check {
                Kubectl => {
                    stage.kubectl(&words(command));
                }
                ScreenOnCluster(shown) => {
                    let folder = desk();
                    let kubeconfig = format!("--kubeconfig={}", stage.announced("kubeconfig"));
                    let url = format!("consumer_url={}", stage.announced("consumer_url"));
                    let mut arguments = words(command);
                    arguments.extend([kubeconfig.as_str(), "--var", url.as_str()]);
                    let mut terminal = Terminal::start(120, 36, folder.path(), &arguments);
                    terminal.wait_for(shown);
                    terminal.press("q");
                    terminal.ended();
                    assert!(terminal.is_restored(), "{name}: {command}");
                }
                Exit(_) | Screen(_) | Prints(_) => {}
                Elsewhere(reason) => assert!(!reason.is_empty()),
            }
        }
    }
}

#[test]
fn commands_that_go_on_say_how_to_use_them() {
    for (command, check) in COMMANDS.iter().flat_map(|(_, table)| table.iter()) {
        let Prints(wanted) = check else { continue };
        let folder = desk();
        let mut terminal = Terminal::start(120, 36, folder.path(), &words(command));
        terminal.wait_for(wanted);
        terminal.press("\u{3}");
        terminal.ended();
    }
}

#[test]
fn the_key_table_is_the_keymaps() {
    let page = page("docs/screen.md");
    let (_, rest) = page.split_once("<!-- keys: begin -->").unwrap();
    let (table, _) = rest.split_once("<!-- keys: end -->").unwrap();
    assert_eq!(
        table.trim(),
        chaos_tui::tui::keymap::markdown().trim(),
        "paste this table into docs/screen.md"
    );
}

#[test]
fn links_lead_to_files_that_are_there() {
    let mut seen = 0;
    for name in pages() {
        let text = page(&name);
        let folder = root().join(&name).parent().unwrap().to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            assert!(folder.join(file).exists(), "{name} links to {file}");
            seen += 1;
        }
    }
    assert!(seen > 15);
}

#[test]
fn files_in_backticks_are_there() {
    let roots = ["src/", "tests/", "docs/", "crates/", "experiments/", "manifests/", "benches/", ".github/"];
    let mut seen = 0;
    for name in pages() {
        for word in page(&name).split('`').skip(1).step_by(2) {
            if roots.iter().any(|root| word.starts_with(root)) && !word.contains([' ', '*', '<']) {
                assert!(Path::new(&root().join(word)).exists(), "{name} names {word}");
                seen += 1;
            }
        }
    }
    assert!(seen > 15);
}

#[test]
fn the_readme_is_short_and_its_first_command_shares_the_build_of_the_tests() {
    let readme = page("README.md");
    assert!(readme.split_whitespace().count() <= 700);
    assert_eq!(commands("README.md")[..2], ["cargo run -- demo", "cargo test"]);
    assert!(page(".ci/run").lines().any(|line| line.starts_with("cargo test")));
}
