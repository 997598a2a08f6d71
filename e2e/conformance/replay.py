"""One recorded request, sent to a running server in its recorded state."""

import wire
from records import Record, fill
from states import House
from wire import Answer


def replay(house: House, record: Record) -> Answer:
    value = house.prepare(record).__getitem__
    try:
        return wire.send(house.server.url, record.method, fill(record.path, value),
                         record.header_pairs(value), record.body(value))
    finally:
        house.after(record)
