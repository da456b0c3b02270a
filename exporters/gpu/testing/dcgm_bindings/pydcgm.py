"""A stand-in for DCGM's bindings: what we call of them, over a file that a test writes.

The file (``SHARDWATCH_FAKE_DCGM``) is JSON: ``{"error": 0, "gpus": {"0": {"54": "GPU-a", "150":
40}}, "age_seconds": 0, "xids": [[0, 79, 1790000000.0]], "refused": [1002]}``; what a GPU does not
have is blank. ``"repeats": true`` lets XIDs be told again, ``"broken": true`` lets that fail.
"""

import json
import os
import time
from collections import defaultdict
from pathlib import Path

import dcgm_fields
import dcgm_structs

INT64_BLANK = 0x7FFFFFFFFFFFFFF0
STRING_BLANK = "<<<NULL>>>"
_TEXTS = (1, 50, 54, 57)


def _told():
    told = json.loads(Path(os.environ["SHARDWATCH_FAKE_DCGM"]).read_text(encoding="utf-8"))
    if told.get("error"):
        raise dcgm_structs.DCGMError(told["error"])
    return told


class _Value:
    def __init__(self, value, ts):
        self.value, self.ts = value, int(ts * 1e6)
        self.isBlank = value in (INT64_BLANK, STRING_BLANK)


class _Collection:
    def __init__(self):
        self.EmptyValues()

    def EmptyValues(self):
        """Forget what was read."""
        self.values = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))


class DcgmHandle:
    """A connection to the host engine."""

    def __init__(self, handle=None, ipAddress=None, timeoutMs=0):
        assert ipAddress, timeoutMs
        assert handle is None
        self.names = set()
        _told()

    def GetSystem(self):
        """Return what knows the host."""
        return DcgmSystem()


class _Discovery:
    def GetAllSupportedGpuIds(self):
        return [int(number) for number in _told()["gpus"]]


class DcgmSystem:
    """The host."""

    discovery = _Discovery()

    def UpdateAllFields(self, waitForUpdate):
        """Read all watched fields now."""
        assert waitForUpdate in (True, False)
        _told()


class DcgmFieldGroup:
    """Fields, by number; its name is unique."""

    def __init__(self, dcgmHandle, name="", fieldIds=None, fieldGroupId=None):
        if name in dcgmHandle.names or len(name) > 255:
            raise dcgm_structs.DCGMError(-7)
        dcgmHandle.names.add(name)
        assert all(isinstance(number, int) for number in fieldIds)
        assert fieldGroupId is None
        self.fieldIds = list(fieldIds)


class _Samples:
    def __init__(self, group):
        self._group = group
        self._watched = set()
        self._seen = 0

    def WatchFields(self, fieldGroup, updateFreq, maxKeepAge, maxKeepSamples):
        assert updateFreq >= 100_000, "microseconds"
        assert maxKeepAge < 1e5, "seconds"
        assert maxKeepSamples == 0
        if {*_told().get("refused", [])} & {*fieldGroup.fieldIds}:
            raise dcgm_structs.DCGMError(dcgm_structs.DCGM_ST_PROFILING_NOT_SUPPORTED)
        self._watched.add(fieldGroup)

    def _check(self, fieldGroup):
        if fieldGroup not in self._watched:
            raise dcgm_structs.DCGMError(dcgm_structs.DCGM_ST_NOT_WATCHED)

    def GetLatest_v2(self, fieldGroup):
        self._check(fieldGroup)
        told, found = _told(), _Collection()
        at = time.time() - told.get("age_seconds", 0.0)
        for gpu in self._group.gpus:
            values = told["gpus"].get(str(gpu), {})
            for number in fieldGroup.fieldIds:
                blank = STRING_BLANK if number in _TEXTS else INT64_BLANK
                series = found.values[dcgm_fields.DCGM_FE_GPU][gpu][number]
                series.append(_Value(values.get(str(number), blank), at))
        return found

    def GetAllSinceLastCall_v2(self, dfvec, fieldGroup):
        self._check(fieldGroup)
        assert fieldGroup.fieldIds == [dcgm_fields.DCGM_FI_DEV_XID_ERRORS]
        found = dfvec or _Collection()
        told = _told()
        if told.get("broken"):
            raise TypeError("as bindings fail that do not know their library")
        xids = told.get("xids", [])
        if told.get("repeats"):
            self._seen = 0
        for gpu, code, at in xids[self._seen :]:
            found.values[dcgm_fields.DCGM_FE_GPU][gpu][fieldGroup.fieldIds[0]].append(
                _Value(code, at)
            )
        self._seen = len(xids)
        return found


class DcgmGroup:
    """GPUs that are watched together."""

    def __init__(self, dcgmHandle, groupId=None, groupName=None, groupType=None):
        assert isinstance(dcgmHandle, DcgmHandle)
        assert groupId is None
        assert groupType == dcgm_structs.DCGM_GROUP_EMPTY, "others take no GPU"
        assert groupName
        self.gpus = []
        self.samples = _Samples(self)

    def AddGpu(self, gpuId):
        """Watch one more."""
        self.gpus.append(gpuId)
