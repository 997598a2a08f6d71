"""axe-core finds nothing on any page: light and dark, by the system's setting and by choice, wide and narrow."""

import pytest

import axe
from places import PLACES
from visitors import HEIGHT, visiting

WIDTHS = (1280, 390)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_axe_finds_nothing(chromium, scene, place):
    found = []
    with visiting(chromium, scene.server.url) as visitor:
        scene.show(visitor, place)
        for scheme in ("light", "dark"):
            visitor.page.emulate_media(color_scheme=scheme)
            found += look(visitor.page, f"system is {scheme}")
        for theme, scheme in (("light", "dark"), ("dark", "light")):
            visitor.page.context.add_cookies([{"name": "theme", "value": theme, "url": scene.server.url}])
            visitor.page.emulate_media(color_scheme=scheme)
            if place.status >= 400:
                visitor.watch.expect(place.status)
            visitor.page.reload()
            found += look(visitor.page, f"{theme} is chosen")
    assert not found, "\n".join(found)


def look(page, how):
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        yield from (f"{how}, {width} px: {line}" for line in axe.violations(page))
