"""The cases: combinations of consumer, fault, health page, metrics page and replicas.

All combinations of 10 consumers, 4 faults, 4 health pages, pages and replicas would take days. Covered: every consumer
with every fault; every breaker with every fault with a page and without; every health page with every fault, and with
every consumer. The full part has 64 cases, so that eight lanes run eight each.
"""

import dataclasses
import random

FAULTS = ("refuse", "hang", "slow", "error")
BREAKERS = ("opossum", "pybreaker", "tower", "failsafe", "recloser")
INNOCENTS = ("none", "except", "cache", "bulkhead", "limiter")
HEALTHS = ("constant", "dependency", "while-open", "absent")
# A consumer without a breaker has no page `while-open`. Its `last-call` page fails after a failed call, which looks
# similar.
INNOCENT_HEALTHS = ("constant", "dependency", "last-call", "absent")

# Pages from which a state cannot be read reliably: they count as absent.
UNREADABLE = ("own",)

RESET_S = 3.0
# The timeout of a call by consumer. Those without a breaker vary, since a timeout alone is no sign of a breaker.
TIMEOUT_S = {"none": 2.0, "bulkhead": 2.5, "limiter": 0.6}
# Ranges of the seconds with a fault and without; each period is drawn, so that faults meet every phase of the reset
# timeout.
ON_S, OFF_S = (6.4, 8.4), (5.2, 6.0)
# Time for the users' first twenty answers and six scored seconds.
STEADY_S = 16.0
SCORED_BEFORE_S = 6.0
# Measured time to start and end everything.
AROUND_S = 6.0


@dataclasses.dataclass(frozen=True)
class Case:
    library: str
    fault: str
    health: str
    page: str = "absent"
    replicas: int = 1
    # Whether the fault hits all providers or only the first replica's.
    sick: str = "all"
    fallback: bool = True
    # The delay of a slow provider, and the response time from which the breaker counts a call as slow.
    slow_after_s: float = 2.5
    counts_slow_s: float | None = None
    ci: bool = False

    @property
    def name(self):
        words = [self.library, self.fault, f"health-{self.health}", f"page-{self.page}"]
        words += ["no-fallback"] if not self.fallback else []
        words += ["counts-slow"] if self.counts_slow_s else []
        words += [f"{self.replicas}-replicas-{self.sick}"] if self.replicas > 1 else []
        return "_".join(words)

    @property
    def breaker(self):
        return self.library in BREAKERS

    @property
    def readable(self):
        """Whether there is a page that shows the state of a breaker."""
        return self.breaker and self.page != "absent" and self.page not in UNREADABLE

    @property
    def timeout_s(self):
        return TIMEOUT_S.get(self.library, 1.0)

    def periods(self, cycles):
        """Returns the seconds with and without the fault of each period, seeded by the case's name."""
        draw = random.Random(self.name)
        return [(round(draw.uniform(*ON_S), 1), round(draw.uniform(*OFF_S), 1)) for _ in range(cycles)]


PAGES = {
    "opossum": {
        "refuse": "prometheus-without-half-open", "hang": "prometheus",
        "slow": "prometheus-without-half-open", "error": "prometheus",
    },
    "pybreaker": {"refuse": "enum", "hang": "enum", "slow": "gauge", "error": "enum"},
    "tower": {fault: "one-hot" for fault in FAULTS},
    "failsafe": {"hang": "gauge", "error": "gauge"},
    "recloser": {"refuse": "halves", "slow": "halves"},
}

CI = {
    # no readable page: the state is inferred from the answers alone
    ("opossum", "hang", "absent"), ("pybreaker", "slow", "absent"), ("tower", "hang", "own"), ("recloser", "error", "absent"),
    ("failsafe", "refuse", "absent"), ("failsafe", "hang", "absent"), ("recloser", "hang", "absent"), ("pybreaker", "refuse", "absent"),
    # with a page
    ("opossum", "hang", "prometheus"), ("opossum", "slow", "hystrix"), ("pybreaker", "refuse", "enum"),
    ("tower", "error", "one-hot"), ("failsafe", "hang", "gauge"), ("recloser", "slow", "halves"),
    # no breaker
    ("none", "hang"), ("none", "error"), ("except", "hang"), ("except", "refuse"),
    ("cache", "slow"), ("bulkhead", "hang"), ("limiter", "refuse"), ("limiter", "slow"),
}


def full():
    cases = []
    for row, library in enumerate(BREAKERS):
        for column, fault in enumerate(FAULTS):
            health = HEALTHS[(row + column) % 4]
            more = {}
            if library == "failsafe":
                more = {"fallback": False}
            elif library == "tower" and fault == "hang":
                more = {"page": "own"}
            elif library == "tower" and fault == "slow":
                more = {"slow_after_s": 0.8, "counts_slow_s": 0.6}
            cases.append(Case(library, fault, health, **more))
            page = PAGES[library].get(fault)
            if page:
                cases.append(Case(library, fault, HEALTHS[(row + column + 2) % 4], page))
            if library == "opossum":
                cases.append(Case(library, fault, HEALTHS[(row + column + 3) % 4], "hystrix"))
    for row, library in enumerate(INNOCENTS):
        for column, fault in enumerate(FAULTS):
            page = "requests" if (row + column) % 2 else "absent"
            cases.append(Case(library, fault, INNOCENT_HEALTHS[(row + column) % 4], page))
    cases = [dataclasses.replace(case, ci=in_ci(case)) for case in cases]
    return cases + [
        Case("opossum", "hang", "absent", "prometheus", replicas=2),
        Case("pybreaker", "error", "while-open", "enum", replicas=2, sick="first", ci=True),
        Case("recloser", "hang", "while-open", replicas=2, sick="first", ci=True),
        Case("except", "hang", "dependency", replicas=2),
    ]


def in_ci(case):
    return (case.library, case.fault, case.page) in CI or (case.library, case.fault) in CI


def part(name):
    """Returns the cases of a part, and the number of fault periods of each."""
    cases = full()
    return (cases, 30) if name == "full" else ([case for case in cases if case.ci], 4)


def seconds(case, cycles):
    """Returns the approximate duration of a case."""
    return AROUND_S + STEADY_S + sum(map(sum, case.periods(cycles)))
