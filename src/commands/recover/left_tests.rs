//! What an earlier session left on, as its record tells it.

use super::*;
use crate::{
    provider::kit::{Manifest, SavedKind},
    session::{
        Event, EventKind,
        event::{ActivityOutcome, RunId, RunStatus, Section, UndoResult},
        fixtures::{self, Variant, at},
        record::{KIT, OpenRecord},
    },
    test_support::map,
};
use serde_json::json;
use tempfile::TempDir;

const EXPERIMENT: &str = r#"{"title": "t", "description": "d",
    "method": [{"type": "action", "name": "take", "provider": {"type": "process", "path": "rm"}}],
    "rollbacks": [{"ref": "back"}, {"type": "action", "name": "open", "provider": {"type": "process", "path": "touch"}}]}"#;

fn rollback(index: usize) -> StepRef {
    StepRef { section: Section::Rollbacks, index }
}

/// The folder of all sessions, and one that was just begun.
struct Home {
    folder: SessionsFolder,
    open: OpenRecord,
    header: RecordHeader,
    events: Vec<Event>,
    _home: TempDir,
}

impl Home {
    /// A session that fired at T0 and has these rollbacks.
    fn fired(rollbacks: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = SessionsFolder::at(home.path());
        let open = folder.begin(at(0.0)).unwrap();
        let experiment = Value::Map(map(EXPERIMENT));
        let header = RecordHeader { experiment, ..RecordHeader::begun("x.json", at(0.0)) };
        let mut events = fixtures::events(Variant::Before, 5.0);
        for event in &mut events {
            if let EventKind::Planned(plan) = &mut event.what {
                let steps = rollbacks.iter().enumerate();
                let steps =
                    steps.map(|(index, name)| fixtures::probe(rollback(index), name, "process touch"));
                plan.steps.extend(steps.collect::<Vec<_>>());
            }
        }
        Self { folder, open, header, events, _home: home }
    }

    fn tell(&mut self, what: EventKind) {
        let seq = self.events.len() as u64;
        self.events.push(Event { seq, at: at(10.0 + seq as f64 / 1000.0), what });
    }

    fn plays(&mut self, index: usize, succeeded: bool) {
        let (run, step, entry) = (RunId(900 + index as u64), rollback(index), Value::Null);
        let name = "rollback".to_owned();
        self.tell(EventKind::ActivityStarted { run, step, name, entry: entry.clone() });
        let outcome = ActivityOutcome {
            succeeded: Some(succeeded),
            tolerance_met: None,
            summary: String::new(),
            trouble: None,
            seconds: 0.1,
        };
        self.tell(EventKind::ActivityEnded { run, step, outcome, entry });
    }

    fn ends(&mut self) {
        self.tell(EventKind::RunEnded { status: RunStatus::Completed, deviated: false });
    }

    /// Saves an object for each of these steps of the method, the fired one being 0.
    fn saves(&self, steps: &[usize]) {
        let entry = |index: &usize| SavedEntry {
            steps: vec![StepRef { section: Section::Method, index: *index }],
            cluster: ClusterReference {
                context: "nowhere".to_owned(),
                namespace: "default".to_owned(),
                server: None,
            },
            manifest: Manifest {
                kind: SavedKind::Deployment,
                namespace: "default".to_owned(),
                name: format!("a{index}"),
                body: Some(json!({})),
                touched: true,
            },
        };
        let entries: Vec<SavedEntry> = steps.iter().map(entry).collect();
        std::fs::write(self.open.file(KIT), serde_json::to_vec(&entries).unwrap()).unwrap();
    }

    /// Writes the record and lets the process end.
    async fn end(self) -> (SessionsFolder, KeptSession, TempDir) {
        let Self { folder, open, header, events, _home: home } = self;
        open.write_header(&header).unwrap();
        fixtures::record(&open.recording(), &events).await;
        let kept = open.kept().clone();
        (folder, kept, home)
    }

