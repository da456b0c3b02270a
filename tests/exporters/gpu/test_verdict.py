"""The verdict on one GPU, row by row."""

import pytest

from exporters import catalog
from exporters.gpu.readings import Reading, Xid
from exporters.gpu.sightings import Setting, Sighting, Unread
from exporters.gpu.verdict import judge

MISSING, UNREACHABLE = Unread.MISSING, Unread.UNREACHABLE
OK = ("healthy", "none", True)
SUSPECT = ("degraded", "starting", False)
LOOKING = ("degraded", "starting", True)
FELL_OFF = ("lost", "xid_79", False)
ABSENT = ("lost", "absent", False)
UNSEEN = ("degraded", "telemetry_unreachable", False)
GSP_DEAD = ("hung", "gsp_dead", True)
GSP_DEAD_SILENT = ("hung", "gsp_dead", False)
UNCONTAINED = ("degraded", "xid_uncontained", True)
APPLICATION = ("healthy", "application_fault", True)
CONTAINED = ("healthy", "xid_contained", True)
LINK = ("degraded", "nvlink", True)


def shown(xid) -> tuple[Xid, ...]:
    """What a gauge that shows an XID says."""
    return (Xid(xid),) if xid else ()


def there(xid=0, energy=1000.0, temperature=40.0, **values: float) -> Reading:
    """A reading with all fields."""
    return Reading(temperature_celsius=temperature, energy_joules=energy, xids=shown(xid), **values)


def blank(xid=0) -> Reading:
    """A reading of which only the XID is left."""
    return Reading(xids=shown(xid))


def partial(xid=0, energy=1000.0) -> Reading:
    """A reading without the temperature."""
    return Reading(energy_joules=energy, xids=shown(xid))


def verdicts(*sightings: Sighting, seconds_between=5.0):
    """State, reason and whether it answers, after each of some collections."""
    found, before = [], None
    for index, sighting in enumerate(sightings):
        before = judge(sighting, before, now=100.0 + index * seconds_between)
        found.append((before.state, before.reason, before.answers))
    return found


@pytest.mark.parametrize(
    ("xid", "expected"),
    [
        (0, OK),
        *((code, OK) for code in (63, 92, 121, 137, 144, 157)),
        *((code, APPLICATION) for code in (8, 13, 31, 32, 43, 45, 69)),
        (94, CONTAINED),
        (74, LINK),
        (155, LINK),
        (79, FELL_OFF),
        (119, GSP_DEAD),
        (120, GSP_DEAD),
        *((code, UNCONTAINED) for code in (46, 48, 62, 95, 109, 140, 143, 158, 171, 172)),
        (64, ("degraded", "row_remap_failure", True)),
    ],
)
def test_a_new_xid_makes_its_verdict_at_once(xid, expected):
    """No second look is needed for what the driver reports itself."""
    assert verdicts(there(), there(xid, energy=2000.0)) == [OK, expected]


