"""A stand-in for DCGM's module of that name: its true numbers, as DCGM 4.6.0 has them."""

DCGM_OPERATION_MODE_AUTO = 1
DCGM_OPERATION_MODE_MANUAL = 2

DCGM_GROUP_DEFAULT = 0
DCGM_GROUP_EMPTY = 1
DCGM_GROUP_ALL_GPUS = 0x7FFFFFFF

DCGM_ST_OK = 0
DCGM_ST_TIMEOUT = -11
DCGM_ST_NO_DATA = -14
DCGM_ST_STALE_DATA = -15
DCGM_ST_NOT_WATCHED = -16
DCGM_ST_GPU_IS_LOST = -18
DCGM_ST_CONNECTION_NOT_VALID = -21
DCGM_ST_PROFILING_NOT_SUPPORTED = -36
DCGM_ST_NVML_DRIVER_TIMEOUT = -57
DCGM_ST_GPUS_DETACHED = -67


class DCGMError(Exception):
    """An error of DCGM: ``value`` is its number."""

    def __init__(self, value):
        self.value = value
        super().__init__(f"DCGM error {value}")
