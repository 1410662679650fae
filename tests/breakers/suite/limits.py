"""The limits of the scores, and their tables."""

from . import matrix
from .score import STEP_S, figures

PERCENT = 100.0
# If more than this share of a case's time stalled, the result reflects the machine and not the program.
STALLED = 0.2
# With fewer cycles a case than FEW, one unlucky phase of a case moves a share by several points: shares may be this
# much lower or higher.
FEW, LOWER, HIGHER = 10, 0.15, 0.02


def page(case):
    return case["breaker"] and case["readable"]


def alone(*faults):
    return lambda case: case["breaker"] and not case["readable"] and case["fault"] in faults


def innocent(*faults):
    return lambda case: not case["breaker"] and case["fault"] in (faults or matrix.FAULTS)


class Limit:
    """A minimum or maximum for a share of the scored seconds."""

    def __init__(self, words, limit, measured, scored, highest):
        self.words, self.limit, self.measured, self.scored, self.highest = words, limit, measured, scored, highest

    @property
    def held(self):
        """Whether the limit is met; None if no case applies to it."""
        if self.measured is None:
            return None
        return self.measured <= self.limit if self.highest else self.measured >= self.limit


def few(outcomes):
    """Whether the cases have too few cycles for the strict limits."""
    return max((sum(on for _, on in outcome["faults"]) for outcome in outcomes), default=FEW) < FEW


def limits(scored, short=False):
    """Returns all limits with their measurements. Short runs get some slack, except for `sure and wrong`."""
    found = []
    lower, higher = (LOWER, HIGHER) if short else (0.0, 0.0)

    def most(words, limit, share, of):
        found.append(Limit(words, limit + higher, share, of.scored, True))

    def least(words, limit, share, of):
        found.append(Limit(words, limit - lower, share, of.scored, False))

    every = figures(scored)
    found.append(Limit("sure and wrong, in seconds", 0.0, every.sure_wrong if every.scored else None, every.scored, True))
    of = figures(scored, page)
    least("with a page: right", 0.95, of.share(of.right), of)
    most("with a page: wrong", 0.01, of.share(of.wrong), of)
    of = figures(scored, alone("hang", "slow"), lambda key: key.cycled)
    least("answers alone, hang and slow, after the first full cycle: right", 0.90, of.share(of.right), of)
    most("answers alone, hang and slow, after the first full cycle: wrong", 0.02, of.share(of.wrong), of)
    of = figures(scored, alone("hang", "slow"), lambda key: not key.cycled)
    least("answers alone, hang and slow, before it: right or withheld", 0.90, of.share(of.right + of.withheld), of)
    most("answers alone, hang and slow, before it: wrong", 0.02, of.share(of.wrong), of)
    for fault in ("refuse", "error"):
        of = figures(scored, alone(fault))
        most(f"answers alone, {fault}: wrong", 0.02, of.share(of.wrong), of)
    for fault in matrix.FAULTS:
        of = figures(scored, innocent(fault), lambda key: key.under_fault)
        most(f"no breaker, under {fault}: wrong", 0.02, of.share(of.wrong), of)
    of = figures(scored, innocent(), lambda key: not key.under_fault)
    least("no breaker, before and after the fault: right", 0.95, of.share(of.right), of)
    found.append(open_share(scored))
    return found


def open_share(scored):
    """A limit on the suite itself: if breakers are seldom open, the suite measures little."""
    tenths = opened = 0
    for case, counts in scored:
        if case["breaker"] and case["replicas"] == 1:
            tenths += sum(n for key, n in counts.items() if key.under_fault)
            opened += sum(n for key, n in counts.items() if key.under_fault and key.truth == "open")
    return Limit("the suite: breakers are open under fault", 0.25, opened / tenths if tenths else None, tenths * STEP_S, False)


def row(words, of):
    if not of.scored:
        return f"| {words} | 0 | | | | |"
    shares = " | ".join(f"{PERCENT * of.share(seconds):.1f} %" for seconds in (of.right, of.withheld, of.wrong))
    return f"| {words} | {of.scored:.0f} | {shares} | {of.sure_wrong:.1f} |"


def table(scored):
    """Returns the scores as Markdown."""
    lines = ["| | seconds | right | withheld | wrong | sure and wrong, s |", "| --- | --: | --: | --: | --: | --: |"]

    def add(words, of_case=lambda case: True, of_key=lambda key: True):
        of = figures(scored, of_case, of_key)
        if of.scored:
            lines.append(row(words, of))

    add("**all**")
    add("**with a page**", page)
    add("**answers alone**", alone(*matrix.FAULTS))
    for fault in matrix.FAULTS:
        add(f"answers alone, {fault}", alone(fault))
        if fault in ("hang", "slow"):
            add(f"answers alone, {fault}, after the first full cycle", alone(fault), lambda key: key.cycled)
    add("answers alone, no fallback", lambda case: alone(*matrix.FAULTS)(case) and not case["fallback"])
    add("**no breaker**", innocent())
    for fault in matrix.FAULTS:
        add(f"no breaker, under {fault}", innocent(fault), lambda key: key.under_fault)
    add("no breaker, before and after", innocent(), lambda key: not key.under_fault)
    add("**two replicas**", lambda case: case["replicas"] > 1)
    for name in matrix.BREAKERS + matrix.INNOCENTS:
        add(f"{name}" if name in matrix.BREAKERS else f"no breaker: {name}", lambda case: case["library"] == name)
    for name in sorted({case["page"] for case, _ in scored if case["readable"]}):
        add(f"page: {name}", lambda case: case["page"] == name and case["readable"])
    for name in matrix.HEALTHS + ("last-call",):
        add(f"/health: {name}", lambda case: case["health"] == name)
    for state in ("closed", "open", "half_open", "mixed", "none"):
        add(f"truth: {state}", of_key=lambda key: key.truth == state)
    for word in ("sure", "likely", "cannot_tell"):
        add(f"said: {word}", of_key=lambda key: key.confidence == word)
    return "\n".join(lines)


def verdicts(scored, short=False):
    """Returns the limits as Markdown."""
    lines = ["| limit | | measured | seconds | |", "| --- | --: | --: | --: | --- |"]
    for limit in limits(scored, short):
        seconds = "in seconds" in limit.words
        figure = (lambda x: f"{x:.1f}") if seconds else (lambda x: f"{PERCENT * x:.1f} %")
        bound = ("at most " if limit.highest else "at least ") + figure(limit.limit)
        word = {None: "not played", True: "held", False: "**MISSED**"}[limit.held]
        measured = "" if limit.measured is None else figure(limit.measured)
        lines.append(f"| {limit.words} | {bound} | {measured} | {limit.scored:.0f} | {word} |")
    return "\n".join(lines)
