//! What the banner says: a word, a sentence about users, its price, and the score.

use crate::{
    insight::{self, Conclusion, GuardLevel, Phase, RunVerdict, UserWord},
    session::event::Guard,
    tui::{figures, panes::Scene, theme::Role},
};

/// What the banner says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BannerText {
    pub(super) role: Role,
    pub(super) word: &'static str,
    pub(super) sentence: String,
    /// What belongs to the sentence: what it costs, what the breaker does.
    pub(super) price: Option<String>,
    /// The sentence in at most 60 columns, and in at most 40.
    pub(super) medium: String,
    pub(super) short: String,
    /// None before T0, and where nobody was asked.
    pub(super) score: Option<BadSeconds>,
}

/// Seconds since T0 in which a user was let down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadSeconds {
    pub(super) bad: u32,
    /// How many may be.
    pub(super) allowed: u32,
    /// Whether that is where a guard ends the run, rather than what the verdict allows.
    pub(super) aborts: bool,
}

impl BadSeconds {
    /// What the figure is held against.
    pub(super) fn limit(self) -> String {
        match self.aborts {
            true => format!("abort at {}", self.allowed),
            false => format!("of {} allowed", self.allowed),
        }
    }

    /// The same in a row: `BAD 4 of 120 s`, `BAD 52, abort at 60 s`.
    pub(super) fn brief(self) -> String {
        match self.aborts {
            true => format!("BAD {}, abort at {} s", self.bad, self.allowed),
            false => format!("BAD {} of {} s", self.bad, self.allowed),
        }
    }

    /// How much of it is used up, from 0 to 1.
    pub(super) fn share(self) -> f64 {
        f64::from(self.bad) / f64::from(self.allowed.max(1))
    }
}

/// What is to be said of a scene.
pub(super) fn told(scene: &Scene) -> BannerText {
    match scene.phase {
        Phase::Starting => starting(scene),
        Phase::Finished => concluded(scene),
        _ => users(scene),
    }
}

/// What is done before there is a session, and for how long.
fn starting(scene: &Scene) -> BannerText {
    let opening = &scene.session.opening;
    let doing = opening.tasks.last().map_or("", |(_, doing)| doing.as_str());
    let since = opening.tasks.first().map_or(scene.said, |(at, _)| *at);
    let seconds = figures::between(since, scene.said);
    let sentence = match opening.offered {
        true => "There is no cluster: choose what to do".to_owned(),
        false => format!("{} ...", capital(doing)),
    };
    BannerText {
        role: Role::Unknown,
        word: Phase::Starting.word(),
        price: Some(format!("{seconds:.0} s so far; nothing is touched before you fire")),
        medium: sentence.clone(),
        short: sentence.clone(),
        sentence,
        score: None,
    }
}

/// The words as a sentence begins.
fn capital(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn users(scene: &Scene) -> BannerText {
    let verdict = scene.verdict.clone();
    let verdict = match scene.earlier {
        Some(earlier) => verdict.beside(scene.session, earlier, scene.now),
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
        // The run is over and what it left is not: nobody should have to wait for the word about it.
        price: so_far(scene).or(verdict.price),
        medium: verdict.medium,
        short: verdict.short,
        score: score(scene),
    }
}

/// The word about a run that is over while the way back to safety goes on.
fn so_far(scene: &Scene) -> Option<String> {
    let ended = scene.phase == Phase::Recovering && scene.session.run.ended.is_some();
    ended.then(|| {
        format!("The run, so far {}.", insight::conclusion(scene.session, scene.now).standing.text())
    })
}

fn concluded(scene: &Scene) -> BannerText {
    of_run(insight::conclusion(scene.session, scene.now), score(scene))
}

/// What is said of a run that is over.
pub(super) fn of_run(conclusion: Conclusion, score: Option<BadSeconds>) -> BannerText {
    let Conclusion { standing, sentence, price, medium, short } = conclusion;
    BannerText { role: standing_role(standing), word: standing.big(), sentence, price, medium, short, score }
}

/// The bad seconds; held against the guard once it has used up most of what it allows.
fn score(scene: &Scene) -> Option<BadSeconds> {
    let (bad, allowed) = scene.verdict.bad?;
    let readings = insight::guard_readings(scene.session, scene.now);
    let near = readings.iter().find(|reading| {
        let used = reading.figure * 5 >= reading.limit * 4 || reading.strain > GuardLevel::Calm;
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
