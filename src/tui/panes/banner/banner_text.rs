//! The text of the banner: a word, a sentence about users, its price, and the score.

use crate::{
    insight::{self, Conclusion, GuardLevel, Phase, RunVerdict, UserWord},
    session::event::Guard,
    tui::{figures, keymap::Action, panes::Scene, theme::Role},
};

/// The text of the banner.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BannerText {
    pub(super) role: Role,
    pub(super) word: &'static str,
    pub(super) sentence: String,
    /// A second sentence: what it costs, what the breaker does.
    pub(super) price: Option<String>,
    /// The sentence in at most 60 columns; `short` in at most 40.
    pub(super) medium: String,
    pub(super) short: String,
    /// `None` before T0 and without probes.
    pub(super) score: Option<BadSeconds>,
    /// Seconds left to press a key, while that is not urgent.
    pub(super) hold: Option<u32>,
}

impl BannerText {
    /// The figures at the end of a row: the score, and the seconds left to press a key.
    pub(super) fn figures(&self) -> String {
        let score = self.score.map(BadSeconds::brief);
        let all: Vec<String> = score.into_iter().chain(self.hold.map(hold_words)).collect();
        all.join("  ")
    }
}

/// The seconds left to press a key, in words.
pub(super) fn hold_words(left: u32) -> String {
    format!("hold {left} s")
}

/// Seconds since T0 in which a user request was not served well enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadSeconds {
    pub(super) bad: u32,
    /// The number that is allowed.
    pub(super) allowed: u32,
    /// Whether `allowed` is the limit at which a guard ends the run instead of that of the verdict.
    pub(super) aborts: bool,
}

impl BadSeconds {
    /// The limit of the figure, in words.
    pub(super) fn limit(self) -> String {
        if self.aborts {
            format!("abort at {}", self.allowed)
        } else {
            format!("of {} allowed", self.allowed)
        }
    }

    /// Figure and limit in a row: `BAD 4 of 120 s`, `BAD 52, abort at 60 s`.
    pub(super) fn brief(self) -> String {
        if self.aborts {
            format!("BAD {}, abort at {} s", self.bad, self.allowed)
        } else {
            format!("BAD {} of {} s", self.bad, self.allowed)
        }
    }

    /// The used share of the allowed seconds; 1 at the limit.
    pub(super) fn share(self) -> f64 {
        f64::from(self.bad) / f64::from(self.allowed.max(1))
    }
}

/// The text for a scene.
pub(super) fn text_for(scene: &Scene) -> BannerText {
    match scene.phase {
        Phase::Starting => starting(scene),
        Phase::Finished => concluded(scene),
        _ => held(scene, users(scene)),
    }
}

/// The current preparation task and the seconds so far, before there is a session.
fn starting(scene: &Scene) -> BannerText {
    let opening = &scene.session.opening;
    let doing = opening.tasks.last().map_or("", |(_, doing)| doing.as_str());
    let since = opening.tasks.first().map_or(scene.display_time, |(at, _)| *at);
    let seconds = figures::between(since, scene.display_time);
    let sentence = if opening.offered {
        "There is no cluster: choose what to do".to_owned()
    } else {
        format!("{} ...", capital(doing))
    };
    BannerText {
        role: Role::Unknown,
        word: Phase::Starting.word(),
        price: Some(format!("{seconds:.0} s so far; nothing is touched before you fire")),
        medium: sentence.clone(),
        short: sentence.clone(),
        sentence,
        score: None,
        hold: None,
    }
}

/// The text with the countdown of the hold. When little time is left, the countdown takes the place of the verdict.
fn held(scene: &Scene, text: BannerText) -> BannerText {
    let readings = insight::guard_readings(scene.session, scene.now);
    let Some(reading) = readings.iter().find(|reading| reading.guard == Guard::Hold) else { return text };
    let left = reading.limit.saturating_sub(reading.figure);
    if reading.level == GuardLevel::Calm {
        return BannerText { hold: Some(left), ..text };
    }
    BannerText {
        role: Role::Failing,
        word: "HOLD",
        sentence: format!("Press any key within {left} s, or the run aborts and rolls back"),
        price: Some(format!("Users: {}", text.word)),
        medium: format!("any key within {left} s, or the run aborts"),
        short: format!("any key in {left} s, or it aborts"),
        ..text
    }
}

