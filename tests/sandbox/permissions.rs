//! `rbac`, `doctor` and the sandbox's authorization: the printed rules are enough, and READY's checks name each rule that
//! lacks.

use crate::{
    stage::{DEADLINE, Stage, has_kubectl, text},
    terminal::Terminal,
};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
};

fn chaos_tui(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaos-tui"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().unwrap()
}

/// Returns the objects that `rbac` prints for these experiments.
fn printed(files: &[&str]) -> Value {
    let output = chaos_tui(&[&["rbac", "-o", "json"], files].concat());
    assert!(output.status.success(), "{}", text(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

const SAMPLES: [&str; 3] =
    ["experiments/kill-pod.json", "experiments/service-down.json", "experiments/liveness-trap.json"];

#[test]
fn the_manifest_is_what_rbac_prints_for_the_samples() {
    let output = chaos_tui(&[&["rbac"], SAMPLES.as_slice()].concat());
    let manifest = include_str!("../../manifests/rbac.yml");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), manifest);
}

#[test]
fn what_is_not_known_is_said_and_a_namespace_without_a_value_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.json").display().to_string();
    let step = |name: &str, provider: Value| json!({"type": "action", "name": name, "provider": provider});
    let python = |module: &str, func: &str, arguments: Value| {
        json!({"type": "python", "module": module,
        "func": func, "arguments": arguments})
    };
    let experiment = json!({"title": "t", "description": "d",
    "configuration": {"place": {"type": "env", "key": "NO_SUCH_PLACE", "default": "${unset}"}},
    "method": [
        step("own\nevil: true", python("ext.mod", "act", json!({}))),
        step("tool", json!({"type": "process", "path": "kubectl", "arguments": "delete pods --all"})),
        step("drain", python("chaosk8s.node.actions", "drain_nodes", json!({"name": "n"}))),
        step("scale", python("chaosk8s.deployment.actions", "scale_deployment",
            json!({"name": "x", "replicas": 0, "ns": "${place}"}))),
    ]});
    std::fs::write(&file, experiment.to_string()).unwrap();
    let refused = chaos_tui(&["rbac", &file]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("${unset}") && text(&refused).contains("--var"), "{}", text(&refused));
    let output =
        chaos_tui(&["rbac", &file, "--var", "place=shop", "--namespace", "ops", "--service-account", "bot"]);
    let page = text(&output);
    for part in [
        "#   ext.mod.act (own evil: true)\n",
        "#   the program kubectl (tool)\n",
        "kind: ClusterRole\nmetadata:\n  name: chaos-tui-ops\n",
        "  namespace: shop\n",
        "resources: [\"pods/eviction\"]\n    verbs: [\"create\"]",
        "  - kind: ServiceAccount\n    name: bot\n    namespace: ops\n",
    ] {
        assert!(page.contains(part), "{part:?} in {page}");
    }
    assert!(!page.contains("namespace: default"), "{page}");
}

/// Copies of a `ServiceAccount` and its roles: the first with all rules, each other without one verb on one resource.
/// Returns the objects, and the name of each with what it lacks.
fn each_without_one(objects: &Value) -> (Value, Vec<(String, String)>) {
    let mut lacking = Vec::new();
    for object in objects["items"].as_array().unwrap() {
        for rule in object["rules"].as_array().into_iter().flatten() {
            for resource in rule["resources"].as_array().unwrap() {
                for verb in rule["verbs"].as_array().unwrap() {
                    let group = rule["apiGroups"][0].clone();
                    lacking.push((object["kind"].clone(), group, resource.clone(), verb.clone()));
                }
            }
        }
    }
    let mut items = Vec::new();
    let mut names = vec![("all".to_owned(), String::new())];
    names.extend(lacking.iter().enumerate().map(|(i, (_, _, resource, verb))| {
        (format!("without-{i}"), format!("{} {}", verb.as_str().unwrap(), resource.as_str().unwrap()))
    }));
    for (i, (name, _)) in names.iter().enumerate() {
        let lack = i.checked_sub(1).map(|i| &lacking[i]);
        for object in objects["items"].as_array().unwrap() {
            let mut object = object.clone();
            object["metadata"]["name"] = name.as_str().into();
            if object["roleRef"].is_object() {
                object["roleRef"]["name"] = name.as_str().into();
                object["subjects"][0]["name"] = name.as_str().into();
            }
            if let (Some((kind, group, resource, verb)), true) = (lack, object["rules"].is_array())
                && object["kind"] == *kind
            {
                object["rules"] = without(&object["rules"], group, resource, verb);
            }
            items.push(object);
        }
    }
    (json!({"apiVersion": "v1", "kind": "List", "items": items}), names)
}

