//! What `y` copies, depending on overlay and focus.

use super::{TestScreen, fixtures};
use crate::tui::{Effect, Overlay, Pane};

fn copied(screen: &mut TestScreen) -> String {
    match screen.press("y").as_slice() {
        [Effect::Copy(text)] => text.clone(),
        other => panic!("{other:?}, {:?}", screen.view.hint),
    }
}

#[test]
fn the_pod_that_is_chosen_or_the_url_that_users_ask() {
    let mut screen = TestScreen::at(fixtures::before_failing());
    let url = copied(&mut screen);
    assert!(url.starts_with("http://") && url.ends_with("/invoke"), "{url}");
    assert_eq!(screen.view.hint, Some(format!("copied the URL: {url}")));
    screen.press("3");
    screen.press("j");
    screen.press("j");
    let rows = &screen.session.cluster.in_play;
    let name = rows
        .iter()
        .find(|row| Some(&row.pod.key.uid) == screen.view.selected_pod.as_ref())
        .unwrap()
        .pod
        .key
        .name
        .clone();
    assert_eq!(copied(&mut screen), name);
    assert_eq!(screen.view.hint, Some(format!("copied the pod's name: {name}")));
    // The log of a pod copies that pod's name; the heat map of waiting times copies the users' URL.
    screen.press("l");
    assert_eq!(copied(&mut screen), name);
    screen.view.overlay = Some(Overlay::Heatmap);
    assert_eq!(copied(&mut screen), url);
}

#[test]
fn the_evidence_while_it_is_open_whole_and_without_what_steers_a_terminal() {
    let mut screen = TestScreen::at(fixtures::after_open());
    screen.press("w");
    let evidence = copied(&mut screen);
    assert!(
        evidence.starts_with("verdict about users: PROTECTED") && evidence.contains("\n- "),
        "{evidence}"
    );
    assert!(evidence.contains("the breaker is called OPEN"), "{evidence}");
    let lines = evidence.lines().count();
    assert_eq!(screen.view.hint, Some(format!("copied the evidence, {lines} lines")));
    assert_eq!(screen.view.overlay, Some(Overlay::Why), "it stays open");
    screen.draw(120, 36);

    let pod = screen.session.cluster.in_play.first().unwrap().pod.key.uid.clone();
    for row in &mut screen.session.cluster.in_play {
        row.pod.key.name = "a\x1b]52;c;ZXZpbA==\x07b\n; rm".to_owned();
    }
    (screen.view.overlay, screen.view.focus, screen.view.selected_pod) = (None, Pane::Pods, Some(pod));
    assert_eq!(copied(&mut screen), "ab ; rm");
}

#[test]
fn where_there_is_nothing_it_says_so() {
    let mut screen = TestScreen::at(fixtures::ready());
    screen.session.cluster.in_play.clear();
    screen.session.users.endpoints.clear();
    screen.press("y");
    assert!(screen.view.hint.as_ref().unwrap().starts_with("nothing to copy"));
    let mut screen = TestScreen::at(fixtures::before_failing());
    screen.view.overlay = Some(Overlay::Help);
    assert_eq!(screen.press("y"), []);
    // A URL's query is never shown and never copied.
    screen.view.overlay = None;
    for endpoint in &mut screen.session.users.endpoints {
        endpoint.url = "GET http://shop/cart?...".to_owned();
    }
    assert_eq!(copied(&mut screen), "http://shop/cart");
}
