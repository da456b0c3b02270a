"""What the simulator does when a fault strikes, and how it is undone: one function a fault."""

from __future__ import annotations

from demo.sim.effects.around import share_of_cells
from demo.sim.effects.effect import Effect
from demo.sim.effects.engines import (
    flush_caches,
    freeze_worker,
    kill_engine,
    restart_engine,
    slow_weights,
    start_canary,
)
from demo.sim.effects.hardware import (
    break_memory,
    break_nvlink,
    corrupt_answers,
    heat_rack,
    lose_one_gpu,
    lose_one_host,
    lose_power,
    patch_drivers,
    slow_one_gpu,
)
from demo.sim.effects.tools import ask_for_captchas, fail_tool, slow_tool
from demo.sim.effects.traffic import (
    drop_requests,
    flood,
    lose_region,
    multiply_traffic,
    storm_retries,
)

EFFECTS: dict[str, Effect] = {
    "lost-gpu": lose_one_gpu,
    "ecc-error": break_memory,
    "nvlink-error": break_nvlink,
    "thermal": heat_rack,
    "straggler": slow_one_gpu,
    "lost-host": lose_one_host,
    "lost-power": lose_power,
    "driver-patch": patch_drivers,
    "silent-corruption": corrupt_answers,
    "frozen-worker": freeze_worker,
    "killed-worker": kill_engine,
    "killed-engine": kill_engine,
    "engine-restart": restart_engine,
    "slow-weights": slow_weights,
    "bad-canary": start_canary,
    "cache-flush": flush_caches,
    "tool-outage": fail_tool,
    "slow-tool": slow_tool,
    "captcha-wave": ask_for_captchas,
    "traffic-spike": multiply_traffic,
    "retry-storm": storm_retries,
    "tenant-flood": flood,
    "lb-blackout": drop_requests,
    "lost-region": lose_region,
    "metering-loss": share_of_cells(lambda state: state.metering.unbilled),
    "misrouted-data": share_of_cells(lambda state: state.locality.misrouted),
    "safety-bypass": share_of_cells(lambda state: state.safety.bypassed),
}
