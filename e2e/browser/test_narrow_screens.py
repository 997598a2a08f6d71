"""No page scrolls sideways on a telephone; what is wide in it scrolls by itself."""

import pytest

from places import PLACES
from visitors import HEIGHT, Way, visiting


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_page_does_not_scroll_sideways(chromium, scene, place):
    with visiting(chromium, scene.server.url, Way(390)) as visitor:
        scene.show(visitor, place)
        for width in (390, 360):
            visitor.page.set_viewport_size({"width": width, "height": HEIGHT})
            wide = visitor.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{place} is {wide} px wide: {widest(visitor.page, width)}"


def widest(page, width):
    return page.evaluate("""width => [...document.querySelectorAll("body *")]
        .filter(element => element.getBoundingClientRect().right > width)
        .map(element => element.outerHTML.slice(0, 120)).slice(0, 5)""", width)
