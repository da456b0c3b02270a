/* A libnvidia-ml.so.1 without a GPU: what nvidia-ml-py loads in tests.
 *
 * It shows the GPUs of a control file (SHARDWATCH_SHIM), which it maps and a test writes to:
 * values, and whether a GPU answers, blocks, is lost or has vanished. Only the calls that we make
 * are here; signatures and numbers are those of nvml.h, the code is ours.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nvml_shim_values.h" /* enum of VALUE_..., VALUES, LONGEST_TEXT, MOST_GPUS, MOST_EVENTS */

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6,
       INSUFFICIENT_SIZE = 7, TIMEOUT = 10, GPU_IS_LOST = 15 };
enum { ANSWERS = 0, BLOCKS = 1, LOST = 2, VANISHED = 3, CRASHES = 4 };
#define MOST_PARTS 8

typedef struct {
    char uuid[LONGEST_TEXT], pci[LONGEST_TEXT], name[LONGEST_TEXT];
    uint64_t state, calls, values[VALUES];
} Gpu;
typedef struct { uint64_t gpu, code; } Event;
typedef struct {
    uint64_t count, blocks_all, events;
    Event event[MOST_EVENTS];
    Gpu gpu[MOST_GPUS];
} Control;
typedef struct { Gpu *gpu; unsigned index; } Part;
typedef struct { uint64_t seen; unsigned char registered[MOST_GPUS]; } EventSet;

static Control *control;
static Part parts[MOST_GPUS][MOST_PARTS];

static int is_part(void *device) {
    return (char *)device >= (char *)parts && (char *)device < (char *)(parts + MOST_GPUS);
}

static Gpu *gpu_of(void *device) { return is_part(device) ? ((Part *)device)->gpu : device; }

static int answer(Gpu *gpu) {
    gpu->calls++;
    while (*(volatile uint64_t *)&gpu->state == BLOCKS) usleep(5000);
    if (gpu->state == CRASHES) _exit(139);
    return gpu->state == ANSWERS ? SUCCESS : GPU_IS_LOST;
}

#define ENTER(device) \
    Gpu *gpu = gpu_of(device); \
    int failed = answer(gpu); \
    if (failed) return failed;
#define READ(name, value) \
    int name(void *device, unsigned *out) { ENTER(device) *out = (unsigned)gpu->values[value]; \
        return SUCCESS; }

