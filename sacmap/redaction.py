"""Remove users, passwords, keys and other secrets from web addresses before they are shown or recorded.

An address may be mistyped. A part whose meaning is not clear is left out.
"""

from __future__ import annotations

import re

#: Replaces a part that is left out.
LEFT_OUT = "…"
#: The longest word that is searched for addresses.
LONGEST_WORD = 4_000
_SCHEME = re.compile(
    r"\A(?:[a-z][a-z0-9+.-]*:?[/\\]{2,}|[a-z][a-z0-9+.-]*:[/\\]+|[/\\]{2,}|(?:https?|socks\w*|ftp):)", re.I
)
#: The mark of double-size tiles on some servers: …/{y}@2x.png.
_DOUBLE_SIZE = re.compile(r"@(?=[0-9.]+x)")
_HOST = re.compile(r"(?:\[[0-9a-f:.%]*\]|[^:@\[\]]*)(?::[0-9]*)?", re.I)
_PLACEHOLDER = re.compile(r"\{\w+\}")
#: In other text, only what is clearly an address: a path may also have @, # and ;.
_WORD = re.compile(r"[^\s'\"<>]+")
_IN_TEXT = re.compile(r"(?:https?|socks\w*|ftp):[^\s'\"<>]*|[^\s'\"<>/\\:]+:[^\s'\"<>/\\]*@[^\s'\"<>]+", re.I)


def redacted(address: str) -> str:
    """Return an address without user and password, and without the values of its query.

    >>> redacted("https://ann:secret@tiles.example.org/{z}/{x}/{y}.png?key=secret&style={style}")
    'https://tiles.example.org/{z}/{x}/{y}.png?key=…&style={style}'
    >>> redacted("ann:secret@proxy.example.org:8080")
    'proxy.example.org:8080'
    """
    rest = _SCHEME.sub("", address)
    scheme = address[: len(address) - len(rest)]
    rest = _DOUBLE_SIZE.sub("\0", rest.replace("\0", ""))
    host = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    # A password may hold any of the characters that end a host.
    if "@" in host or (":" in host and "@" in rest):
        rest = rest.rsplit("@", 1)[1]
        host = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    if not _HOST.fullmatch(host):
        rest = LEFT_OUT + rest[len(host) :]
    path, *query = re.split(r"(?=[?#;])", rest, maxsplit=1)
    return f"{scheme}{path}{_without_values(''.join(query))}".replace("\0", "@")


def redacted_text(text: str) -> str:
    """Return text with every address in it redacted. Messages of libraries may quote one."""
    return _WORD.sub(lambda found: _redacted_word(found[0]), text)


def _redacted_word(word: str) -> str:
    if ":" not in word:
        return word
    # No address is so long, and the time of the search grows with the square of the length.
    return _IN_TEXT.sub(lambda found: redacted(found[0]), word) if len(word) <= LONGEST_WORD else LEFT_OUT


def host_of(address: str) -> str:
    """Return the host and port of an address, for messages."""
    return re.split(r"[/\\?#]", _SCHEME.sub("", redacted(address)), maxsplit=1)[0]


def _without_values(query: str) -> str:
    parts = re.split(r"([&;#?])", query)
    return "".join(part if n % 2 else _without_value(part) for n, part in enumerate(parts))


def _without_value(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if not equals:
        # A name alone may be a key as well.
        return LEFT_OUT if pair and not _PLACEHOLDER.fullmatch(pair) else pair
    shown = value if not value or _PLACEHOLDER.fullmatch(value) else LEFT_OUT
    return f"{name}={shown}"
