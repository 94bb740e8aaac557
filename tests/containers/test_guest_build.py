"""The parts of the image builds that decide something; none of them needs root."""

import json
import lzma
import re
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from containers.guest import build, debian
from containers.guest.debian import BuildError, Source
from containers.guest.states import states

from bootstrap.build import lab_profiles

DEB822 = """
# a comment
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/example.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://elsewhere.example/tools
Suites: nodistro
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""
DEPENDENCIES = {
    "kernel/fs/ext4/ext4.ko": ("kernel/fs/jbd2/jbd2.ko", "kernel/lib/crc16.ko"),
    "kernel/fs/jbd2/jbd2.ko": (),
    "kernel/lib/crc16.ko": (),
    "kernel/drivers/scsi/sd_mod.ko": ("kernel/block/t10-pi.ko",),
    "kernel/block/t10-pi.ko": (),
    "kernel/drivers/block/drbd/drbd.ko": (),
    "kernel/net/netfilter/nf_tables.ko": (),
    "kernel/net/netfilter/ipvs/ip_vs.ko": (),
}
MIRROR = "http://mirror.example/debian"


class TestSources:
    def test_classic_lines_keep_what_makes_them_trusted(self) -> None:
        text = (
            "# deb http://off.example/debian bookworm main\n"
            f"deb [arch=amd64 signed-by=/k.gpg] {MIRROR} bookworm main contrib # on\n"
            f"deb-src {MIRROR} bookworm main\n"
        )

        assert debian.parse_list(text) == [
            Source(MIRROR, "bookworm", ("main", "contrib"), "[signed-by=/k.gpg]")
        ]

    def test_every_suite_of_a_stanza_is_a_source(self) -> None:
        found = debian.parse_deb822(DEB822)

        assert [source.suite for source in found] == [
            "bookworm",
            "bookworm-updates",
            "bookworm-security",
            "nodistro",
        ]
        assert found[0].options == "[signed-by=/usr/share/keyrings/example.gpg]"

    def test_a_key_written_into_the_stanza_is_left_to_apt(self) -> None:
        text = (
            f"Types: deb\nURIs: {MIRROR}\nSuites: bookworm\nSigned-By:\n -----BEGIN\n"
        )

        assert debian.parse_deb822(text)[0].options == ""

    def test_another_release_comes_from_the_same_mirror(self) -> None:
        lines = debian.mirror_lines(debian.parse_deb822(DEB822), "bookworm", "trixie")

        key = "[signed-by=/usr/share/keyrings/example.gpg]"
        assert lines == (
            f"deb {key} {MIRROR} trixie main",
            f"deb {key} {MIRROR} trixie-updates main",
            "deb http://mirror.example/debian-security trixie-security main",
        )

    def test_the_release_itself_is_preferred(self) -> None:
        sources = [
            Source(MIRROR, "trixie", ("main",)),
            Source("http://old.example/debian", "bookworm", ("main",)),
        ]

        assert debian.mirror_lines(sources, "trixie", "bookworm") == (
            "deb http://old.example/debian bookworm main",
        )

    def test_a_machine_without_debian_sources_is_told(self) -> None:
        with pytest.raises(BuildError, match="add a Debian trixie source"):
            debian.mirror_lines(
                [Source(MIRROR, "noble", ("main",))], "trixie", "trixie"
            )

    @pytest.mark.parametrize(
        ("line", "kept"),
        [
            ('Acquire::http::Proxy "http://proxy.example:3142";', True),
            ('Acquire::https::CAInfo "/etc/ssl/own.pem";', True),
            ('Acquire::Check-Valid-Until "false";', True),
            ('Acquire::IndexTargets "";', False),
            ('APT::Install-Recommends "1";', False),
        ],
    )
    def test_proxies_are_inherited_and_habits_are_not(
        self, line: str, kept: bool
    ) -> None:
        assert bool(debian.REACHABILITY.match(line)) is kept


class TestModules:
    def test_the_kernels_own_file_is_understood(self) -> None:
        text = "kernel/a.ko: kernel/b.ko kernel/c.ko\nkernel/b.ko:\n"

        assert build.parse_modules_dep(text) == {
            "kernel/a.ko": ("kernel/b.ko", "kernel/c.ko"),
            "kernel/b.ko": (),
        }

    def test_what_a_module_needs_comes_along(self) -> None:
        assert build.select_modules(["drivers/scsi/sd_mod.ko"], DEPENDENCIES) == [
            "kernel/block/t10-pi.ko",
            "kernel/drivers/scsi/sd_mod.ko",
        ]

    def test_a_folder_is_all_that_is_below_it(self) -> None:
        chosen = build.select_modules(["fs"], DEPENDENCIES)

        assert "kernel/fs/ext4/ext4.ko" in chosen
        assert "kernel/drivers/block/drbd/drbd.ko" not in chosen

    def test_a_module_that_is_not_there_is_an_error(self) -> None:
        with pytest.raises(BuildError, match="no module fs/gone"):
            build.select_modules(["fs/gone"], DEPENDENCIES)

    def test_the_initrd_loads_what_is_needed_first(self) -> None:
        order = build.load_order(["built_in", "ext4", "crc16"], DEPENDENCIES)

        assert order == [
            "kernel/lib/crc16.ko",
            "kernel/fs/jbd2/jbd2.ko",
            "kernel/fs/ext4/ext4.ko",
        ]

    def test_dashes_and_underscores_are_one(self) -> None:
        dependencies = {"kernel/arch/x86/crypto/crc32c-intel.ko": ()}

        assert build.load_order(["crc32c_intel"], dependencies) == list(dependencies)


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    (tmp_path / "base.toml").write_text(
        'suite = "bookworm"\npackages = ["systemd"]\nmodules = ["fs/ext4"]\n'
        'masked_units = ["getty.target"]\n'
    )
    (tmp_path / "storage.toml").write_text(
        'extends = "base"\npackages = ["mdadm"]\nmodules = ["fs/ext4", "drivers/md"]\n'
        '[[dropped_lines]]\nfile = "a"\ncontaining = "b"\n'
    )
    return tmp_path


class TestProfiles:
    def test_a_profile_has_all_of_what_it_extends(self, profiles: Path) -> None:
        storage = build.load_profile("storage", profiles)

        assert storage.name == "storage"
        assert storage.suite == "bookworm"
        assert storage.layers == (("systemd",), ("mdadm",))
        assert storage.modules == ("fs/ext4", "drivers/md")
        assert storage.masked_units == ("getty.target",)
        assert storage.dropped_lines == (build.DroppedLines("a", "b"),)

    def test_a_misspelt_word_is_an_error(self, profiles: Path) -> None:
        (profiles / "odd.toml").write_text('pakages = ["x"]\n')

        with pytest.raises(BuildError, match="pakages"):
            build.load_profile("odd", profiles)

    def test_a_missing_profile_says_which_there_are(self, profiles: Path) -> None:
        with pytest.raises(BuildError, match=r"base, storage\."):
            build.load_profile("cluster", profiles)

    def test_profiles_share_the_layers_they_have_in_common(
        self, profiles: Path
    ) -> None:
        base = build.layer_ids(build.load_profile("base", profiles))
        storage = build.layer_ids(build.load_profile("storage", profiles))

        assert storage[:1] == base
        assert len(set(storage)) == 2

    @pytest.mark.parametrize("path", sorted(build.PROFILES.glob("*.toml")))
    def test_the_shipped_ones_can_be_read(self, path: Path) -> None:
        assert build.load_profile(path.stem).suite

    def test_every_profile_a_lab_names_is_shipped(self) -> None:
        assert set(lab_profiles()) <= {path.stem for path in build.PROFILES.iterdir()}

    def test_no_package_host_is_named(self) -> None:
        for path in build.HERE.rglob("*"):
            if path.is_file() and path.suffix in (".py", ".toml", ".sh", ".list"):
                assert not re.search(r"https?://\w", path.read_text()), path


class TestBuildId:
    def test_it_stays_until_an_input_changes(self, profiles: Path) -> None:
        def now() -> str:
            return build.build_id(build.load_profile("storage", profiles))

        before = now()
        assert now() == before

        base = profiles / "base.toml"
        base.write_text(base.read_text().replace("systemd", "sysvinit-core"))
        assert now() != before

    def test_a_build_is_done_when_all_of_it_is_there(self, tmp_path: Path) -> None:
        assert not build.is_built(tmp_path, "abc")
        for name in build.ARTEFACTS:
            (tmp_path / name).touch()
        (tmp_path / "meta.json").write_text(json.dumps({"build_id": "abc"}))
        assert build.is_built(tmp_path, "abc")
        assert not build.is_built(tmp_path, "abd")

        (tmp_path / "vmlinux").unlink()
        assert not build.is_built(tmp_path, "abc")

    def test_each_profile_is_built_outdated_or_missing(
        self, profiles: Path, tmp_path: Path
    ) -> None:
        def publish(name: str, ident: str) -> None:
            (tmp_path / name).mkdir()
            for artefact in build.ARTEFACTS:
                (tmp_path / name / artefact).touch()
            meta = json.dumps({"build_id": ident})
            (tmp_path / name / "meta.json").write_text(meta)

        publish("storage", build.build_id(build.load_profile("storage", profiles)))
        assert states(tmp_path, profiles) == {"base": "missing", "storage": "built"}

        publish("base", "of another day")
        assert states(tmp_path, profiles)["base"] == "outdated"

    def test_a_torn_meta_file_is_no_build(self, tmp_path: Path) -> None:
        (tmp_path / "meta.json").write_text("{")

        assert not build.is_built(tmp_path, "abc")


class TestImages:
    def test_an_initrd_is_aligned_and_ends(self) -> None:
        archive = build.cpio({"bin": None, "bin/sh": b"12345"})

        assert archive.startswith(b"070701")
        assert len(archive) % 4 == 0
        assert archive.count(b"070701") == 3
        assert b"TRAILER!!!\0" in archive

    def test_the_kernel_comes_out_of_its_wrapping(
        self, bzimage: Callable[[bytes], Path]
    ) -> None:
        elf = b"\x7fELF" + bytes(1000)

        assert build.unpack_kernel(bzimage(elf), "6.1") == elf

    def test_a_kernel_that_holds_no_elf_is_refused(
        self, bzimage: Callable[[bytes], Path]
    ) -> None:
        with pytest.raises(BuildError, match="does not hold an ELF"):
            build.unpack_kernel(bzimage(b"something else"), "6.1")

    def test_dropping_a_line_that_is_not_there_is_an_error(
        self, tmp_path: Path
    ) -> None:
        rules = tmp_path / "63.rules"
        rules.write_text("keep\nstart mdmonitor.service\n")

        build.drop_lines(rules, "mdmonitor")
        assert rules.read_text() == "keep\n"
        with pytest.raises(BuildError, match="no line with mdmonitor"):
            build.drop_lines(rules, "mdmonitor")


@pytest.fixture
def bzimage(tmp_path: Path) -> Callable[[bytes], Path]:
    def make(content: bytes) -> Path:
        packed = lzma.compress(content) + struct.pack("<I", len(content))
        image = bytearray(2 * 512)
        image[0x1F1] = 1
        struct.pack_into("<II", image, 0x248, 0, len(packed))
        (tmp_path / "boot").mkdir()
        (tmp_path / "boot/vmlinuz-6.1").write_bytes(bytes(image) + packed)
        return tmp_path

    return make