static int copy(char *to, unsigned length, const char *text) {
    snprintf(to, length, "%s", text);
    return SUCCESS;
}

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    const char *file = getenv("SHARDWATCH_SHIM");
    int descriptor = file ? open(file, O_RDWR) : -1;
    if (descriptor < 0) return 9; /* DRIVER_NOT_LOADED */
    control = mmap(0, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (control == MAP_FAILED) return 9;
    while (*(volatile uint64_t *)&control->blocks_all) usleep(5000);
    return SUCCESS;
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(int result) { (void)result; return "an error of the shim"; }
int nvmlSystemGetDriverVersion(char *out, unsigned length) {
    return copy(out, length, "590.48.01");
}
int nvmlDeviceGetCount_v2(unsigned *out) { *out = (unsigned)control->count; return SUCCESS; }

static int find(void **out, const char *text, int by_uuid) {
    for (uint64_t i = 0; i < control->count; i++) {
        Gpu *gpu = &control->gpu[i];
        if (strcasecmp(by_uuid ? gpu->uuid : gpu->pci, text) || gpu->state == VANISHED) continue;
        *out = gpu;
        return answer(gpu);
    }
    return NOT_FOUND;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **out) {
    if (index >= control->count) return INVALID_ARGUMENT;
    *out = &control->gpu[index];
    return answer(&control->gpu[index]);
}
int nvmlDeviceGetHandleByUUID(const char *uuid, void **out) { return find(out, uuid, 1); }
int nvmlDeviceGetHandleByPciBusId_v2(const char *pci, void **out) { return find(out, pci, 0); }
int nvmlDeviceGetUUID(void *device, char *out, unsigned length) {
    ENTER(device)
    if (is_part(device))
        return snprintf(out, length, "MIG-%s-%u", gpu->uuid, ((Part *)device)->index) ? SUCCESS : 2;
    return copy(out, length, gpu->uuid);
}
int nvmlDeviceGetName(void *device, char *out, unsigned length) {
    ENTER(device)
    return copy(out, length, gpu->name);
}
int nvmlDeviceGetIndex(void *device, unsigned *out) {
    ENTER(device)
    *out = (unsigned)(gpu - control->gpu);
    return SUCCESS;
}

typedef struct { char legacy[16]; unsigned domain, bus, device, id, sub; char bus_id[32]; } Pci;
int nvmlDeviceGetPciInfo_v3(void *device, Pci *out) {
    ENTER(device)
    return copy(out->bus_id, sizeof out->bus_id, gpu->pci);
}

READ(nvmlDeviceGetPowerUsage, VALUE_POWER_MILLIWATTS)
READ(nvmlDeviceGetEnforcedPowerLimit, VALUE_LIMIT_MILLIWATTS)
READ(nvmlDeviceGetMaxPcieLinkGeneration, VALUE_PCIE_GENERATION_MAX)
READ(nvmlDeviceGetMaxPcieLinkWidth, VALUE_PCIE_WIDTH_MAX)
READ(nvmlDeviceGetCurrPcieLinkGeneration, VALUE_PCIE_GENERATION)
READ(nvmlDeviceGetCurrPcieLinkWidth, VALUE_PCIE_WIDTH)
READ(nvmlDeviceGetMaxMigDeviceCount, VALUE_MIG_PARTS)

int nvmlDeviceGetTemperature(void *device, unsigned sensor, unsigned *out) {
    ENTER(device)
    if (sensor) return INVALID_ARGUMENT;
    *out = (unsigned)gpu->values[VALUE_CELSIUS];
    return SUCCESS;
}
int nvmlDeviceGetClockInfo(void *device, unsigned clock, unsigned *out) {
    ENTER(device)
    if (clock != 1 && clock != 2) return INVALID_ARGUMENT; /* SM, memory */
    *out = (unsigned)gpu->values[clock == 1 ? VALUE_SM_MEGAHERTZ : VALUE_MEMORY_MEGAHERTZ];
    return SUCCESS;
}
int nvmlDeviceGetUtilizationRates(void *device, struct { unsigned gpu, memory; } *out) {
    ENTER(device)
    out->gpu = (unsigned)gpu->values[VALUE_BUSY_PERCENT];
    out->memory = (unsigned)gpu->values[VALUE_COPY_PERCENT];
    return SUCCESS;
}
int nvmlDeviceGetEncoderUtilization(void *device, unsigned *out, unsigned *period) {
    ENTER(device)
    *out = 0; *period = 100000;
    return SUCCESS;
}
int nvmlDeviceGetDecoderUtilization(void *device, unsigned *out, unsigned *period) {
    return nvmlDeviceGetEncoderUtilization(device, out, period);
}
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } Memory;
int nvmlDeviceGetMemoryInfo_v2(void *device, Memory *out) {
    ENTER(device)
    if (out->version != 0x02000028) return 25; /* ARGUMENT_VERSION_MISMATCH */
    out->reserved = gpu->values[VALUE_RESERVED_BYTES];
    out->used = gpu->values[VALUE_USED_BYTES];
    out->free = gpu->values[VALUE_FREE_BYTES];
    out->total = out->reserved + out->used + out->free;
    return SUCCESS;
}
int nvmlDeviceGetTotalEccErrors(void *device, unsigned kind, unsigned counter,
                                unsigned long long *out) {
    ENTER(device)
    if (counter != 0) return NOT_SUPPORTED; /* aggregate: nobody should ask */
    *out = gpu->values[kind ? VALUE_ECC_UNCORRECTED : VALUE_ECC_CORRECTED];
    return SUCCESS;
}
int nvmlDeviceGetRemappedRows(void *device, unsigned *correctable, unsigned *uncorrectable,
                              unsigned *pending, unsigned *failure) {
    ENTER(device)
    *correctable = (unsigned)gpu->values[VALUE_ROWS_CORRECTABLE];
    *uncorrectable = (unsigned)gpu->values[VALUE_ROWS_UNCORRECTABLE];
    *pending = (unsigned)gpu->values[VALUE_ROWS_PENDING];
    *failure = (unsigned)gpu->values[VALUE_ROWS_FAILURE];
    return SUCCESS;
}
int nvmlDeviceGetCurrentClocksEventReasons(void *device, unsigned long long *out) {
    ENTER(device)
    *out = gpu->values[VALUE_CLOCK_EVENTS];
    return SUCCESS;
}
typedef struct {
    unsigned version; unsigned char cluster[16]; unsigned status, clique; unsigned state;
    unsigned health_mask; unsigned char health;
} Fabric;
int nvmlDeviceGetGpuFabricInfoV(void *device, Fabric *out) {
    ENTER(device)
    if (out->version != 0x3000028) return 25;
    out->status = 0;
    out->state = (unsigned)gpu->values[VALUE_FABRIC_STATE];
    out->health = (unsigned char)gpu->values[VALUE_FABRIC_HEALTH];
    return SUCCESS;
}
typedef struct { unsigned pid; unsigned long long memory; unsigned instance, compute; } Process;
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, Process *out) {
    ENTER(device)
    if (!gpu->values[VALUE_PROCESS]) { *count = 0; return SUCCESS; }
    if (*count < 1 || !out) { *count = 1; return INSUFFICIENT_SIZE; }
    *count = 1;
    *out = (Process){(unsigned)gpu->values[VALUE_PROCESS], ~0ull, ~0u, ~0u};
    return SUCCESS;
}

