"""axe-core finds nothing on any page: light as the system says, dark as chosen, wide and narrow; and on some pages dark as
the system says, and light as chosen against it."""

import pytest
from playwright.sync_api import expect

import axe
from places import PLACES
from visitors import HEIGHT, visiting

WIDTHS = (1280, 390)
# With the menu, fields, badges, a dialog and charts.
SOME = [place for place in PLACES if place.name in ("menu", "new-key-token", "key-tokens", "add-members", "use")]
GROUND = {"system": "rgb(21, 23, 26)", "light": "rgb(245, 244, 241)"}


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_axe_finds_nothing(chromium, scene, place):
    found = []
    with visiting(chromium, scene.server.url, color_scheme="light") as visitor:
        for theme in ("system", "dark"):
            visitor.page.context.add_cookies([{"name": "theme", "value": theme, "url": scene.server.url}])
            scene.show(visitor, place)
            found += look(visitor.page, theme)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("place", SOME, ids=str)
def test_axe_finds_nothing_where_the_system_is_dark(chromium, scene, place):
    found = []
    with visiting(chromium, scene.server.url, color_scheme="dark") as visitor:
        for theme, ground in GROUND.items():
            visitor.page.context.add_cookies([{"name": "theme", "value": theme, "url": scene.server.url}])
            scene.show(visitor, place)
            expect(visitor.page.locator("body")).to_have_css("background-color", ground)
            found += look(visitor.page, f"{theme} on dark")
    assert len(SOME) == 5 and not found, "\n".join(found)


def look(page, how):
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        yield from (f"{how}, {width} px: {line}" for line in axe.violations(page))
