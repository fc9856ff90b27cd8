"""Runs `child.py` as yt-dlp's Python would, but leaves the kernel's entrance about for who looks for it: as if native code had
been smuggled in, of which Python's audit hook hears nothing."""

import ctypes
import runpy
import sys
import types

native = types.ModuleType("native")
native.call = ctypes.CDLL(None).syscall
native.call.restype = ctypes.c_long
sys.modules["native"] = native
sys.executable, child = sys.argv[1:3]
sys.argv = [child, *sys.argv[3:]]
runpy.run_path(child, run_name="__main__")
