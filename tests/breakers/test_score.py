"""Tests the scorer with hand-made sessions, especially ones that it must score as wrong.

    python3 -m unittest discover -s tests/breakers
"""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from suite import limits, matrix, score  # noqa: E402
from suite.load import Load  # noqa: E402


def played(beliefs, truth=((0, "closed"),), faults=((0, False),), begin=10.0, end=20.0, **more):
    """Returns a ten-second session. Beliefs are (t, state, confidence)."""
    case = {
        "name": "a", "library": "pybreaker", "fault": "hang", "page": "absent", "health": "absent", "replicas": 1,
        "breaker": True, "readable": False, "fallback": True, "begin": begin, "end": end,
        "truth": [[list(point) for point in truth]], "faults": [list(point) for point in faults],
        "beliefs": [[*belief, "because"] for belief in beliefs],
    }
    return {**case, **more}


def innocent(beliefs, **more):
    return played(beliefs, truth=((0, "none"),), library="none", breaker=False, **more)


def seconds(case):
    counts, _ = score.score(case)
    of = score.figures([(case, counts)])
    return tuple(round(value, 1) for value in (of.right, of.out, of.withheld, of.wrong))


class Moments(unittest.TestCase):
    def test_what_fits_the_moment_is_right(self):
        self.assertEqual(seconds(played([(0, "closed", "sure")])), (10, 0, 0, 0))
        self.assertEqual(seconds(played([(0, "open", "likely")], truth=((0, "open"),))), (10, 0, 0, 0))
        self.assertEqual(seconds(played([(0, "half_open", "likely")], truth=((0, "half_open"),))), (10, 0, 0, 0))

    def test_what_does_not_fit_is_wrong(self):
        for state in ("open", "half_open", "none_seen", "no_breaker_seen", "mixed", "disabled", "metrics_only", "forced_open", "whatever"):
            self.assertEqual(seconds(played([(0, state, "likely")])), (0, 0, 0, 10), state)
        for state in ("closed", "closed_or_none", "half_open"):
            self.assertEqual(seconds(played([(0, state, "sure")], truth=((0, "open"),))), (0, 0, 0, 10), state)

    def test_closed_or_none_is_right_for_both_and_wrong_for_the_rest(self):
        both = [(0, "closed_or_none", "likely")]
        self.assertEqual(seconds(played(both)), (10, 0, 0, 0))
        self.assertEqual(seconds(innocent(both)), (10, 0, 0, 0))
        for truth in ("open", "half_open"):
            self.assertEqual(seconds(played(both, truth=((0, truth),))), (0, 0, 0, 10))
            # The state alone is a claim, whatever the confidence.
            self.assertEqual(seconds(played([(0, "closed_or_none", "cannot_tell")], truth=((0, truth),))), (0, 0, 0, 10))

    def test_a_breaker_said_of_a_service_without_one_is_wrong(self):
        for state in ("closed", "open", "half_open", "mixed", "disabled"):
            for word in ("sure", "likely"):
                self.assertEqual(seconds(innocent([(0, state, word)])), (0, 0, 0, 10), state)
        for state in ("no_breaker_seen", "none_seen"):
            self.assertEqual(seconds(innocent([(0, state, "likely")])), (10, 0, 0, 0), state)

    def test_nothing_claimed_is_withheld(self):
        for state, word in (("unknown", "sure"), ("not_seen_yet", "likely"), ("fallback_at_once", "likely"), ("open", "cannot_tell")):
            self.assertEqual(seconds(played([(0, state, word)])), (0, 0, 10, 0), state)
        self.assertEqual(seconds(played([])), (0, 0, 10, 0), "nothing was said at all")
        self.assertEqual(seconds(played([(14.0, "closed", "sure")])), (6, 0, 4, 0), "nothing was said so far")


