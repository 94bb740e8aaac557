"""Debian root file systems, from the mirror this machine already trusts.

No package host is named anywhere in Nines: the lines handed to mmdebstrap are the
machine's own apt sources with the release swapped, its proxies and all.
"""

import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

APT = Path("/etc/apt")
OS_RELEASE = Path("/etc/os-release")
NO_DOCS = (
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/locale/*",
    "/usr/share/man/*",
)
# What of the machine's apt configuration a build needs to reach the same mirror.
REACHABILITY = re.compile(
    r"^Acquire::(https?|Retries|ForceIPv[46]|Check-Valid-Until|Check-Date)\b"
)


class BuildError(Exception):
    """Shown to the person who runs the build: one sentence, what to do included."""


@dataclass(frozen=True)
class Source:
    """One suite of one repository in the machine's apt configuration."""

    uri: str
    suite: str
    components: tuple[str, ...]
    options: str = ""

    def line(self) -> str:
        parts = ["deb", self.options, self.uri, self.suite, *self.components]
        return " ".join(part for part in parts if part)


def parse_list(text: str) -> list[Source]:
    """The classic format: one `deb` line per suite."""
    entry = re.compile(r"^deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<rest>.+)$")
    found = []
    for line in text.splitlines():
        match = entry.match(line.split("#")[0].strip())
        if not match:
            continue
        uri, suite, *components = match["rest"].split()
        options = dict(
            word.split("=", 1)
            for word in (match["options"] or "").split()
            if "=" in word
        )
        found.append(Source(uri, suite, tuple(components), _options(options)))
    return found


def parse_deb822(text: str) -> list[Source]:
    """The newer format: stanzas of fields, several suites in each."""
    found = []
    for stanza in re.split(r"\n\s*\n", text):
        fields = _fields(stanza)
        enabled = fields.get("enabled", "yes").lower() not in ("no", "false", "0")
        if not enabled or "deb" not in fields.get("types", "").split():
            continue
        options = _options(fields)
        components = tuple(fields.get("components", "").split())
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                found.append(Source(uri, suite, components, options))
    return found


def mirror_lines(
    sources: Sequence[Source], host_suite: str, suite: str
) -> tuple[str, ...]:
    """The machine's Debian archive, its updates and security, for another release."""
    wanted = {end: suite + end for end in ("", "-updates", "-security")}
    lines: dict[str, None] = {}
    for known in (suite, host_suite):
        for source in sources:
            end = source.suite.removeprefix(known)
            is_known = source.suite.startswith(known) and end in wanted
            if is_known and "main" in source.components:
                moved = Source(source.uri, wanted[end], ("main",), source.options)
                lines[moved.line()] = None
        if lines:
            return tuple(lines)
    raise BuildError(
        f"This machine's apt sources have no archive to take Debian {suite} from: "
        f"add a Debian {suite} source in /etc/apt/sources.list.d and try again."
    )


def host_mirror_lines(suite: str) -> tuple[str, ...]:
    sources: list[Source] = []
    for path in [APT / "sources.list", *sorted((APT / "sources.list.d").glob("*"))]:
        if path.suffix == ".list" and path.is_file():
            sources += parse_list(path.read_text())
        elif path.suffix == ".sources" and path.is_file():
            sources += parse_deb822(path.read_text())
    release = _assignments(OS_RELEASE.read_text())
    is_debian = release.get("ID") == "debian"
    return mirror_lines(
        sources, release.get("VERSION_CODENAME", suite) if is_debian else suite, suite
    )


def host_apt_options() -> tuple[str, ...]:
    dump = subprocess.run(
        ["apt-config", "dump"], capture_output=True, text=True, check=True
    ).stdout
    return tuple(line for line in dump.splitlines() if REACHABILITY.match(line))


def bootstrap(
    suite: str,
    packages: Sequence[str],
    archive: Path,
    *,
    scratch: Path,
    variant: str = "minbase",
    hooks: Sequence[str] = (),
) -> None:
    """Write a root file system with these packages to `archive`, a .tar or .tar.zst."""
    command = [
        "mmdebstrap",
        "--mode=root",
        f"--variant={variant}",
        f"--include={','.join(packages)}",
        '--aptopt=APT::Install-Recommends "false"',
        *(f"--aptopt={option}" for option in host_apt_options()),
        *(f"--dpkgopt=path-exclude={path}" for path in NO_DOCS),
        *hooks,
        suite,
        str(archive),
        *host_mirror_lines(suite),
    ]
    run(command, env={**os.environ, "TMPDIR": str(scratch)})


def run(command: Sequence[str | Path], env: dict[str, str] | None = None) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-15:]
        name = shlex.quote(str(command[0]))
        raise BuildError("\n".join([f"{name} failed ({done.returncode}):", *said]))
    return done.stdout


@contextmanager
def phase(name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    print(f"  {name:<34} {time.monotonic() - started:6.1f} s", flush=True)


def _fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    last = ""
    for line in stanza.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line[0].isspace():
            fields[last] = f"{fields.get(last, '')} {line.strip()}"
        else:
            name, _, value = line.partition(":")
            last = name.strip().lower()
            fields[last] = value.strip()
    return fields


def _options(fields: dict[str, str]) -> str:
    """What makes this machine trust the source, in the classic format."""
    lowered = {name.lower(): value for name, value in fields.items()}
    kept = []
    if re.fullmatch(r"/\S+", keyring := lowered.get("signed-by", "")):
        kept.append(f"signed-by={keyring}")
    if lowered.get("trusted") == "yes":
        kept.append("trusted=yes")
    return f"[{' '.join(kept)}]" if kept else ""


def _assignments(text: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {name: value.strip('"') for name, value in pairs}
