//! What `y` copies, from where the operator looks.

use super::{TestScreen, fixtures};
use crate::tui::{Effect, Overlay, Pane};

fn copied(desk: &mut TestScreen) -> String {
    match desk.press("y").as_slice() {
        [Effect::Copy(text)] => text.clone(),
        other => panic!("{other:?}, {:?}", desk.view.hint),
    }
}

#[test]
fn the_pod_that_is_chosen_or_the_url_that_users_ask() {
    let mut desk = TestScreen::at(fixtures::before_failing());
    let url = copied(&mut desk);
    assert!(url.starts_with("http://") && url.ends_with("/invoke"), "{url}");
    assert_eq!(desk.view.hint, Some(format!("copied the URL: {url}")));
    desk.press("3");
    desk.press("j");
    desk.press("j");
    let rows = &desk.session.cluster.in_play;
    let name = rows
        .iter()
        .find(|row| Some(&row.pod.key.uid) == desk.view.pod.as_ref())
        .unwrap()
        .pod
        .key
        .name
        .clone();
    assert_eq!(copied(&mut desk), name);
    assert_eq!(desk.view.hint, Some(format!("copied the pod's name: {name}")));
    // The log of a pod is about that pod; the picture of waiting times is about users.
    desk.press("l");
    assert_eq!(copied(&mut desk), name);
    desk.view.overlay = Some(Overlay::Heatmap);
    assert_eq!(copied(&mut desk), url);
}

#[test]
fn the_evidence_while_it_is_open_whole_and_without_what_steers_a_terminal() {
    let mut desk = TestScreen::at(fixtures::after_open());
    desk.press("w");
    let evidence = copied(&mut desk);
    assert!(evidence.starts_with("users are called PROTECTED") && evidence.contains("\n- "), "{evidence}");
    assert!(evidence.contains("the breaker is called OPEN"), "{evidence}");
    let lines = evidence.lines().count();
    assert_eq!(desk.view.hint, Some(format!("copied the evidence, {lines} lines")));
    assert_eq!(desk.view.overlay, Some(Overlay::Why), "it stays open");
    desk.draw(120, 36);

    let pod = desk.session.cluster.in_play.first().unwrap().pod.key.uid.clone();
    for row in &mut desk.session.cluster.in_play {
        row.pod.key.name = "a\x1b]52;c;ZXZpbA==\x07b\n; rm".to_owned();
    }
    (desk.view.overlay, desk.view.focus, desk.view.pod) = (None, Pane::Pods, Some(pod));
    assert_eq!(copied(&mut desk), "ab ; rm");
}

#[test]
fn where_there_is_nothing_it_says_so() {
    let mut desk = TestScreen::at(fixtures::ready());
    desk.session.cluster.in_play.clear();
    desk.session.users.endpoints.clear();
    desk.press("y");
    assert!(desk.view.hint.as_ref().unwrap().starts_with("nothing to copy"));
    let mut desk = TestScreen::at(fixtures::before_failing());
    desk.view.overlay = Some(Overlay::Help);
    assert_eq!(desk.press("y"), []);
    // A query is never shown, and never copied.
    desk.view.overlay = None;
    for endpoint in &mut desk.session.users.endpoints {
        endpoint.url = "GET http://shop/cart?...".to_owned();
    }
    assert_eq!(copied(&mut desk), "http://shop/cart");
}