    async fn left(self) -> Option<LeftBehind> {
        let (_, kept, _home) = self.end().await;
        LeftBehind::read(kept).unwrap()
    }
}

fn titles(left: &LeftBehind) -> Vec<String> {
    left.kit.iter().map(|entry| entry.manifest.title()).collect()
}

#[tokio::test]
async fn rollbacks_that_were_not_played_or_failed_are_left_and_those_that_succeeded_are_not() {
    let mut home = Home::fired(&["scale back", "open the gate", "restart"]);
    home.plays(0, true);
    home.plays(1, false);
    let left = home.left().await.unwrap();
    assert_eq!(left.rollbacks, [(1, "open the gate".to_owned()), (2, "restart".to_owned())]);
    assert!(left.died());
    assert_eq!(left.fired(), ["killed 1 pod, by deleting it"]);
}

#[tokio::test]
async fn a_run_that_came_to_its_end_left_on_only_what_its_rollbacks_would_have_undone() {
    let mut home = Home::fired(&[]);
    home.ends();
    assert!(home.left().await.is_none(), "its author wanted that to be left on");
    assert!(Home::fired(&[]).left().await.is_some(), "it died before its end");
    let mut home = Home::fired(&["scale back"]);
    home.ends();
    let left = home.left().await.unwrap();
    assert!(!left.died());
    assert!(left.sentence(&[]).contains(" ended without its rollbacks: "), "{}", left.sentence(&[]));
}

#[tokio::test]
async fn nothing_is_left_of_a_session_that_fired_nothing() {
    let mut home = Home::fired(&["scale back"]);
    home.events.retain(|event| !matches!(event.what, EventKind::FaultFired { .. }));
    assert!(home.left().await.is_none());
}

#[tokio::test]
async fn a_damaged_recording_does_not_show_that_nothing_is_on() {
    let mut home = Home::fired(&["scale back"]);
    home.events.retain(|event| !matches!(event.what, EventKind::FaultFired { .. }));
    home.saves(&[0]);
    let (folder, kept, _home) = home.end().await;
    let text = std::fs::read_to_string(kept.recording()).unwrap();
    std::fs::write(kept.recording(), text + "{\n").unwrap();
    let [(left, earlier)] = left_behind(&folder).await.try_into().ok().unwrap();
    assert_eq!(left.rollbacks, [(0, "scale back".to_owned())]);
    assert!(!left.is_covered_by_kit());
    assert_eq!(titles(&left), ["Deployment a0"], "its step may have been fired");
    assert!(earlier.text.ends_with("is damaged, and what stood there is missing"), "{}", earlier.text);
    assert!(
        left.sentence(&[])
            .contains("what it may have fired may still be on, not rolled back by 'scale back'"),
        "{}",
        left.sentence(&[])
    );
    assert!(!kept.file("settled").exists());
}

#[tokio::test]
async fn without_the_plan_all_declared_rollbacks_are_left() {
    let mut home = Home::fired(&["scale back"]);
    home.events.retain(|event| matches!(event.what, EventKind::FaultFired { .. }));
    assert_eq!(home.left().await.unwrap().rollbacks, [(0, "back".to_owned()), (1, "open".to_owned())]);
}

#[tokio::test]
async fn the_objects_of_fired_steps_are_put_back_unless_that_was_done() {
    let home = Home::fired(&["scale back"]);
    home.saves(&[0, 3]);
    let left = home.left().await.unwrap();
    assert_eq!(titles(&left), ["Deployment a0"], "step 3 was not fired");
    assert!(left.is_covered_by_kit());
    assert!(!Home::fired(&["scale back"]).left().await.unwrap().is_covered_by_kit(), "nothing was saved");
    for (failed, wanted) in [(vec![], 0), (vec!["Deployment a0: forbidden".to_owned()], 1)] {
        let mut home = Home::fired(&["scale back"]);
        home.saves(&[0]);
        home.tell(EventKind::UndoBegan);
        home.tell(EventKind::UndoDone(UndoResult { failed, ..UndoResult::default() }));
        assert_eq!(home.left().await.unwrap().kit.len(), wanted);
    }
}

