"""What a first visit costs, and what a second one does not."""

from playwright.sync_api import Response

from visitors import visiting

KB = 1000


def test_first_page_stays_under_60_kb_in_all(chromium, standing_server):
    with visiting(chromium, standing_server.url) as visitor:
        answers: list[Response] = []
        visitor.page.on("response", lambda answer: answers.append(answer))
        visitor.page.goto(standing_server.url, wait_until="networkidle")
        sizes = {answer.url: transferred(answer) for answer in answers}
        assert len(sizes) >= 4, sizes
        assert sum(sizes.values()) < 60 * KB, sizes


def test_files_are_kept_by_the_browser_and_pages_are_not(chromium, standing_server):
    with visiting(chromium, standing_server.url) as visitor:
        answers: list[Response] = []
        visitor.page.on("response", lambda answer: answers.append(answer))
        visitor.go("/user/login/")
        kept = {answer.url: answer.header_value("cache-control") for answer in answers}
        files = {url: rule for url, rule in kept.items() if "/static/" in url}
        assert len(files) == 3 and all("immutable" in rule for rule in files.values()), kept
        assert all(rule == "no-store" for url, rule in kept.items() if url not in files), kept


def transferred(answer: Response) -> int:
    sizes = answer.request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]