/// The rules, each for one resource, without one verb.
fn without(rules: &Value, group: &Value, resource: &Value, verb: &Value) -> Value {
    let single = rules.as_array().unwrap().iter().flat_map(|rule| {
        rule["resources"].as_array().unwrap().iter().map(move |resource| {
            json!({"apiGroups": rule["apiGroups"], "resources": [resource], "verbs": rule["verbs"]})
        })
    });
    let kept = single.map(|mut rule| {
        if rule["apiGroups"][0] == *group && rule["resources"][0] == *resource {
            rule["verbs"].as_array_mut().unwrap().retain(|it| it != verb);
        }
        rule
    });
    kept.collect()
}

/// Runs `doctor` as this `ServiceAccount` and returns its report.
fn report(stage: &Stage, context: &str, file: &str) -> Value {
    let output = stage
        .command(env!("CARGO_BIN_EXE_chaos-tui"))
        .args(["doctor", "--json", "--context", context, file])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)))
}

#[test]
fn each_rule_that_is_taken_away_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["experiments/kill-pod.json", "experiments/service-down.json"] {
        let (objects, names) = each_without_one(&printed(&[file]));
        assert!(names.len() > 15, "{names:?}");
        let path = folder.path().join("rbac.json").display().to_string();
        std::fs::write(&path, objects.to_string()).unwrap();
        let stage = Stage::set(&["--rbac", &path]);
        let stage = &stage;
        thread::scope(|scope| {
            for part in names.chunks(names.len().div_ceil(3)) {
                scope.spawn(move || {
                    for (name, lack) in part {
                        check_report(stage, name, lack, file);
                    }
                });
            }
        });
    }
}

fn check_report(stage: &Stage, name: &str, lack: &str, file: &str) {
    let report = report(stage, name, file);
    let checks = report["checks"].as_array().unwrap();
    let of = |topic: &str| checks.iter().filter(move |check| check["topic"] == topic).collect::<Vec<_>>();
    let refused: Vec<_> = of("permissions").into_iter().filter(|check| check["level"] != "ok").collect();
    let identity = format!("you are system:serviceaccount:default:{name}");
    assert_eq!(of("identity")[0]["text"], identity.as_str(), "{report:#}");
    if lack.is_empty() {
        assert!(refused.is_empty() && report["ok"] == true, "{file}: {report:#}");
        return;
    }
    let named = |check: &&Value| check["text"].as_str().unwrap().contains(&format!("{lack} "));
    assert!(refused.iter().any(named), "{file} without {lack}: {report:#}");
    assert!(
        refused.iter().all(|check| check["remedy"].as_str().unwrap().contains("chaos-tui rbac")),
        "{report:#}"
    );
    let fails = refused.iter().any(|check| check["level"] == "fail");
    assert_eq!(report["ok"], !fails, "{file} without {lack}: {report:#}");
}

/// A sandbox with the rules of an experiment, and what it said on its standard error.
fn restricted(file: &str, folder: &Path) -> (Stage, Arc<Mutex<Vec<String>>>) {
    let path = folder.join("rbac.json").display().to_string();
    std::fs::write(&path, printed(&[file]).to_string()).unwrap();
    let mut stage = Stage::set_with(&["--rbac", &path], Stdio::piped());
    let said = Arc::new(Mutex::new(Vec::new()));
    let (lines, heard) = (BufReader::new(stage.child.stderr.take().unwrap()).lines(), said.clone());
    thread::spawn(move || lines.map_while(Result::ok).for_each(|line| heard.lock().unwrap().push(line)));
    (stage, said)
}

