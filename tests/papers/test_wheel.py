"""What is installed holds everything that papers are printed with."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tradewind.papers.press import FONTS, TEMPLATES

ROOT = Path(__file__).resolve().parents[2]
BUILD = "from setuptools import build_meta; print(build_meta.build_wheel({folder!r}))"


@pytest.mark.slow
def test_a_wheel_carries_fonts_with_their_licence_templates_and_texts(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(ROOT / "src", tree / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", "requirements.in"):
        shutil.copy(ROOT / name, tree / name)

    subprocess.run(
        [sys.executable, "-c", BUILD.format(folder=str(tmp_path))], cwd=tree, check=True, capture_output=True
    )

    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {f"tradewind/papers/fonts/{one.name}" for one in FONTS.iterdir()}
    wanted |= {f"tradewind/papers/templates/{one.name}" for one in TEMPLATES.iterdir()}
    wanted |= {f"tradewind/papers/catalogues/{language}.json" for language in ("en", "de")}
    assert "tradewind/papers/fonts/OFL.txt" in wanted
    assert wanted <= held
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text().upper()


def test_the_fonts_weigh_little() -> None:
    assert sum(one.stat().st_size for one in FONTS.iterdir()) < 1_200_000