STORIES = {
    "one that answers is healthy from the first look on": [
        (there(), OK), (there(energy=2.0), OK)],
    "absence needs two looks": [
        (there(), OK), (MISSING, SUSPECT), (MISSING, ABSENT), (MISSING, ABSENT)],
    "one that was never there is suspect, then lost": [
        (MISSING, SUSPECT), (MISSING, ABSENT)],
    "a gap of one look is forgiven": [
        (there(), OK), (MISSING, SUSPECT), (there(), OK), (MISSING, SUSPECT), (MISSING, ABSENT)],
    "all fields blank is absence": [
        (there(), OK), (blank(), SUSPECT), (blank(), ABSENT)],
    "blank fields with XID 79 need no second look": [
        (there(), OK), (blank(79), FELL_OFF), (MISSING, FELL_OFF)],
    "an XID 79 beside last values, which do not move, is lost all the same": [
        (there(), OK), (there(79), FELL_OFF), (there(79), FELL_OFF), (MISSING, FELL_OFF)],
    "an XID that explains an absence gives it its reason": [
        (there(), OK), (MISSING, SUSPECT), (MISSING, ABSENT), (blank(79), FELL_OFF)],
    "a lost one is back when all its fields are, whatever the sticky XID says": [
        (there(), OK), (blank(79), FELL_OFF), (there(79), OK), (there(79), OK)],
    "a lost one is not back while fields are missing": [
        (there(), OK), (blank(79), FELL_OFF), (partial(79), FELL_OFF), (there(79), OK)],
    "a lost one that never went blank is back when its energy moves": [
        (there(), OK), (there(79), FELL_OFF), (there(79, energy=1001.0), OK)],
    "a temperature that flickers is no proof where the energy is known": [
        (there(), OK), (there(79), FELL_OFF), (there(79, temperature=41.0), FELL_OFF)],
    "a lost one is back without the profiling fields, which a profiler takes away": [
        (there(tensor_active_ratio=0.2), OK), (MISSING, SUSPECT), (MISSING, ABSENT),
        (there(energy=1001.0), OK), (there(energy=1002.0), OK)],
    "one that never went blank is back without the profiling fields as well": [
        (there(tensor_active_ratio=0.2), OK), (there(79, tensor_active_ratio=0.2), FELL_OFF),
        (there(79), FELL_OFF), (there(79, energy=1001.0), OK)],
    "an absent one that comes back is healthy": [
        (there(), OK), (MISSING, SUSPECT), (MISSING, ABSENT), (there(), OK)],
    "one that came back and goes again, under the same sticky XID, takes two looks": [
        (there(), OK), (blank(79), FELL_OFF), (there(79), OK), (MISSING, SUSPECT),
        (MISSING, ABSENT), (there(79), OK)],
    "one that came back and raises another XID has that verdict": [
        (there(), OK), (blank(79), FELL_OFF), (there(79), OK), (there(95), UNCONTAINED)],
    "one that came back and raises XID 79 anew after a reset of the gauge is lost": [
        (blank(79), FELL_OFF), (there(79), OK), (there(0), OK), (there(79), FELL_OFF)],
    "a sticky XID 79 at the first look is not believed if the fields move": [
        (there(79), LOOKING), (there(79), LOOKING), (there(79, energy=1001.0), OK)],
    "a sticky XID 79 at the first look is believed if the fields go": [
        (there(79), LOOKING), (MISSING, FELL_OFF)],
    "an unreachable page is no loss, and no health": [
        (there(), OK), (UNREACHABLE, UNSEEN), (UNREACHABLE, UNSEEN), (there(), OK)],
    "a page that was never reached is no loss either": [
        (UNREACHABLE, UNSEEN), (UNREACHABLE, UNSEEN), (there(), OK)],
    "what was proven lost stays lost while the page is away": [
        (there(), OK), (blank(79), FELL_OFF), (UNREACHABLE, FELL_OFF), (there(79), OK)],
    "looks before and after an unreachable page are two": [
        (there(), OK), (MISSING, SUSPECT), (UNREACHABLE, UNSEEN), (MISSING, ABSENT)],
    "a dead GSP that takes the fields along is hung, not lost": [
        (there(), OK), (there(119), GSP_DEAD), (blank(119), GSP_DEAD_SILENT),
        (MISSING, GSP_DEAD_SILENT), (UNREACHABLE, GSP_DEAD_SILENT)],
    "a dead GSP is over when the fields were gone and are back": [
        (there(), OK), (blank(119), GSP_DEAD_SILENT), (there(119), OK)],
    "moving fields do not end an uncontained error": [
        (there(), OK), (there(48), UNCONTAINED), (there(48, energy=2000.0), UNCONTAINED)],
    "a reset, which lets the energy start again, ends an uncontained error": [
        (there(), OK), (there(48), UNCONTAINED), (there(48, energy=5.0), OK), (there(48), OK)],
    **{
        f"a sticky XID {code} at the first look is history once the fields move": [
            (there(code), LOOKING), (there(code), LOOKING), (there(code, energy=1001.0), OK),
            (there(code, energy=1002.0), OK)]
        for code in (48, 64, 74, 79, 95, 119, 155)
    },
    "so it is if the page was away at first": [
        (UNREACHABLE, UNSEEN), (there(95), LOOKING), (there(95, energy=1001.0), OK)],
    "another XID beside a sticky one of before the first look counts at once": [
        (there(95), LOOKING), (there(48, energy=1001.0), UNCONTAINED)],
    "a sticky XID 119 at the first look is believed if the fields go": [
        (there(119), LOOKING), (MISSING, GSP_DEAD_SILENT)],
    "a sticky XID of before the first look does not hide what is wrong now": [
        (there(48, row_remap_failure=1.0), ("degraded", "row_remap_failure", True))],
    "a failed row remapping lasts as long as its gauge": [
        (there(row_remap_failure=1.0), ("degraded", "row_remap_failure", True)),
        (there(row_remap_failure=0.0), OK)],
}  # fmt: skip