class Around(unittest.TestCase):
    """The breaker opens at 14 s."""

    truth = ((0, "closed"), (14.0, "open"))

    def test_late_within_the_slack_is_left_out(self):
        case = played([(0, "closed", "sure"), (15.5, "open", "sure")], truth=self.truth)
        self.assertEqual(seconds(case), (8.5, 1.5, 0, 0))

    def test_late_beyond_it_is_wrong(self):
        case = played([(0, "closed", "sure"), (17.0, "open", "sure")], truth=self.truth)
        right, out, withheld, wrong = seconds(case)
        self.assertEqual((right, withheld), (7, 0))
        self.assertAlmostEqual(out, 1.6, delta=0.11)
        self.assertAlmostEqual(wrong, 1.4, delta=0.11)

    def test_early_within_the_slack_is_left_out_and_beyond_it_wrong(self):
        near = played([(0, "closed", "sure"), (13.8, "open", "sure")], truth=self.truth)
        self.assertEqual(seconds(near)[3], 0)
        far = played([(0, "closed", "sure"), (12.0, "open", "sure")], truth=self.truth)
        self.assertAlmostEqual(seconds(far)[3], 1.7, delta=0.11)

    def test_a_state_of_long_ago_does_not_excuse(self):
        truth = ((0, "open"), (11.0, "closed"))
        self.assertAlmostEqual(seconds(played([(0, "open", "likely")], truth=truth))[3], 7.4, delta=0.11)

    def test_a_trial_shorter_than_the_slack_is_left_out_when_missed(self):
        truth = ((0, "open"), (13.0, "half_open"), (13.5, "open"))
        self.assertEqual(seconds(played([(0, "open", "likely")], truth=truth)), (9.5, 0.5, 0, 0))

    def test_a_stalled_machine_is_left_out(self):
        case = played([(0, "open", "sure")], stalls=[[12.0, 15.0]])
        self.assertEqual(seconds(case), (0, 3, 0, 7))

    def test_a_word_about_the_end_of_a_fault_takes_its_time_without_a_breaker_too(self):
        faults = ((0, True), (14.0, False))
        quick = innocent([(0, "not_seen_yet", "likely"), (15.5, "closed_or_none", "likely")], faults=faults)
        self.assertEqual(seconds(quick), (4.5, 1.5, 4, 0))
        slow = innocent([(0, "not_seen_yet", "likely"), (18.0, "closed_or_none", "likely")], faults=faults)
        self.assertAlmostEqual(seconds(slow)[2], 4 + 2.4, delta=0.11)
        wrong = innocent([(0, "open", "likely"), (15.5, "closed_or_none", "likely")], faults=faults)
        self.assertEqual(seconds(wrong)[3], 5.5, "what is wrong stays wrong")


class Replicas(unittest.TestCase):
    both = [[[0, "closed"], [12.0, "open"]], [[0, "closed"], [16.0, "open"]]]

    def test_replicas_that_differ_are_mixed(self):
        self.assertEqual(score.together(self.both), [[0, "closed"], [12.0, "mixed"], [16.0, "open"]])

    def test_one_state_said_of_both_is_wrong(self):
        case = played([(0, "closed", "sure"), (12.0, "open", "sure")], truth=[])
        case["truth"] = self.both
        self.assertGreater(seconds(case)[3], 3.5)

    def test_mixed_is_right(self):
        case = played([(0, "closed", "sure"), (12.0, "mixed", "likely"), (16.0, "open", "likely")], truth=[])
        case["truth"] = self.both
        self.assertEqual(seconds(case), (10, 0, 0, 0))


class Wrongs(unittest.TestCase):
    def test_they_are_told_as_runs_since_the_fault(self):
        case = played([(0, "closed", "sure"), (12.0, "open", "sure"), (15.0, "closed", "sure")], faults=((0, False), (11.0, True)))
        _, wrongs = score.score(case)
        self.assertEqual(len(wrongs), 1)
        wrong = wrongs[0]
        self.assertEqual((wrong["from"], wrong["seconds"], wrong["state"], wrong["truth"]), (1.0, 3.0, "open", "closed"))

    def test_the_first_full_cycle_ends_with_the_first_closing(self):
        self.assertIsNone(score.first_cycle([[[0, "closed"], [1, "open"], [4, "half_open"], [5, "open"]]]))
        self.assertEqual(score.first_cycle([[[0, "closed"], [1, "open"], [4, "half_open"], [5, "closed"]]]), 5)
        self.assertIsNone(score.first_cycle([[[0, "none"]]]))