int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending) {
    ENTER(device)
    *current = *pending = gpu->values[VALUE_MIG_PARTS] > 0;
    return SUCCESS;
}
int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **out) {
    ENTER(device)
    if (index >= gpu->values[VALUE_MIG_PARTS] || index >= MOST_PARTS) return NOT_FOUND;
    Part *part = &parts[gpu - control->gpu][index];
    *part = (Part){gpu, index};
    *out = part;
    return SUCCESS;
}
int nvmlDeviceGetGpuInstanceId(void *device, unsigned *out) {
    ENTER(device)
    *out = ((Part *)device)->index + 7;
    return SUCCESS;
}
int nvmlDeviceGetComputeInstanceId(void *device, unsigned *out) {
    ENTER(device)
    *out = 0;
    return SUCCESS;
}
typedef struct { unsigned numbers[6], gpu_slices, compute_slices; unsigned long long megabytes; }
    Attributes;
int nvmlDeviceGetAttributes_v2(void *device, Attributes *out) {
    ENTER(device)
    memset(out, 0, sizeof *out);
    out->gpu_slices = out->compute_slices = 1;
    out->megabytes = 18432;
    return SUCCESS;
}

typedef struct {
    unsigned id, scope; long long timestamp, latency; unsigned type, result;
    union { double d; unsigned ui; unsigned long long ull; } value;
} FieldValue;
static int field_value(unsigned id) { /* NVML_FI_DEV_... */
    switch (id) {
    case 82: return VALUE_MEMORY_CELSIUS;
    case 83: return VALUE_ENERGY_MILLIJOULES;
    case 94: return VALUE_PCIE_REPLAYS;
    case 138: return VALUE_NVLINK_SENT_KIBIBYTES;
    case 139: return VALUE_NVLINK_RECEIVED_KIBIBYTES;
    case 202: return VALUE_NVLINK_5_SENT_BYTES;
    case 204: return VALUE_NVLINK_5_RECEIVED_BYTES;
    case 38: return VALUE_NVLINK_CRC;
    case 52: return VALUE_NVLINK_REPLAYS;
    case 59: return VALUE_NVLINK_RECOVERIES;
    case 74: return VALUE_SW_POWER_CAP_NANOSECONDS;
    case 76: return VALUE_SYNC_BOOST_NANOSECONDS;
    case 269: return VALUE_SW_THERMAL_NANOSECONDS;
    case 270: return VALUE_HW_THERMAL_NANOSECONDS;
    case 271: return VALUE_POWER_BRAKE_NANOSECONDS;
    case 230: return VALUE_RECOVERY_ACTION;
    default: return -1;
    }
}
int nvmlDeviceGetFieldValues(void *device, int count, FieldValue *out) {
    ENTER(device)
    for (int i = 0; i < count; i++) {
        int value = field_value(out[i].id);
        int is_older = out[i].id == 138 || out[i].id == 139;
        int is_newer = out[i].id == 202 || out[i].id == 204; /* of NVLink 5 */
        int is_other = is_older ? gpu->values[VALUE_HAS_NVLINK_5] != 0
                                : is_newer && !gpu->values[VALUE_HAS_NVLINK_5];
        int lacks_scope = (is_older || is_newer) && out[i].scope != ~0u;
        out[i].result = value < 0 || is_other || lacks_scope ? NOT_SUPPORTED : SUCCESS;
        if (out[i].result) continue;
        int is_short = out[i].id == 94 || out[i].id == 230; /* as of 580.159.04 on an H100 */
        if (out[i].id == 82 || is_short) {
            out[i].type = is_short; /* the bug of r545: says double, holds unsigned */
            out[i].value.ui = (unsigned)gpu->values[value];
        } else {
            out[i].type = 3;
            out[i].value.ull = gpu->values[value];
        }
    }
    return SUCCESS;
}

