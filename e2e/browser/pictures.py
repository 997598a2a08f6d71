"""A picture of what a browser shows, without what differs from run to run."""

import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from keybearer import ROOT
from places import Place
from scene import Scene
from visitors import Way, visiting

FOLDER = ROOT / "docs/screenshots"
LOOKS = ["1280-light", "1280-dark", "390-light", "390-dark"]
PUBLIC_URL = "https://tokens.example.com"
COLOURS = 128
# Ids of key and personal access tokens, legacy tokens, by their lengths.
STAND_INS = {16: "Zt4uJ0mWc7QeLr2x", 32: "5f0c1e9ab7d2483f9e6a0b4c8d7e1f23", 40: "3b9d0f6a1c8e4752b0a7d9c6e1f4835a2d7c9e0b"}
LEGACY_TOKEN = re.compile(r"\b[0-9a-f]{40}\b")
ID_IN_A_SENTENCE = re.compile(r"(?:token|replaced:) (\w{16})\b")
KEY_TOKEN = re.compile(r"\bkb_\w+")
KEY_TOKEN_SHOWN = "kb_Zt4uJ0mWc7QeLr2x_6Yq0pVn3sKd8wTfHb1RgXeMz5CjUa9Lo2uQi"
# A picture of a long page is of its beginning.
TALLEST = 1800

STAND_IN = """replacements => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const replaced = text => replacements.reduce((text, [found, shown]) => text.replaceAll(found, shown), text);
  while (texts.nextNode()) texts.currentNode.data = replaced(texts.currentNode.data);
  for (const field of document.querySelectorAll("input, textarea")) field.value = replaced(field.value);
}"""


def file(place: Place, look: str) -> str:
    return f"{place.name}-{look}.png"


def take(browser: Browser, scene: Scene, place: Place, look: str, folder: Path) -> None:
    width, theme = look.split("-")
    with visiting(browser, scene.server.url, Way(int(width)), color_scheme=theme) as visitor:
        scene.show(visitor, place)
        visitor.page.evaluate(STAND_IN, stand_ins(scene, visitor.page.content()))
        visitor.page.mouse.move(0, 0)
        height = min(visitor.page.evaluate("document.documentElement.scrollHeight"), TALLEST)
        visitor.page.set_viewport_size({"width": int(width), "height": max(height, 700)})
        # Playwright's own way to hide the caret is a style that the pages' policy forbids.
        png = visitor.page.screenshot(caret="initial")
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    folder.mkdir(parents=True, exist_ok=True)
    picture.save(folder / file(place, look), optimize=True)


def stand_ins(scene: Scene, html: str) -> list[tuple[str, str]]:
    """What is random in the page, and what the picture shows in its place."""
    found = {*scene.paths.values(), *ID_IN_A_SENTENCE.findall(html)}
    ids = [(value, STAND_INS[len(value)]) for value in found if len(value) in STAND_INS]
    legacy = [(value, STAND_INS[40]) for value in set(LEGACY_TOKEN.findall(html))]
    key = [(value, KEY_TOKEN_SHOWN) for value in set(KEY_TOKEN.findall(html))]
    invite = [(scene.paths["invite"].partition("=")[2], STAND_INS[40])]
    return [(scene.server.url, PUBLIC_URL), *ids, *legacy, *key, *invite]
