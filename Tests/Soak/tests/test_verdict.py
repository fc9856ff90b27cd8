"""Each wrong outcome turns the verdict red, and that of its own promise."""

import unittest

import made_up
from soak import takeovers, verdict


class Judging(unittest.TestCase):
    def judged(self, facts: dict) -> dict[str, verdict.Check]:
        return {check.name: check for check in verdict.judge(facts)}

    def assertRed(self, name: str, facts: dict, words: str, also: tuple[str, ...] = ()) -> None:
        """Only this check is red, and those that the same fault must turn red, too."""
        checks = self.judged(facts)
        red = {check.name for check in checks.values() if not check.is_right}
        self.assertEqual(red, {name, *also})
        self.assertTrue(any(words in fault for fault in checks[name].faults), checks[name].faults)
        self.assertFalse(verdict.is_right(list(checks.values())))


class VerdictTests(Judging):
    def test_a_run_that_went_right_is_right(self) -> None:
        checks = verdict.judge(made_up.facts())
        self.assertEqual([check.faults for check in checks], [[]] * len(checks))
        self.assertTrue(verdict.is_right(checks))

    def test_a_lost_job(self) -> None:
        facts = made_up.facts()
        del facts["rows"][1]
        self.assertRed("jobs lost, or made twice", facts, "job_2: accepted, and not there")

    def test_a_job_that_was_made_twice(self) -> None:
        facts = made_up.facts()
        facts["rows"].append({**facts["rows"][0], "id": "job_3"})
        self.assertRed("jobs lost, or made twice", facts, "job_3: no customer was told of it")

    def test_two_submissions_that_got_the_same_job(self) -> None:
        facts = made_up.facts()
        facts["jobs"][1]["id"] = "job_1"
        self.assertIn("job_1: two submissions got it", self.judged(facts)["jobs lost, or made twice"].faults)

    def test_a_job_without_an_end(self) -> None:
        facts = made_up.facts()
        facts["jobs"][1]["status"] = facts["rows"][1]["status"] = "processing"
        checks = self.judged(facts)
        self.assertIn("job_2: still processing", checks["jobs lost, or made twice"].faults)
        self.assertIn("job_2: did not end: processing", checks["jobs, and how they ended"].faults)

    def test_another_end_than_the_customer_was_told(self) -> None:
        facts = made_up.facts()
        facts["rows"][1]["status"] = "completed"
        self.assertRed("jobs lost, or made twice", facts, "job_2: completed, and its customer was told cancelled")

    def test_words_of_another_job(self) -> None:
        facts = made_up.facts()
        facts["jobs"][0]["heard"] = "kilo lima"
        self.assertRed("jobs, and how they ended", facts, "was told 'kilo lima")

    def test_a_missing_word(self) -> None:
        facts = made_up.facts()
        facts["jobs"][0]["heard"] = "alpha"
        self.assertRed("jobs, and how they ended", facts, "was told 'alpha")

    def test_a_word_at_another_time(self) -> None:
        facts = made_up.facts()
        facts["jobs"][0]["deviation"] = 2.5
        self.assertRed("jobs, and how they ended", facts, "2.50 s from its place")

    def test_a_wrong_length(self) -> None:
        facts = made_up.facts()
        facts["jobs"][0]["duration"] = 8.0
        self.assertRed("jobs, and how they ended", facts, "lasts 9.5 s")

    def test_a_job_that_nobody_cancelled(self) -> None:
        facts = made_up.facts()
        facts["jobs"][1]["cancel"] = False
        self.assertRed("jobs, and how they ended", facts, "cancelled by nobody")

    def failed(self, error: str, claims: int) -> dict:
        facts = made_up.facts()
        facts["jobs"][1].update(status="failed", error=f"{error}/None")
        facts["rows"][1].update(status="failed", error=error)
        facts["arrivals"][2]["event"] = "job.failed"
        facts["changes"] += [
            {**facts["changes"][1], "job": "job_2", "task": "ten_b/1", "at": 140.0 + claim, "fence": 10 + claim, "worker": "72"}
            for claim in range(claims)
        ]
        return facts

    def test_a_failure_that_nothing_explains(self) -> None:
        self.assertRed("jobs, and how they ended", self.failed("internal_error", 7), "nothing explains it")
        self.assertRed("jobs, and how they ended", self.failed("transient_error", 5), "nothing explains it")
        self.assertRed("jobs, and how they ended", self.failed("invalid_audio", 9), "nothing explains it")

    def test_failures_that_are_announced(self) -> None:
        for error, claims in ("internal_error", 8), ("transient_error", 6):
            self.assertTrue(verdict.is_right(verdict.judge(self.failed(error, claims))))

    def test_a_doubled_bill(self) -> None:
        facts = made_up.facts()
        facts["usage"].append(facts["usage"][0])
        self.assertRed("billed twice", facts, "job_1: should be billed [10]")
        self.assertTrue(self.judged(facts)["billed twice"].figure.startswith("1;"))

    def test_a_missing_bill(self) -> None:
        facts = made_up.facts()
        facts["usage"].clear()
        self.assertRed("billed twice", facts, "job_1: should be billed [10]")

    def test_a_wrong_bill(self) -> None:
        facts = made_up.facts()
        facts["usage"][0]["seconds"] = 11
        self.assertRed("billed twice", facts, "job_1: should be billed [10]")

    def test_a_bill_for_a_cancelled_job(self) -> None:
        facts = made_up.facts()
        facts["usage"].append({"job": "job_2", "tenant": "ten_b", "seconds": 13})
        self.assertRed("billed twice", facts, "job_2: should be billed []")

    def test_a_usage_that_is_not_the_sum(self) -> None:
        facts = made_up.facts()
        facts["shown"]["ten_a"]["used_seconds"] = 20
        self.assertRed("billed twice", facts, "ten_a: GET /usage shows")

    def test_a_ledger_that_does_not_agree(self) -> None:
        facts = made_up.facts()
        facts["verified"] = {"status": 1, "output": "ten_a: used_seconds is 20, should be 10"}
        self.assertRed("usage verify", facts, "should be 10")

    def test_a_lost_webhook(self) -> None:
        facts = made_up.facts()
        facts["arrivals"][1]["answer"] = "cut"
        self.assertRed("webhooks lost, doubled", facts, "job_1: the event never arrived at default")

    def test_a_doubled_event(self) -> None:
        facts = made_up.facts()
        facts["arrivals"].append({**facts["arrivals"][1], "event_id": "evt_other"})
        self.assertRed("webhooks lost, doubled", facts, "job_1: two different events")

    def test_an_event_that_came_with_another_body(self) -> None:
        facts = made_up.facts()
        facts["arrivals"][0]["body"] = "other"
        self.assertRed("webhooks lost, doubled", facts, "job_1: two different events")

    def test_the_same_event_twice_is_right(self) -> None:
        facts = made_up.facts()
        facts["arrivals"].append(facts["arrivals"][1])
        self.assertTrue(verdict.is_right(verdict.judge(facts)))

    def test_an_event_without_our_signature(self) -> None:
        facts = made_up.facts()
        facts["arrivals"][1]["signed"] = False
        self.assertRed("webhooks lost, doubled", facts, "job_1: an event with a wrong signature")

    def test_an_event_for_another_account(self) -> None:
        facts = made_up.facts()
        facts["arrivals"][0]["tenant"] = "ten_b"
        self.assertRed("webhooks lost, doubled", facts, "job_1: its event went to another account")

    def test_an_event_that_tells_another_end(self) -> None:
        facts = made_up.facts()
        for arrival in facts["arrivals"][:2]:
            arrival["event"] = "job.failed"
        self.assertRed("webhooks lost, doubled", facts, "job_1: told job.failed, is completed")

    def test_audio_of_a_job_that_ended(self) -> None:
        facts = made_up.facts()
        facts["rows"][0]["deleted"] = None
        facts["objects"] = [{"key": "soak/tenants/ten_a/jobs/job_1/source", "job": "job_1", "changed": 101.0}]
        self.assertRed("audio left in the object store", facts, "its audio is not deleted")

    def test_audio_that_is_said_to_be_deleted(self) -> None:
        facts = made_up.facts()
        facts["swept"] = None
        facts["objects"] = [{"key": "soak/tenants/ten_a/jobs/job_1/source", "job": "job_1", "changed": 101.0}]
        self.assertRed("audio left in the object store", facts, "is older than the time at which it is said to be deleted")

    def test_a_deletion_without_a_proof(self) -> None:
        facts = made_up.facts()
        facts["rows"][0]["deleted"] = None
        self.assertRed("audio left in the object store", facts, "job_1: its audio was never deleted")

    def test_audio_without_a_job(self) -> None:
        facts = made_up.facts()
        facts["objects"] = [{"key": "soak/tenants/ten_a/jobs/job_9/source", "job": "job_9", "changed": 101.0}]
        self.assertRed("audio left in the object store", facts, "no sweep removed it")
        facts["swept"] = None
        self.assertTrue(verdict.is_right(verdict.judge(facts)))

    def test_a_file_in_a_scratch_folder(self) -> None:
        facts = made_up.facts()
        facts["scratch"] = ["api-1: uploads/spool-60-x/1"]
        self.assertRed("files left in scratch folders", facts, "api-1: uploads")

    def test_a_download_in_a_scratch_folder(self) -> None:
        facts = made_up.facts()
        facts["scratch"] = ["worker-1: downloads/x/1"]
        self.assertRed("files left in scratch folders", facts, "worker-1: downloads")
        facts["swept"] = None
        self.assertTrue(verdict.is_right(verdict.judge(facts)))

    def test_a_task_that_is_left(self) -> None:
        facts = made_up.facts()
        facts["tasks"] = [{"kind": "clean", "job": "job_1", "status": "ready"}]
        self.assertRed("tasks left", facts, "clean of job_1")

    def test_a_reservation_that_is_held(self) -> None:
        facts = made_up.facts()
        facts["reservations"] = ["job_2"]
        self.assertRed("reservations held", facts, "job_2")

    def test_an_answer_of_500(self) -> None:
        facts = made_up.facts()
        facts["statuses"]["500 internal_error"] = 1
        self.assertRed("answers of 500", facts, "customers got 1 × 500 internal_error")

    def test_a_500_that_only_the_log_has(self) -> None:
        facts = made_up.facts()
        facts["logged_500"] = ["api-1: …"]
        self.assertRed("answers of 500", facts, "api-1")

    def test_a_503_that_does_not_say_when_to_come_again(self) -> None:
        facts = made_up.facts()
        facts["unannounced_503"] = 2
        self.assertRed("answers of 500", facts, "2 × 503 without Retry-After")

    def test_a_crash_line(self) -> None:
        facts = made_up.facts()
        facts["crash_lines"] = ["worker-1: Fatal error: index out of range"]
        self.assertRed("crashes", facts, "Fatal error")

    def test_a_node_that_ended_by_itself(self) -> None:
        facts = made_up.facts()
        facts["exits"].append({"node": "worker-1", "pid": 72, "code": -4, "ordered": False, "at": 120.0, "at_start": False})
        self.assertRed("crashes", facts, "worker-1 ended by itself with -4")

    def test_a_node_that_does_not_start_although_all_is_there(self) -> None:
        facts = made_up.facts()
        facts["exits"][1]["at"] = 90.0
        self.assertRed("crashes", facts, "api-1 ended by itself with 1")

    def test_a_node_that_does_not_stop_well(self) -> None:
        facts = made_up.facts()
        for code in (1, "did not end"):
            facts["exits"][2]["code"] = code
            self.assertRed("crashes", facts, f"api-1 ended with {code}")

    def test_a_node_that_is_not_ready(self) -> None:
        facts = made_up.facts()
        facts["nodes"][0]["ready"] = False
        self.assertRed("nodes ready and idle", facts, "api-1 is not ready")

    def test_a_node_that_still_holds_something(self) -> None:
        facts = made_up.facts()
        facts["nodes"][0]["busy"]["verbatim_spool_bytes"] = 4096
        self.assertRed("nodes ready and idle", facts, "api-1: verbatim_spool_bytes is 4096")

    def test_connections_that_stay(self) -> None:
        facts = made_up.facts()
        facts["nodes"][1]["connections"] = 9
        self.assertRed("nodes ready and idle", facts, "worker-1 holds 9 connections")

    def test_processes_and_transactions_that_stay(self) -> None:
        facts = made_up.facts()
        facts["children"] = ["verbatim-media 77"]
        facts["open_transactions"] = 1
        self.assertRed("nodes ready and idle", facts, "left behind: verbatim-media 77")


