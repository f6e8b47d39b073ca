"""Reads iCalendar with libical and says what it saw, as JSON: run as a program of its own, so that a crash is only its.

python libical_reader.py libical.so.3 < file.ics
"""

from __future__ import annotations

import ctypes
import json
import sys
from typing import Any


def load(path: str) -> Any:
    library = ctypes.CDLL(path)
    for name in (
        "icalparser_parse_string",
        "icalcomponent_get_first_component",
        "icalcomponent_get_next_component",
        "icalcomponent_get_first_property",
        "icalcomponent_get_next_property",
        "icalproperty_get_first_parameter",
        "icalproperty_get_next_parameter",
    ):
        getattr(library, name).restype = ctypes.c_void_p
    for name in (
        "icalcomponent_kind_to_string",
        "icalproperty_get_property_name",
        "icalproperty_get_value_as_string",
        "icalparameter_as_ical_string",
    ):
        getattr(library, name).restype = ctypes.c_char_p
    return library


def each(first: Any, after: Any, parent: Any, kind: int) -> Any:
    found = first(parent, kind)
    while found:
        yield ctypes.c_void_p(found)
        found = after(parent, kind)


def read(library: Any, component: Any) -> dict[str, Any]:
    """Name, properties as (name, value as written, parameters), and components inside."""
    any_component, any_property, any_parameter = 1, 0, 0
    properties = []
    for one in each(
        library.icalcomponent_get_first_property, library.icalcomponent_get_next_property, component, any_property
    ):
        parameters = [
            library.icalparameter_as_ical_string(parameter).decode()
            for parameter in each(
                library.icalproperty_get_first_parameter, library.icalproperty_get_next_parameter, one, any_parameter
            )
        ]
        name = library.icalproperty_get_property_name(one).decode()
        properties.append((name, library.icalproperty_get_value_as_string(one).decode(), sorted(parameters)))
    inner = each(
        library.icalcomponent_get_first_component, library.icalcomponent_get_next_component, component, any_component
    )
    return {
        "name": library.icalcomponent_kind_to_string(library.icalcomponent_isa(component)).decode(),
        "properties": properties,
        "components": [read(library, one) for one in inner],
    }


def main() -> None:
    library = load(sys.argv[1])
    parsed = library.icalparser_parse_string(sys.stdin.buffer.read())
    if not parsed:
        raise SystemExit("libical reads no calendar in it")
    component = ctypes.c_void_p(parsed)
    # Of RFC 5546: what each method must and must not carry. Violations are written into the component.
    library.icalrestriction_check(component)
    errors = library.icalcomponent_count_errors(component)
    print(json.dumps({**read(library, component), "errors": errors}, ensure_ascii=False))


if __name__ == "__main__":
    main()