fn session(stage: &Stage, folder: &Path, file: &str, consumer: &str) -> Terminal {
    let file = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    let kubeconfig = stage.announced("kubeconfig").to_owned();
    let url = format!("consumer_url={consumer}");
    let arguments = [
        file.as_str(),
        "--kubeconfig",
        &kubeconfig,
        "--context",
        "chaos-tui",
        "--allow-context",
        "chaos-tui",
        "--var",
        &url,
    ];
    Terminal::start(120, 36, folder, &arguments)
}

#[test]
fn a_kill_needs_nothing_but_the_printed_rules() {
    let folder = tempfile::tempdir().unwrap();
    let (stage, said) = restricted("experiments/kill-pod.json", folder.path());
    // Nothing listens there: the Service's address is offered instead.
    let mut terminal = session(&stage, folder.path(), "experiments/kill-pod.json", "http://127.0.0.1:9");
    terminal.wait_for("1/5 READY");
    terminal.wait_for("way out: f");
    terminal.press("f");
    terminal.press("o");
    terminal.wait_for("answers are real");
    terminal.press("a");
    terminal.wait_for("KILL 1 pod");
    terminal.wait_for("2 manifests saved");
    terminal.press("F");
    terminal.wait_for("RECOVERED");
    terminal.press("q");
    terminal.ended();
    let refused: Vec<String> =
        said.lock().unwrap().iter().filter(|line| line.contains("403")).cloned().collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn an_undo_needs_nothing_but_the_printed_rules() {
    let folder = tempfile::tempdir().unwrap();
    let (stage, said) = restricted("experiments/service-down.json", folder.path());
    let consumer = stage.announced("consumer_url").to_owned();
    let mut terminal = session(&stage, folder.path(), "experiments/service-down.json", &consumer);
    terminal.wait_for("1/5 READY");
    terminal.press("o");
    terminal.wait_for("answers are real");
    terminal.press("a");
    terminal.wait_for("SCALE Deployment");
    terminal.wait_for("2 manifests saved, checked");
    terminal.press("F");
    terminal.wait_for("u undo kit");
    terminal.press("u");
    terminal.wait_for("UNDO?");
    terminal.press("y");
    terminal.wait_for("Deployment my-provider-app was put back");
    terminal.wait_for("back since T+");
    let refused: Vec<String> =
        said.lock().unwrap().iter().filter(|line| line.contains("403")).cloned().collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn a_service_account_is_refused_in_the_words_of_kubernetes() {
    if !has_kubectl() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (stage, said) = restricted("experiments/kill-pod.json", folder.path());
    let run = |arguments: &[&str]| {
        text(&stage.command("kubectl").args(["--context", "chaos-tui"]).args(arguments).output().unwrap())
    };
    assert!(run(&["get", "pods"]).contains("my-provider-app"));
    let user = "User \"system:serviceaccount:default:chaos-tui\" cannot";
    for (arguments, words) in [
        (
            &["get", "secrets"][..],
            format!(
                "secrets is forbidden: {user} list resource \"secrets\" in API group \"\" in the namespace \"default\""
            ),
        ),
        (
            &["get", "pods", "-A"],
            format!(
                "pods is forbidden: {user} list resource \"pods\" in API group \"\" at the cluster scope"
            ),
        ),
        (
            &["delete", "deployment", "my-provider-app"],
            format!(
                "deployments.apps \"my-provider-app\" is forbidden: {user} delete resource \"deployments\" in API group \"apps\" in the namespace \"default\""
            ),
        ),
        (&["auth", "can-i", "delete", "pods"], "yes".to_owned()),
        (&["auth", "can-i", "create", "pods"], "no".to_owned()),
        (&["auth", "can-i", "--list"], "poddisruptionbudgets.policy".to_owned()),
        (&["auth", "whoami"], "system:serviceaccount:default:chaos-tui".to_owned()),
    ] {
        let answer = run(arguments);
        assert!(answer.contains(&words), "kubectl {arguments:?}: {answer}");
    }
    crate::until::until("the refusals are logged", || {
        said.lock().unwrap().iter().filter(|line| line.contains("403")).count() >= 3
    });
    assert!(stage.kubectl(&["auth", "can-i", "create", "pods"]).contains("yes"), "the administrator may");
}

/// A doctor's report, without the sandbox's variables.
fn doctor(
    folder: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> (Value, i32, std::time::Duration) {
    let begun = std::time::Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_chaos-tui"))
        .current_dir(folder)
        .args(["doctor", "--json"])
        .args(arguments)
        .env_remove("KUBECONFIG")
        .env_remove("VIRTUAL_ENV")
        .env("HOME", folder)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    (report, output.status.code().unwrap(), begun.elapsed())
}

fn levels<'a>(report: &'a Value, topic: &str) -> Vec<(&'a str, &'a str)> {
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["topic"] == topic);
    checks.map(|check| (check["level"].as_str().unwrap(), check["text"].as_str().unwrap())).collect()
}

#[test]
fn a_doctor_without_a_cluster_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let kill = format!("{}/experiments/kill-pod.json", env!("CARGO_MANIFEST_DIR"));
    let (report, code, _) = doctor(folder.path(), &[], &[]);
    assert_eq!((code, &report["ok"]), (0, &true.into()), "nothing is run without a file: {report:#}");
    let [(level, words)] = levels(&report, "cluster")[..] else { panic!("{report:#}") };
    assert!(level == "warn" && words.contains("no cluster"), "{report:#}");
    let (report, code, _) = doctor(folder.path(), &[&kill], &[]);
    assert_eq!(code, 1, "{report:#}");
    assert!(levels(&report, "cluster").iter().any(|(level, _)| *level == "fail"), "{report:#}");
    let (report, code, _) = doctor(folder.path(), &["missing.json"], &[]);
    assert_eq!(code, 1);
    assert!(levels(&report, "experiment")[0].1.contains("does not exist"), "{report:#}");
    assert!(!levels(&report, "python").is_empty(), "the rest is checked: {report:#}");
}

