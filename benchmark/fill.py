"""Fills a SQLite database with many tokens, fast, and keeps the secrets of some of them.

It writes rows as Keybearer does and nothing else; the server is not running meanwhile."""

import hashlib
import os
import random
import sqlite3
import sys
import time
import zlib
from pathlib import Path

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DAY_MS = 86_400_000
BATCH = 20_000
COLUMNS = ("id, kind, user_id, organization_id, name, note, scopes, ip_ranges, hash, created_at, expires_at, "
           "revoked_at, revoked_because, revoked_by, family_id")


def _base62(data: bytes) -> str:
    return "".join(ALPHABET[byte % 62] for byte in data)


def key_token(number: int) -> tuple[str, str]:
    """Id and text of a key token."""
    token_id = f"{number:016d}"
    text = f"kb_{token_id}{_base62(os.urandom(32))}"
    rest, digits = zlib.crc32(text.encode()), []
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits.append(ALPHABET[digit])
    return token_id, text + "".join(reversed(digits))


def fill(path: Path, count: int, shown: int, *, first: int = 0, is_revoked: bool = False,
         expires_at: int | None = None) -> list[str]:
    """Inserts COUNT key tokens of the first user and returns the texts of SHOWN of them, from all over and in
    no order: neighbours lie in the same page."""
    now = int(time.time() * 1000)
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous = off", "cache_size = -2000000", "temp_store = memory"):
        connection.execute(f"pragma {pragma}")
    # An index is made faster than it is kept up to date row by row.
    indexes = connection.execute(
        "select name, sql from sqlite_master where type = 'index' and tbl_name = 'tokens' and sql is not null").fetchall()
    rebuilt = indexes if count > 100_000 else []
    for name, _ in rebuilt:
        connection.execute(f"drop index {name}")
    texts, began = [], time.time()
    every = max(1, count / max(1, shown))
    connection.execute("begin")
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        noise, rows = os.urandom(size * 32), []
        for at in range(size):
            number = first + start + at
            if len(texts) < shown and start + at >= len(texts) * every:
                token_id, text = key_token(number)
                digest = hashlib.sha256(text.encode()).digest()
                texts.append(text)
            else:
                token_id, digest = f"{number:016d}", noise[at * 32:at * 32 + 32]
            made = now - 30 * DAY_MS + number
            rows.append((token_id, "key", 1, 1, "filled", "", "", "", digest, made, expires_at or made + 90 * DAY_MS,
                         now if is_revoked else None, "by_owner" if is_revoked else None,
                         "operator" if is_revoked else None, token_id))
        connection.executemany(f"insert into tokens ({COLUMNS}) values ({','.join('?' * 15)})", rows)
        _progress(start + size, count, began)
    connection.execute("commit")
    for _, sql in rebuilt:
        connection.execute(sql)
    connection.execute("analyze")
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
    print(f"\r{count:,} tokens filled in {time.time() - began:.0f} s" + " " * 40, file=sys.stderr)
    random.shuffle(texts)
    return texts


def _progress(done: int, count: int, began: float):
    if not sys.stderr.isatty() and done < count:
        return
    width = done * 40 // count
    left = (time.time() - began) / done * (count - done)
    print(f"\r[{'#' * width}{'.' * (40 - width)}] {done:,} of {count:,}, {left:.0f} s left ", end="", file=sys.stderr)