/// The words with a capital first letter.
fn capital(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// What earlier sessions left on, as long as nothing was fired in this one.
fn left_on(scene: &Scene) -> Option<BannerText> {
    let earlier = scene.session.meta.earlier.as_slice();
    let first = earlier.first().filter(|_| scene.session.fault.is_none())?;
    let more = match earlier.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    let sentence = format!("{}{more}", capital(&first.text));
    let what = first.text.split_once(": ").map_or(first.text.as_str(), |(_, what)| what);
    let general = "an earlier session left a fault on";
    let medium = if what.chars().count() <= 60 { what } else { general };
    let key = scene.view.keymap.key(Action::Recover);
    Some(BannerText {
        role: Role::Fault,
        word: "STILL ON",
        price: Some(format!("{key} undoes it. Until then no answer is learned as the real one.")),
        medium: medium.to_owned(),
        short: general.to_owned(),
        sentence,
        score: None,
        hold: None,
    })
}

fn users(scene: &Scene) -> BannerText {
    if let Some(left_on) = left_on(scene) {
        return left_on;
    }
    let verdict = scene.verdict.clone();
    let verdict = match scene.earlier {
        Some(earlier) => verdict.with_earlier_run(scene.session, earlier, scene.now),
        None => verdict,
    };
    let (word, role) = match scene.phase {
        Phase::Ready => ("READY", Role::Unknown),
        _ => (verdict.word.text(), role(verdict.word)),
    };
    BannerText {
        role,
        word,
        sentence: verdict.sentence,
        // After the run, while the system recovers, the preliminary verdict is shown so that the operator need not wait
        // for it.
        price: so_far(scene).or(verdict.details),
        medium: verdict.medium,
        short: verdict.short,
        score: score(scene),
        hold: None,
    }
}

/// The preliminary verdict of a run that is over while the system still recovers.
fn so_far(scene: &Scene) -> Option<String> {
    let ended = scene.phase == Phase::Recovering && scene.session.run.ended.is_some();
    ended
        .then(|| format!("The run, so far {}.", insight::conclusion(scene.session, scene.now).verdict.text()))
}

fn concluded(scene: &Scene) -> BannerText {
    text_for_run(insight::conclusion(scene.session, scene.now), score(scene))
}

/// The text about a run that is over.
pub(super) fn text_for_run(conclusion: Conclusion, score: Option<BadSeconds>) -> BannerText {
    let Conclusion { verdict: standing, sentence, details: price, medium, short } = conclusion;
    BannerText {
        role: standing_role(standing),
        word: standing.big_text(),
        sentence,
        price,
        medium,
        short,
        score,
        hold: None,
    }
}

/// The bad seconds, with the guard's limit once four fifths of that are used up.
fn score(scene: &Scene) -> Option<BadSeconds> {
    let (bad, allowed) = scene.verdict.bad?;
    let readings = insight::guard_readings(scene.session, scene.now);
    let near = readings.iter().find(|reading| {
        let used = reading.has_used(4, 5) || reading.level > GuardLevel::Calm;
        reading.guard == Guard::Users && reading.limit < allowed && used
    });
    Some(match near {
        Some(guard) => BadSeconds { bad: guard.figure, allowed: guard.limit, aborts: true },
        None => BadSeconds { bad, allowed, aborts: false },
    })
}

/// The colour of a word about users.
pub(crate) fn role(word: UserWord) -> Role {
    match word {
        UserWord::Ok => Role::Ok,
        UserWord::Protected => Role::Protected,
        UserWord::Waiting => Role::Waiting,
        UserWord::Failing => Role::Failing,
        UserWord::Unknown => Role::Unknown,
    }
}

/// The colour of a verdict about a run.
pub(crate) fn standing_role(standing: RunVerdict) -> Role {
    match standing {
        RunVerdict::Resilient => Role::Ok,
        RunVerdict::Protected => Role::Protected,
        RunVerdict::NotResilient => Role::Failing,
        RunVerdict::FaultNotConfirmed => Role::Waiting,
        RunVerdict::FaultNeverHappened | RunVerdict::NotObservable => Role::Unknown,
    }
}
