"""`probe`: does KVM really run our kernel here? /dev/kvm alone proves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess

from . import qemu

SECONDS = 10
WORD = b"NINES-PROBE-OK"


def main() -> int:
    kvm, reason = probe(_first_profile())
    print(json.dumps({"kvm": kvm, "reason": reason}), flush=True)
    return 0


def probe(profile: str) -> tuple[bool, str]:
    if not os.path.exists("/dev/kvm"):
        return False, "There is no /dev/kvm here."
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False, "We may not open /dev/kvm."
    process = subprocess.Popen(
        [
            *(qemu.BINARY, "-M", "pc,usb=off", *qemu.ACCELERATORS["kvm"], "-m", "192"),
            *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
            *("-serial", "stdio"),
            *qemu.boot(profile, "console=ttyS0 quiet panic=-1 ninesprobe"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL),
    )
    try:
        output, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return False, f"A machine with KVM did not start within {SECONDS} seconds."
    if WORD in output:
        return True, "A machine with KVM started our kernel."
    said = output.decode("utf-8", "replace").strip().splitlines()
    return False, f"QEMU with KVM ended: {said[-1][:200] if said else 'no output'}"


def _first_profile() -> str:
    return sorted(os.listdir(qemu.PROFILES))[0]
