"""WebAssembly by hand under `wasmtime`: the loop with every check it needs, the upper bound for a native tier."""

from __future__ import annotations

import gc
import time
from functools import cache
from typing import Any

from bench.machine.play import Expected, Outcome, Size, Speed, Workload

LOOP = """
(module
  (func (export "run") (param $n i64) (result i64)
    (local $i i64) (local $total i64) (local $sum i64)
    (block $done
      (loop $again
        (br_if $done (i64.ge_u (local.get $i) (local.get $n)))
        (if (i64.ge_u (local.get $i) (i64.const 1000000)) (then unreachable))  ;; the loop's bound
        (local.set $sum (i64.add (local.get $total) (i64.rem_u (local.get $i) (i64.const 7))))
        (if (i64.lt_u (local.get $sum) (local.get $total)) (then unreachable))  ;; overflow
        (local.set $total (local.get $sum))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $again)))
    (local.get $total)))
"""
FUEL = 2**62


@cache
def _function(fuel: bool) -> tuple[Any, Any]:
    import wasmtime

    config = wasmtime.Config()
    config.consume_fuel = fuel
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    if fuel:
        store.set_fuel(FUEL)
    instance = wasmtime.Instance(store, wasmtime.Module(engine, LOOP), [])
    return store, instance.exports(store)["run"]


class Wasm:
    """Checked, with or without fuel."""

    speed = Speed.NATIVE

    def __init__(self, *, fuel: bool) -> None:
        self._fuel = fuel
        self.name = "wasmtime, checks and fuel" if fuel else "wasmtime, checks"

    def plays(self, workload: Workload) -> bool:
        """The loop alone."""
        return workload.name == "loop"

    def play(self, workload: Workload, size: Size) -> Outcome:
        """Call the function so often."""
        store, run = _function(self._fuel)
        calls = [call.arguments for call in workload.calls(size)]
        gc.collect()
        began = time.process_time()
        results = [run(store, *arguments) for arguments in calls]
        seconds = time.process_time() - began
        return Outcome(seconds, Expected(results, []))