int nvmlGpmQueryDeviceSupport(void *device, struct { unsigned version, supported; } *out) {
    ENTER(device)
    out->supported = gpu->values[VALUE_HAS_GPM] != 0;
    return SUCCESS;
}
int nvmlGpmSampleAlloc(void **out) { *out = calloc(1, sizeof(Gpu)); return SUCCESS; }
int nvmlGpmSampleFree(void *sample) { free(sample); return SUCCESS; }
int nvmlGpmSampleGet(void *device, void *sample) {
    ENTER(device)
    memcpy(sample, gpu, sizeof(Gpu));
    return SUCCESS;
}
typedef struct { unsigned id; int result; double value; char *texts[3]; } Metric;
typedef struct { unsigned version, count; Gpu *first, *second; Metric metric[]; } Metrics;
int nvmlGpmMetricsGet(Metrics *out) {
    for (unsigned i = 0; i < out->count; i++) {
        int value = -1;
        switch (out->metric[i].id) {
        case 1: value = VALUE_GRAPHICS_PERMILLE; break;
        case 2: value = VALUE_SM_PERMILLE; break;
        case 3: value = VALUE_OCCUPANCY_PERMILLE; break;
        case 5: value = VALUE_TENSOR_PERMILLE; break;
        case 10: value = VALUE_MEMORY_PERMILLE; break;
        case 20: value = VALUE_PCIE_SENT_MEBIBYTES_PER_SECOND; break;
        case 21: value = VALUE_PCIE_RECEIVED_MEBIBYTES_PER_SECOND; break;
        }
        int is_rate = out->metric[i].id >= 20;
        out->metric[i].result = value < 0 ? NOT_SUPPORTED : SUCCESS;
        if (value >= 0) out->metric[i].value = (double)out->second->values[value] / (is_rate ? 1 : 10);
    }
    return SUCCESS;
}

int nvmlEventSetCreate(EventSet **out) {
    *out = calloc(1, sizeof(EventSet));
    (*out)->seen = control->events; /* no history */
    return SUCCESS;
}
int nvmlEventSetFree(EventSet *set) { free(set); return SUCCESS; }
int nvmlDeviceRegisterEvents(void *device, unsigned long long types, EventSet *set) {
    ENTER(device)
    if (!(types & 8)) return INVALID_ARGUMENT;
    set->registered[gpu - control->gpu] = 1;
    return SUCCESS;
}
typedef struct { void *device; unsigned long long type, data; unsigned instance, compute; }
    EventData;
int nvmlEventSetWait_v2(EventSet *set, EventData *out, unsigned milliseconds) {
    for (unsigned waited = 0; waited <= milliseconds; waited += 5) {
        /* One lost GPU fails the waiting for all, whatever else has happened. */
        for (uint64_t i = 0; i < control->count; i++)
            if (set->registered[i] && control->gpu[i].state >= LOST) return GPU_IS_LOST;
        for (; set->seen < *(volatile uint64_t *)&control->events; set->seen++) {
            Event event = control->event[set->seen % MOST_EVENTS];
            if (!set->registered[event.gpu]) continue;
            set->seen++;
            *out = (EventData){&control->gpu[event.gpu], 8, event.code, ~0u, ~0u};
            return SUCCESS;
        }
        usleep(5000);
    }
    return TIMEOUT;
}