#[tokio::test]
async fn a_sandbox_took_its_faults_along_unless_they_are_outside_of_it() {
    let inside = r#"{"title": "t", "description": "d", "rollbacks": [],
        "method": [{"type": "action", "name": "kill", "provider": {"type": "python", "module": "chaosk8s.pod.actions",
                    "func": "terminate_pods"}},
                   {"type": "probe", "name": "ask", "provider": {"type": "http", "url": "http://a"}}]}"#;
    let gremlin = inside.replace("chaosk8s.pod.actions", "chaosgremlin.actions");
    for (sandbox, experiment, is_left) in [
        (true, inside, false),
        (true, gremlin.as_str(), false),
        (false, inside, true),
        (true, EXPERIMENT, true),
    ] {
        let mut home = Home::fired(&["scale back"]);
        (home.header.sandbox, home.header.experiment) = (sandbox, Value::Map(map(experiment)));
        assert_eq!(home.left().await.is_some(), is_left, "{sandbox} {experiment}");
    }
    assert!(!is_about_cluster(&Value::Null));
}

#[tokio::test]
async fn the_sentence_says_what_is_still_on() {
    let said = async |mut home: Home, differences: &[&str]| {
        home.header.started = jiff::Timestamp::UNIX_EPOCH;
        let differences: Vec<String> = differences.iter().map(|text| (*text).to_owned()).collect();
        let sentence = home.left().await.unwrap().sentence(&differences);
        let (time, rest) = sentence.split_once(" died: ").unwrap();
        assert!(time.starts_with("a session of 19"), "{time}");
        rest.to_owned()
    };
    assert_eq!(
        said(Home::fired(&["scale back", "restart"]), &[]).await,
        "killed 1 pod, by deleting it may still be on, not rolled back by 'scale back', 'restart'"
    );
    assert_eq!(
        said(Home::fired(&[]), &[]).await,
        "killed 1 pod, by deleting it was fired, and nothing is known to undo it with"
    );
    let differs = ["Deployment a is at 0, was 1", "Service b is gone"];
    assert_eq!(said(Home::fired(&["scale back"]), &differs).await, differs.join(", "));
}

#[tokio::test]
async fn a_session_of_today_is_named_by_its_time_alone() {
    let mut home = Home::fired(&["scale back"]);
    home.header.started = jiff::Timestamp::now();
    let left = home.left().await.unwrap();
    // At midnight the day may change in between.
    assert!([5, 16].contains(&left.time().len()), "{}", left.time());
    assert!(
        left.time()
            .ends_with(&left.header.started.to_zoned(local_zone().clone()).strftime("%H:%M").to_string())
    );
}

#[tokio::test]
async fn what_left_nothing_on_is_settled_and_everything_else_stays_until_it_is_recovered() {
    let settled = |kept: &KeptSession| std::fs::read_to_string(kept.file("settled")).ok();
    let (folder, kept, _home) = Home::fired(&["scale back"]).end().await;
    let found = left_behind(&folder).await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].1.id, settled(&kept)), (&kept.id(), None));

    let mut orderly = Home::fired(&[]);
    orderly.ends();
    let (folder, kept, _home) = orderly.end().await;
    assert!(left_behind(&folder).await.is_empty());
    assert_eq!(settled(&kept).as_deref(), Some("nothing is left to undo\n"));

    // The process died before its session was open.
    let (folder, kept, _home) = Home::fired(&["scale back"]).end().await;
    std::fs::remove_file(kept.recording()).unwrap();
    assert!(left_behind(&folder).await.is_empty());
    assert_eq!(settled(&kept).as_deref(), Some("it never began\n"));

    // A record that cannot be read says nothing: it is not settled.
    let (folder, kept, _home) = Home::fired(&["scale back"]).end().await;
    std::fs::write(kept.file("record.json"), "{").unwrap();
    assert!(left_behind(&folder).await.is_empty());
    assert_eq!(settled(&kept), None);
}

