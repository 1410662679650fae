"""Scores the program's beliefs against the breakers' own logs. Pure functions: no clock, no files.

The outcome of a case is a dictionary:

    name, library, fault, page, health, replicas, breaker, readable     what it is (see matrix.py)
    begin, end          the scored time
    truth               per replica [[t, state], ...] from the library's own callbacks; `none` without a breaker
    faults              [[t, on], ...] from the provider
    beliefs             [[t, state, confidence, because], ...] from the recording
    stalls              [[from, to], ...] in which the machine stalled

Each tenth of a second is one of
    right     the belief matches the true state of that moment
    out       it matches only a true state of the last 1.6 s or the next 0.3 s; or the machine stalled
    withheld  nothing is claimed
    wrong     the belief matches none of these states
"""

import bisect
import collections

STEP_S = 0.1
BEFORE_S, AFTER_S = 1.6, 0.3

WITHHELD = {"unknown", "not_seen_yet", "fallback_at_once"}
# The breaker states that a belief matches. `none_seen` is `no_breaker_seen` in older recordings.
FITS = {
    "closed_or_none": {"closed", "none"},
    "no_breaker_seen": {"none"},
    "none_seen": {"none"},
}

# The category of one tenth of a second.
Key = collections.namedtuple("Key", "kind truth under_fault cycled confidence")


def claims(state, confidence):
    """Returns the true states that match the belief shown; None if nothing is claimed."""
    if state in WITHHELD:
        return None
    # `closed_or_none` is a state of its own that names both explanations; a low confidence does not withdraw it.
    if state == "closed_or_none":
        return FITS[state]
    if confidence == "cannot_tell":
        return None
    return FITS.get(state, {state})


class Line:
    """A value over time, as a step function."""

    def __init__(self, points):
        self.times = [point[0] for point in points]
        self.values = [point[1] for point in points]

    def at(self, t):
        found = bisect.bisect_right(self.times, t) - 1
        return self.values[found] if found >= 0 else None

    def within(self, start, end):
        """Returns all values in this time span."""
        first = max(0, bisect.bisect_right(self.times, start) - 1)
        return set(self.values[first:bisect.bisect_right(self.times, end)])


def together(replicas):
    """Returns the combined state of several replicas: their state if they agree, else `mixed`."""
    lines = [Line(points) for points in replicas]
    points = []
    for t in sorted({t for points in replicas for t, _ in points}):
        states = {line.at(t) for line in lines} - {None}
        state = states.pop() if len(states) == 1 else "mixed"
        if not points or points[-1][1] != state:
            points.append([t, state])
    return points


def first_cycle(replicas):
    """Returns when the first breaker closed again after it was open; None if none did."""
    ends = []
    for points in replicas:
        opened = False
        for t, state in points:
            opened |= state == "open"
            if opened and state == "closed":
                ends.append(t)
                break
    return min(ends, default=None)


def score(played):
    """Counts every tenth of a second by category, and joins consecutive wrong ones."""
    truth, faults = Line(together(played["truth"])), Line(played["faults"])
    beliefs = Line([[t, (state, confidence, because)] for t, state, confidence, because in played["beliefs"]])
    stalls = played.get("stalls", [])
    cycle = first_cycle(played["truth"])
    counts, wrongs = collections.Counter(), []
    steps = int(round((played["end"] - played["begin"]) / STEP_S))
    zero = next((t for t, on in played["faults"] if on), played["begin"])
    for step in range(steps):
        t = played["begin"] + step * STEP_S
        state, confidence, because = beliefs.at(t) or ("unknown", "cannot_tell", "")
        true, under = truth.at(t) or "none", bool(faults.at(t))
        near = truth.within(t - BEFORE_S, t + AFTER_S)
        kind = judge(claims(state, confidence), true, near)
        # Without a breaker the true state never changes, but the fault does, and a belief about that may be delayed as
        # well.
        if kind == "withheld" and not played["breaker"] and not under and len(faults.within(t - BEFORE_S, t)) > 1:
            kind = "out"
        if any(start <= t < end for start, end in stalls):
            kind = "out"
        cycled = cycle is not None and t >= cycle
        counts[Key(kind, true, under, cycled, confidence)] += 1
        if kind == "wrong":
            last = wrongs[-1] if wrongs else None
            if last and last["state"] == state and last["truth"] == true and t - last["to"] < 2.5 * STEP_S and last["confidence"] == confidence:
                last["to"] = t
            else:
                wrongs.append({"from": t, "to": t, "state": state, "confidence": confidence, "truth": true, "because": because})
    for wrong in wrongs:
        wrong["seconds"] = round(wrong.pop("to") - wrong["from"] + STEP_S, 1)
        wrong["from"] = round(wrong["from"] - zero, 1)
    return counts, wrongs


def judge(claimed, true, near):
    """Judges one moment by the claimed states, the true state, and the true states shortly before and after."""
    if claimed is None:
        return "withheld"
    if true in claimed:
        return "right"
    return "out" if claimed & near else "wrong"


class Figures:
    """Seconds per category of a selection of the counts."""

    def __init__(self, counts):
        of = collections.Counter()
        self.sure_wrong = 0.0
        for key, tenths in counts:
            of[key.kind] += tenths
            if key.kind == "wrong" and key.confidence == "sure":
                self.sure_wrong += tenths * STEP_S
        self.right, self.withheld, self.wrong, self.out = (of[kind] * STEP_S for kind in ("right", "withheld", "wrong", "out"))
        self.scored = self.right + self.withheld + self.wrong

    def share(self, seconds):
        return seconds / self.scored if self.scored else None


def figures(scored, of_case=lambda case: True, of_key=lambda key: True):
    """Returns the figures of what both predicates select; `scored` is a list of (case, counts)."""
    return Figures([
        (key, tenths) for case, counts in scored if of_case(case) for key, tenths in counts.items() if of_key(key)
    ])