T = 1_790_000_000.0


def told(*xids: Xid, energy=1000.0) -> Reading:
    """A reading of a source that knows XIDs as events."""
    return Reading(temperature_celsius=40.0, energy_joules=energy, xids=xids)


LOST = Reading(trouble="lost")
HANGS = Reading(trouble="unresponsive")
UNREAD = Reading(trouble="unread")
GONE = Reading(trouble="missing")
IS_LOST = ("lost", "gpu_is_lost", False)
STUCK = ("hung", "unresponsive", False)
DRAIN = ("degraded", "contained_repeatedly", True)

STORIES |= {
    "a source that says itself that a GPU is lost is believed at once": [
        (there(), OK), (LOST, IS_LOST), (GONE, IS_LOST), (there(energy=5.0), OK)],
    "one that was not asked is unknown": [
        (there(), OK), (UNREAD, UNSEEN), (UNREAD, UNSEEN), (there(), OK)],
    "one that was never asked is unknown too": [
        (UNREAD, UNSEEN), (UNREAD, UNSEEN), (there(), OK)],
    "one that is known lost stays so while nobody asks": [
        (LOST, IS_LOST), (UNREAD, IS_LOST), (there(), OK)],
    "an XID that says it all needs no answer": [
        (there(), OK), (Reading(trouble="unread", xids=(Xid(119, last_at=T),)), GSP_DEAD_SILENT)],
    "an XID of before the first look does": [
        (Reading(trouble="unread", xids=(Xid(79, last_at=T),)), UNSEEN)],
    "even at the first look": [
        (LOST, IS_LOST)],
    "calls that hang once may be slow, twice they hang": [
        (there(), OK), (HANGS, SUSPECT), (HANGS, STUCK), (there(energy=1001.0), OK)],
    "a GPU that hangs and is then gone is lost": [
        (there(), OK), (HANGS, SUSPECT), (HANGS, STUCK), (GONE, ABSENT)],
    "a GPU that hangs and is then lost is lost": [
        (HANGS, SUSPECT), (HANGS, STUCK), (LOST, IS_LOST)],
    "one that hangs with a dead GSP needs no second look": [
        (there(), OK), (Reading(trouble="unresponsive", xids=(Xid(119, last_at=T),)),
                        GSP_DEAD_SILENT)],
    "XID 79 explains GPU_IS_LOST better than it does itself": [
        (there(), OK), (Reading(trouble="lost", xids=(Xid(79, last_at=T),)), FELL_OFF)],
    "the same code again, after a repair, is another event": [
        (told(), OK), (told(Xid(95, 1, T)), UNCONTAINED), (told(Xid(95, 1, T), energy=1.0), OK),
        (told(Xid(95, 2, T + 9), energy=2.0), UNCONTAINED)],
    "48 whose burst has 94 was contained": [
        (told(), OK), (told(Xid(48, 1, T), Xid(94, 1, T + 1)), CONTAINED)],
    "48 whose burst has 94 and 95 was not": [
        (told(), OK), (told(Xid(48, 1, T), Xid(94, 1, T + 1), Xid(95, 1, T + 1)), UNCONTAINED)],
    "48 with 94 of another burst was not contained": [
        (told(), OK), (told(Xid(94, 1, T - 200), Xid(48, 1, T)), UNCONTAINED)],
    "contained errors of two bursts within a day want a reset": [
        (told(), OK), (told(Xid(94, 2, T, previous_at=T - 3600)), DRAIN)],
    "contained errors two days apart do not": [
        (told(), OK), (told(Xid(94, 2, T, previous_at=T - 2 * 86400)), CONTAINED)],
    "a code of NVLink 5 counts if it is fatal": [
        (told(), OK), (told(Xid(149, 1, T, is_fatal=True)), LINK)],
    "and does not if it is not, or does not say": [
        (told(), OK), (told(Xid(149, 1, T, is_fatal=False), Xid(150, 1, T)), OK)],
    "what the log tells of long ago is no verdict": [
        (told(Xid(48, 1, T, is_history=True)), OK), (told(Xid(48, 1, T, is_history=True)), OK)],
    "what the log told of just before the first look is one until it is history": [
        (told(Xid(95, 0, T)), UNCONTAINED), (told(Xid(95, 0, T)), UNCONTAINED),
        (told(Xid(95, 0, T, is_history=True)), OK), (told(Xid(95, 1, T + 900)), UNCONTAINED)],
    "the worst of several reasons is the verdict": [
        (told(), OK),
        (Reading(energy_joules=1.0, row_remap_failure=1.0, recovery_action=2,
                 xids=(Xid(43, 1, T),)), ("degraded", "row_remap_failure", True))],
    "a pending remapping leaves the GPU healthy": [
        (there(row_remap_pending=1.0), ("healthy", "row_remap_pending", True))],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_verdicts_follow_from_what_is_seen_and_what_was_known(story):
    """Each story is a row: sightings, and the verdict after each."""
    assert verdicts(*(sighting for sighting, _ in story)) == [expected for _, expected in story]


def test_two_collections_right_after_another_are_one_look():
    """Two Prometheus servers that scrape at once do not make a GPU lost."""
    assert verdicts(there(), MISSING, MISSING, MISSING, seconds_between=0.9) == [
        OK, SUSPECT, SUSPECT, SUSPECT,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("refreshes", "expected"),
    [([0, 0, 0, 0], [OK, SUSPECT, SUSPECT, SUSPECT]), ([0, 0, 1, 1], [OK, SUSPECT, ABSENT, ABSENT]),
     ([0, 1, 1, 2], [OK, SUSPECT, SUSPECT, ABSENT])],
    ids=["it has not", "it has", "it has, later"],
)  # fmt: skip
def test_a_look_is_another_only_if_the_source_has_looked_again(refreshes, expected):
    """dcgm-exporter serves one sample for 30 s by default: ten looks at it are one."""
    before, found = None, []
    for look, (sighting, count) in enumerate(
        zip((there(), MISSING, MISSING, MISSING), refreshes, strict=True)
    ):
        before = judge(sighting, before, 5.0 * look, Setting(refreshes=count))
        found.append((before.state, before.reason, before.answers))
    assert expected == found


def test_a_source_that_never_shows_that_it_looks_again_is_believed_in_the_end():
    """Its only GPU may be the one that is gone."""
    before = judge(there(), None, 0.0, Setting(refreshes=0))
    before = judge(MISSING, before, 5.0, Setting(refreshes=0))
    assert judge(MISSING, before, 39.0, Setting(refreshes=0)).reason == "starting"
    assert judge(MISSING, before, 40.0, Setting(refreshes=0)).reason == "absent"


def test_a_host_without_any_value_is_blind_and_then_its_gsp_is_dead():
    """An empty page is usual while dcgm-exporter reloads; for longer, DCGM has given up."""
    before = judge(there(), None, 0.0)
    for seconds, expected in (
        (0.0, UNSEEN), (29.0, UNSEEN), (30.0, GSP_DEAD_SILENT), (99.0, GSP_DEAD_SILENT),
    ):  # fmt: skip
        blank_host = Setting(blank_seconds=seconds)
        before = judge(MISSING, before, 5.0 + seconds, blank_host)
        assert (before.state, before.reason, before.answers) == expected
    assert (before.severity, before.action) == ("page", "reset_gpu")
    assert judge(there(), before, 200.0).reason == "none"


def test_who_caused_the_blindness_is_told_at_once_and_a_lost_one_stays_lost():
    """The XID is still on the page."""
    blind = Setting(blank_seconds=0.0)
    before = judge(there(), None, 0.0)
    assert judge(blank(119), before, 5.0, blind).reason == "gsp_dead"
    lost = judge(blank(79), before, 5.0)
    assert judge(MISSING, lost, 10.0, Setting(blank_seconds=60.0)).reason == "xid_79"


def test_one_that_is_missing_after_all_were_blank_is_looked_at_twice():
    """Of the blind time nothing is known."""
    before = judge(there(), None, 0.0)
    for seconds in (0.0, 10.0):
        before = judge(MISSING, before, 5.0 + seconds, Setting(blank_seconds=seconds))
    before = judge(MISSING, before, 20.0)
    assert before.reason == "starting"
    assert judge(MISSING, before, 25.0).reason == "absent"


def test_without_energy_any_field_that_moves_is_proof():
    """dcgm-exporter serves what its configuration lists."""
    first, second = (
        Reading(power_watts=70.0, xids=shown(79)),
        Reading(power_watts=71.0, xids=shown(79)),
    )
    assert verdicts(Reading(power_watts=70.0, xids=shown(0)), first, first, second) == [
        OK, FELL_OFF, FELL_OFF, OK,
    ]  # fmt: skip


def test_a_profiling_field_that_goes_is_no_move():
    """Last values that are served without it are last values still."""
    profiled, last = (
        Reading(power_watts=70.0, tensor_active_ratio=0.2, xids=shown(79)),
        Reading(power_watts=70.0, xids=shown(79)),
    )
    healthy = Reading(power_watts=70.0, tensor_active_ratio=0.2, xids=shown(0))
    assert verdicts(healthy, profiled, last) == [OK, FELL_OFF, FELL_OFF]


def test_every_verdict_of_the_stories_is_in_the_catalogue():
    """Nothing is served that the catalogue does not have."""
    for story in STORIES.values():
        for _, (state, reason, _) in story:
            assert state in catalog.GPU_STATES
            assert reason in catalog.GPU_REASONS


def test_the_last_xid_stays_known_while_the_gpu_is_gone():
    """It is the evidence that a page shows."""
    before = judge(there(), None, 0.0)
    lost = judge(blank(79), before, 5.0)
    missing = judge(MISSING, lost, 10.0)
    assert (missing.state, missing.reason, missing.xid) == ("lost", "xid_79", 79)
    assert missing.reading == there()
    assert missing.missing_since == 5.0


def test_an_applications_fault_is_over_after_ten_minutes_and_a_contained_error_after_a_day():
    """A sticky gauge would show them for ever."""
    for code, seconds, reason in ((43, 600.0, "application_fault"), (94, 86400.0, "xid_contained")):
        before = judge(there(), None, 0.0)
        for now, expected in ((5.0, reason), (5.0 + seconds, reason), (6.0 + seconds, "none")):
            before = judge(there(code), before, now)
            assert before.reason == expected


def test_a_sticky_fault_of_an_application_at_the_first_look_says_nothing():
    """Nobody knows when it was."""
    assert judge(there(43), None, 0.0).reason == "none"


def test_severity_and_action_come_with_the_reason():
    """What to do is not for the reader of a graph to know."""
    lost = judge(LOST, None, 0.0)
    assert (lost.severity, lost.action) == ("page", "reboot_host")
    back = judge(there(), lost, 5.0)
    assert (back.severity, back.action) == ("none", "none")


def test_a_failed_link_of_a_group_of_one_gpu_is_a_ticket():
    """Nobody waits for it."""
    alone, together = Setting(gpus_of_group=1), Setting(gpus_of_group=8)
    before = judge(there(), None, 0.0)
    assert judge(there(74), before, 5.0, alone).severity == "ticket"
    assert judge(there(74), before, 5.0, together).severity == "page"


def test_links_that_fail_with_a_lost_peer_are_no_fault_of_theirs():
    """Its end of the link went with it."""
    before = judge(there(), None, 0.0)
    assert judge(there(74), before, 5.0, Setting(has_lost_peer=True)).reason == "none"
    assert judge(there(95), before, 5.0, Setting(has_lost_peer=True)).reason == "xid_uncontained"


def test_a_gap_ends_what_has_to_last():
    """Five minutes of heat with a blind moment between are not five on end."""
    hot = Reading(energy_joules=1.0, clock_events=0x40)
    before = None
    for now in (0.0, 150.0, 290.0):
        before = judge(hot, before, now)
    before = judge(UNREACHABLE, before, 295.0)
    for now, expected in ((300.0, "none"), (590.0, "info"), (600.0, "ticket")):
        before = judge(hot, before, now)
        assert before.severity == expected


SLOWED = {
    "the driver, for heat": (0x20, "sw_thermal", "check_cooling", 1800.0),
    "the hardware, for heat": (0x48, "hw_thermal", "check_cooling", 300.0),
    "both, for heat": (0x68, "hw_thermal", "check_cooling", 300.0),
    "the power brake": (0x88, "hw_power_brake", "check_power", 300.0),
}


@pytest.mark.parametrize(("bits", "reason", "action", "lasts"), SLOWED.values(), ids=SLOWED.keys())
def test_a_slowed_gpu_is_degraded_at_two_looks_and_urgent_when_it_lasts(
    bits, reason, action, lasts
):
    """Its group is slow from the first second on; whether somebody must come, time tells."""
    slowed, before = Reading(energy_joules=1.0, clock_events=bits), None
    seen = {}
    for now in (0.0, 3.0, 5.0, lasts - 1.0, lasts):
        before = judge(slowed, before, now)
        seen[now] = (before.state, before.reason, before.severity, before.action)
    assert seen == {
        0.0: ("healthy", "none", "none", "none"),
        3.0: ("healthy", "none", "none", "none"),
        5.0: ("degraded", reason, "info", action),
        lasts - 1.0: ("degraded", reason, "info", action),
        lasts: ("degraded", reason, "ticket", action),
    }
    assert judge(there(), before, lasts + 5.0).state == "healthy"


def test_what_is_urgent_goes_before_a_slow_down_that_may_pass():
    """Worse reasons are told, and so are degraded ones that lasted; what is healthy is not."""
    before = None
    for now in (0.0, 30.0):
        before = judge(there(clock_events=0x20, row_remap_failure=1.0), before, now)
    assert (before.reason, before.severity) == ("row_remap_failure", "page")
    before = None
    for now in (0.0, 30.0):
        before = judge(there(clock_events=0x20, row_remap_pending=1.0), before, now)
    assert (before.state, before.reason, before.severity) == ("degraded", "sw_thermal", "info")


def test_power_caps_and_idle_clocks_are_usual():
    """However long."""
    before = None
    for now in (0.0, 30.0, 3600.0):
        before = judge(there(clock_events=0x05), before, now)
    assert before.state == "healthy"
