"""axe-core finds nothing on any page: light as the system says, dark as chosen, wide and narrow."""

import pytest

import axe
from places import PLACES
from visitors import HEIGHT, visiting

WIDTHS = (1280, 390)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_axe_finds_nothing(chromium, scene, place):
    found = []
    with visiting(chromium, scene.server.url, color_scheme="light") as visitor:
        for theme in ("system", "dark"):
            visitor.page.context.add_cookies([{"name": "theme", "value": theme, "url": scene.server.url}])
            scene.show(visitor, place)
            found += look(visitor.page, theme)
    assert not found, "\n".join(found)


def look(page, how):
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        yield from (f"{how}, {width} px: {line}" for line in axe.violations(page))