#[test]
fn a_doctor_names_the_python_and_the_modules_that_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = json!({"title": "t", "description": "d", "method": [{"type": "probe", "name": "p",
        "provider": {"type": "python", "module": "no_such_module", "func": "f"}}]});
    std::fs::write(folder.path().join("x.json"), experiment.to_string()).unwrap();
    let (report, code, _) = doctor(folder.path(), &["x.json"], &[]);
    let missing = ("fail", "module no_such_module cannot be used: no module has this name");
    assert_eq!(code, 1);
    assert!(levels(&report, "python").contains(&missing), "{report:#}");
    let (report, code, _) = doctor(folder.path(), &["x.json", "--python", "/no/python"], &[]);
    let [(level, words)] = levels(&report, "python")[..] else { panic!("{report:#}") };
    assert!(code == 1 && level == "fail" && words.contains("'/no/python' (given by --python)"), "{report:#}");
}

#[test]
fn a_doctor_does_not_wait_for_a_server_that_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("https://{}", listener.local_addr().unwrap());
    let config = json!({"apiVersion": "v1", "kind": "Config", "current-context": "hung",
        "clusters": [{"name": "c", "cluster": {"server": server, "insecure-skip-tls-verify": true}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "hung", "context": {"cluster": "c", "user": "u"}}]});
    std::fs::write(folder.path().join("config"), config.to_string()).unwrap();
    let kill = format!("{}/experiments/kill-pod.json", env!("CARGO_MANIFEST_DIR"));
    let (report, code, took) = doctor(folder.path(), &[&kill, "--kubeconfig", "config"], &[]);
    assert_eq!(code, 1);
    let found = levels(&report, "cluster");
    assert!(found.iter().any(|(_, words)| words.contains("did not answer within 5 s")), "{report:#}");
    assert!(took < DEADLINE / 2, "{took:?}");
}
