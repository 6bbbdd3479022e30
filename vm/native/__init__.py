"""The native tier: functions that only compute with numbers, as WebAssembly."""
