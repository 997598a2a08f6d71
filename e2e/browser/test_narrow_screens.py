"""No page scrolls sideways on a telephone; what is wide in it scrolls by itself."""

import pytest

from places import PLACES
from visitors import Way, visiting


@pytest.mark.parametrize("width", [360, 390])
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_page_does_not_scroll_sideways(chromium, scene, place, width):
    with visiting(chromium, scene.server.url, Way(width)) as visitor:
        scene.show(visitor, place)
        wide = visitor.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{place} is {wide} px wide: {widest(visitor.page, width)}"


def widest(page, width):
    return page.evaluate("""width => [...document.querySelectorAll("body *")]
        .filter(element => element.getBoundingClientRect().right > width)
        .map(element => element.outerHTML.slice(0, 120)).slice(0, 5)""", width)