class Limits(unittest.TestCase):
    def held(self, *cases):
        scored = [(case, score.score(case)[0]) for case in cases]
        return {limit.words: limit.held for limit in limits.limits(scored)}

    def test_one_tenth_of_a_second_sure_and_wrong_is_too_much(self):
        fine = played([(0, "closed", "sure")])
        self.assertTrue(self.held(fine)["sure and wrong, in seconds"])
        bad = played([(0, "closed", "sure"), (15.0, "open", "sure"), (15.1, "closed", "sure")])
        self.assertFalse(self.held(fine, bad)["sure and wrong, in seconds"])
        likely = played([(0, "closed", "sure"), (15.0, "open", "likely"), (15.1, "closed", "sure")])
        self.assertTrue(self.held(likely)["sure and wrong, in seconds"])

    def test_with_a_page_withholding_is_not_enough(self):
        case = played([(0, "unknown", "cannot_tell")], page="enum", readable=True)
        found = self.held(case)
        self.assertFalse(found["with a page: right"])
        self.assertTrue(found["with a page: wrong"])

    def test_withheld_counts_as_right_only_before_the_first_full_cycle(self):
        truth = ((0, "closed"), (11.0, "open"), (14.0, "half_open"), (15.0, "closed"))
        found = self.held(played([(0, "unknown", "cannot_tell")], truth=truth))
        self.assertTrue(found["answers alone, hang and slow, before it: right or withheld"])
        self.assertFalse(found["answers alone, hang and slow, after the first full cycle: right"])

    def test_wrong_before_the_first_full_cycle_is_no_less_wrong(self):
        found = self.held(played([(0, "open", "likely")]))
        self.assertFalse(found["answers alone, hang and slow, before it: wrong"])

    def test_there_is_no_floor_for_right_where_calls_fail_at_once(self):
        found = self.held(played([(0, "fallback_at_once", "likely")], fault="refuse"))
        self.assertTrue(found["answers alone, refuse: wrong"])
        found = self.held(played([(0, "open", "likely")], fault="error"))
        self.assertFalse(found["answers alone, error: wrong"])

    def test_without_a_breaker_each_fault_is_looked_at_alone(self):
        faults = ((0, False), (11.0, True), (19.0, False))
        words = [(0, "closed_or_none", "likely"), (11.0, "not_seen_yet", "likely"), (19.0, "closed_or_none", "likely")]
        fine = innocent(words, faults=faults)
        bad = innocent([*words[:2], (14.0, "open", "likely"), words[2]], faults=faults, fault="slow")
        found = self.held(fine, bad)
        self.assertTrue(found["no breaker, under hang: wrong"])
        self.assertFalse(found["no breaker, under slow: wrong"])
        self.assertTrue(found["no breaker, before and after the fault: right"])
        self.assertIsNone(found["no breaker, under error: wrong"], "it was not played")

    def test_without_a_breaker_closed_is_not_right_before_the_fault(self):
        found = self.held(innocent([(0, "closed", "likely")]))
        self.assertFalse(found["no breaker, before and after the fault: right"])

    def test_a_page_that_cannot_be_read_counts_as_none(self):
        case = matrix.Case("tower", "hang", "absent", "own")
        self.assertFalse(case.readable)
        self.assertTrue(matrix.Case("tower", "hang", "absent", "one-hot").readable)
        self.assertFalse(matrix.Case("none", "hang", "absent", "requests").readable)

    def test_a_set_in_which_breakers_are_seldom_open_is_no_set(self):
        words = "the suite: breakers are open under fault"
        self.assertFalse(self.held(played([], faults=((0, True),)))[words])
        self.assertTrue(self.held(played([], truth=((0, "open"),), faults=((0, True),)))[words])

    def test_the_tables_are_made(self):
        scored = [(case, score.score(case)[0]) for case in [played([(0, "closed", "sure")]), innocent([(0, "open", "sure")])]]
        self.assertIn("| **all** | 20 | 50.0 % | 0.0 % | 50.0 % | 10.0 |", limits.table(scored))
        self.assertIn("**MISSED**", limits.verdicts(scored))
        self.assertIn("**MISSED**", limits.verdicts(scored, short=True), "what is sure and wrong has no slack")


class Stalls(unittest.TestCase):
    def test_they_last_beyond_their_moment_and_are_joined(self):
        load = Load([])
        load.late, load.waited = [(10.0, 1.0)], [(11.0, 0.4), (20.0, 0.3)]
        found = [[round(start, 1), round(end, 1)] for start, end in load.stalls()]
        self.assertEqual(found, [[8.7, 12.6], [19.2, 21.6]])

    def test_a_quiet_machine_has_none(self):
        self.assertEqual(Load([]).stalls(), [])


class Matrix(unittest.TestCase):
    def test_the_parts_fit_their_time(self):
        for part, minutes in (("full", 60), ("ci", 4.5)):
            cases, cycles = matrix.part(part)
            self.assertLess(sum(matrix.seconds(case, cycles) for case in cases) / 8 / 60, minutes)
        self.assertEqual(matrix.part("full")[1], 30)

    def test_everything_is_covered(self):
        cases = matrix.full()
        self.assertEqual(len(cases), len({case.name for case in cases}))
        for fault in matrix.FAULTS:
            for library in matrix.BREAKERS:
                mine = [case for case in cases if case.library == library and case.fault == fault]
                self.assertTrue(any(not case.readable for case in mine), (library, fault))
            for library in matrix.INNOCENTS:
                self.assertTrue(any(case.library == library and case.fault == fault for case in cases))
            for health in matrix.HEALTHS:
                self.assertTrue(any(case.breaker and case.health == health and case.fault == fault for case in cases))
            self.assertTrue(any(case.fault == fault and not case.fallback for case in cases))
        self.assertTrue(any(case.replicas == 2 and case.readable for case in cases))

    def test_a_case_plays_the_same_each_time(self):
        case = matrix.full()[0]
        self.assertEqual(case.periods(30)[:4], case.periods(4))


if __name__ == "__main__":
    unittest.main()
