"""The pictures in docs/pages.md. UPDATE_SCREENSHOTS=1 makes them anew; SCREENSHOTS_FOLDER=… makes every page's in both
themes and widths there, to be looked at."""

import os
import re
from pathlib import Path

import pytest

import pictures
from keybearer import ROOT
from places import PLACES

DOCUMENT = ROOT / "docs/pages.md"
LARGEST = 150_000


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_page_has_its_picture(request, place):
    name = pictures.file(place, place.look)
    if os.environ.get("UPDATE_SCREENSHOTS") == "1":
        scene, chromium = request.getfixturevalue("scene"), request.getfixturevalue("chromium")
        pictures.take(chromium, scene, place, place.look, pictures.FOLDER)
    if folder := os.environ.get("SCREENSHOTS_FOLDER"):
        scene, chromium = request.getfixturevalue("scene"), request.getfixturevalue("chromium")
        for look in pictures.LOOKS:
            pictures.take(chromium, scene, place, look, Path(folder))
    assert (pictures.FOLDER / name).stat().st_size < LARGEST
    assert f"(screenshots/{name})" in DOCUMENT.read_text(), f"{DOCUMENT} does not show {name}"


def test_every_picture_is_of_a_page_and_shown():
    wanted = {pictures.file(place, place.look) for place in PLACES}
    assert {path.name for path in pictures.FOLDER.iterdir()} == wanted
    assert set(re.findall(r"\(screenshots/(\S+?)\)", DOCUMENT.read_text())) == wanted