class RecoveryTests(Judging):
    """Times are those of made_up: the worker 71 died at 102 with the task, which 72 claimed at 118.5."""

    NAME = "taken over from dead workers"

    def test_the_time_until_another_worker_has_the_task(self) -> None:
        (task,) = takeovers.takeovers(made_up.facts())
        self.assertEqual((task["worker"], task["seconds"]), ("71", 16.5))

    def late(self) -> dict:
        """Free again at 125, claimed at 126."""
        facts = made_up.facts()
        for change, at in zip(facts["changes"][2:5], (125, 126, 127)):
            change["at"] = at
        return facts

    def test_a_late_takeover(self) -> None:
        self.assertRed(self.NAME, self.late(), "taken over after 24.0 s")

    def test_a_takeover_that_never_came(self) -> None:
        facts = made_up.facts()
        del facts["changes"][2:]
        self.assertRed(self.NAME, facts, "nobody took it over from 71")

    def test_a_stopped_worker_that_ends_the_task_itself_too_late(self) -> None:
        facts = made_up.facts()
        facts["losses"][0]["until"] = 125.0
        facts["changes"][2:5] = [{**facts["changes"][1], "at": 126.0, "status": "done"}]
        self.assertRed(self.NAME, facts, "taken over after 24.0 s")

    def test_an_outage_after_the_lease_does_not_count(self) -> None:
        facts = self.late()
        facts["outages"].append({"what": "database", "begin": 116.0, "end": 117.0})
        self.assertEqual(takeovers.takeovers(facts)[0]["seconds"], 24 - 8)  # 117 to 125: the quiet time after it
        self.assertTrue(verdict.is_right(verdict.judge(facts)))

    def test_an_outage_within_the_lease_counts(self) -> None:
        facts = self.late()
        facts["outages"].append({"what": "model", "begin": 104.0, "end": 116.0})
        self.assertRed(self.NAME, facts, "taken over after 24.0 s")

    def test_an_outage_of_the_store_counts(self) -> None:
        facts = self.late()
        facts["outages"].append({"what": "store", "begin": 110.0, "end": 126.0})
        self.assertRed(self.NAME, facts, "taken over after 24.0 s")

    def test_waiting_for_a_core_does_not_count(self) -> None:
        facts = self.late()
        facts["stalls"] = [[90.0, 5.0], [117.0, 5.0], [118.0, 5.5], [126.0, 11.0], [150.0, 11.0]]
        (task,) = takeovers.takeovers(facts)
        self.assertAlmostEqual(task["seconds"], 15 + 9 - 6)
        self.assertEqual(task["clock"], 24.0)
        facts["stalls"].clear()
        self.assertRed(self.NAME, facts, "taken over after 24.0 s")

    def test_on_a_machine_without_a_free_core_a_takeover_can_be_late_all_the_same(self) -> None:
        facts = made_up.facts()
        for change, at in zip(facts["changes"][2:5], (140, 141, 142)):
            change["at"] = at
        facts["stalls"] = [[90.0, 0.0], [150.0, 60.0]]
        self.assertRed(self.NAME, facts, "taken over after 21.0 s")

    def waiting_for_a_slot(self, workers: tuple[str, ...]) -> dict:
        """Free again at 118, claimed at 126. Meanwhile these workers have as many tasks as slots."""
        facts = self.late()
        facts["changes"][2]["at"] = 118.0
        facts["changes"] += [
            {**facts["changes"][1], "task": f"ten_a/{worker}{slot}", "at": at, "status": status, "worker": worker, "fence": int(worker) * 10 + slot}
            for worker in workers
            for slot in range(2)
            for at, status in ((110.0, "running"), (125.5, "done"))
        ]
        facts["changes"].sort(key=lambda change: change["at"])
        return facts

    def test_waiting_for_a_free_slot_does_not_count(self) -> None:
        facts = self.waiting_for_a_slot(("72", "73"))
        self.assertEqual(takeovers.takeovers(facts)[0]["seconds"], 24 - 7.5)

    def test_waiting_although_a_slot_is_free_counts(self) -> None:
        self.assertRed(self.NAME, self.waiting_for_a_slot(("72",)), "taken over after 24.0 s")

    def test_a_run_in_which_no_worker_died_with_a_task_shows_nothing(self) -> None:
        facts = made_up.facts()
        facts["losses"].clear()
        self.assertRed(self.NAME, facts, "nothing was shown")


if __name__ == "__main__":
    unittest.main()
