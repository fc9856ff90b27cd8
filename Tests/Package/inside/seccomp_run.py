#!/usr/bin/python3
"""Runs a command under a seccomp profile in the format of container engines, as they would: calls that this machine's processor does
not have are left out."""

import json
import os
import sys

import seccomp

ACTIONS = {"SCMP_ACT_ALLOW": lambda rule: seccomp.ALLOW, "SCMP_ACT_ERRNO": lambda rule: seccomp.ERRNO(rule.get("errnoRet", 1))}

with open(sys.argv[1], encoding="utf-8") as file:
    profile = json.load(file)
rules = seccomp.SyscallFilter(defaction=seccomp.ERRNO(profile["defaultErrnoRet"]))
for rule in profile["syscalls"]:
    arguments = []
    for condition in rule.get("args", ()):
        assert condition["op"] == "SCMP_CMP_MASKED_EQ"
        arguments.append(seccomp.Arg(condition["index"], seccomp.MASKED_EQ, condition["value"], condition["valueTwo"]))
    for name in rule["names"]:
        if seccomp.resolve_syscall(seccomp.Arch(), name) >= 0:
            rules.add_rule(ACTIONS[rule["action"]](rule), name, *arguments)
rules.load()
os.execvp(sys.argv[2], sys.argv[2:])