#[tokio::test]
async fn a_cluster_that_cannot_be_asked_does_not_count_as_undone() {
    let home = Home::fired(&[]);
    home.saves(&[0]);
    let (folder, kept, _home) = home.end().await;
    let [(_, earlier)] = left_behind(&folder).await.try_into().ok().unwrap();
    assert!(earlier.text.contains("Deployment a0 cannot be looked at: "), "{}", earlier.text);
    assert!(!kept.is_settled());
}

#[test]
fn kubeconfig_files_that_are_gone_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["a", "b"] {
        std::fs::write(path(name), "").unwrap();
    }
    assert_eq!(joined(&[]), None);
    assert_eq!(joined(&[path("gone")]), None);
    let both = format!("{}:{}", path("a").display(), path("b").display());
    assert_eq!(joined(&[path("a"), path("gone"), path("b")]), Some(both));
}

#[test]
fn variables_that_are_missing_are_named_with_their_places() {
    let experiment = Value::Map(map(
        r#"{"configuration": {"a": {"type": "env", "key": "A"}, "b": {"type": "env", "key": "B", "default": "b"},
                              "plain": "text", "typed": {"type": "text", "key": "T"}},
            "secrets": {"s": {"c": {"type": "env", "key": "C"}, "d": {"type": "env", "key": "D"}}},
            "method": {"e": {"type": "env", "key": "E"}}}"#,
    ));
    let environment = Environment::of([("D", "there")]);
    assert_eq!(
        missing_variables(&experiment, &environment),
        [
            "the environment variable A, for $.configuration.a",
            "the environment variable C, for $.secrets.s.c"
        ]
    );
}

#[tokio::test]
async fn a_recovery_goes_to_the_cluster_of_its_session_or_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "there",
        "clusters": [{"name": "a", "cluster": {"server": "https://a.test:6443"}},
                     {"name": "b", "cluster": {"server": "https://b.test:6443"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "here", "context": {"cluster": "a", "user": "u", "namespace": "shop"}},
                     {"name": "there", "context": {"cluster": "b", "user": "u"}}]});
    std::fs::write(&path, config.to_string()).unwrap();
    let mut home = Home::fired(&["scale back"]);
    home.header.options.kubeconfig = vec![path];
    let left = home.left().await.unwrap();
    let connect = async |context: &str, server: Option<&str>| {
        let (context, server) = (context.to_owned(), server.map(str::to_owned));
        let cluster = ClusterReference { context, namespace: "default".to_owned(), server };
        left.connect(&cluster).await.map(|connection| connection.server().to_owned())
    };
    let here = connect("here", None).await.unwrap();
    assert!(here.starts_with("https://a.test:6443"), "{here}");
    let there = connect("", None).await.unwrap();
    assert!(there.starts_with("https://b.test:6443"), "{there}");
    assert_eq!(connect("here", Some(&here)).await.as_ref(), Ok(&here));
    assert_eq!(
        connect("here", Some(&there)).await,
        Err(format!("context here leads to {here}, and led to {there} in that session"))
    );
}

#[tokio::test]
async fn of_two_recoveries_of_a_session_the_second_does_nothing() {
    use super::super::{Ask, recover};
    let (_folder, kept, _home) = Home::fired(&["scale back"]).end().await;
    let left = LeftBehind::read(kept.clone()).unwrap().unwrap();
    let _first = kept.lock().unwrap();
    let ask = Ask { values: None, rollbacks: true, verbose: false, took: false };
    let Err(refused) = recover(&left, ask).await else { panic!("it was recovered twice") };
    assert!(refused.to_string().contains("another process recovers it"), "{refused}");
}
