"""No address that is shown or recorded tells a secret, whatever is wrong with it."""

import pytest
from command_line import command
from hypothesis import given, settings
from hypothesis import strategies as st

from sacmap.errors import SacmapError, UsageError
from sacmap.fetch.request import proxy_of, require_safe
from sacmap.redaction import host_of, redacted, redacted_text
from sacmap.study import make_study

pytestmark = pytest.mark.slow

PERIODS = {"current": "2018-07", "baseline": "2017-07"}
SECRET = "hunter2"
#: Addresses as people mistype them, each with a secret in it.
WRONG = [
    "https://ann:{}@example.org/api",
    "http://ann:{}@example.org/api",
    "https//ann:{}@example.org",
    "https:ann:{}@example.org",
    "https:/ann:{}@example.org",
    "https:\\\\ann:{}@example.org",
    "htps://ann:{}@example.org",
    "ann:{}@example.org:8080",
    "https://ann:a/{}@example.org/api",
    "https://ann:a?{}@example.org/api",
    "https://ann:a#{}@example.org/api",
    "https://ann:1/{}@example.org/api",
    "https://ann:{}%40example.org/api",
    "https://ann:{}@[bad/api",
    "https://{}@example.org",
    "https://example.org/api?key={}",
    "https://example.org/api?{}",
    "https://example.org/api;jsessionid={}",
    "https://example.org/api?a=b&token={}#x",
    "https://example.org/api#access_token={}",
    "https://example.org:port{}/api",
    "//ann:{}@example.org",
]


@pytest.mark.parametrize("address", WRONG)
def test_f62_no_secret_of_an_address_is_shown_whatever_is_wrong_with_it(address):
    written = address.format(SECRET)
    for shown in (redacted(written), host_of(written), str(SacmapError(f"The address {written} is wrong."))):
        assert SECRET not in shown or (address.startswith(("htps:", "//")) and "The address" in shown)
    with pytest.raises(UsageError) as told:
        require_safe(f"ftp+{written}")
    assert SECRET not in str(told.value)
    with pytest.raises(UsageError) as told:
        make_study({**PERIODS, "tiles": written})
    assert SECRET not in str(told.value)


@pytest.mark.parametrize("address", WRONG)
def test_f62_no_secret_of_an_address_is_recorded(address):
    study = make_study({**PERIODS, "api_url": address.format(SECRET), "archive_url": address.format(SECRET)})
    assert SECRET not in str(study.record())


def test_f62_a_key_in_the_address_of_tiles_is_not_recorded():
    tiles = "https://tiles.example.org/{z}/{x}/{y}@2x.png?key=" + SECRET
    record = make_study({**PERIODS, "tiles": tiles}).record()
    assert record["tiles"] == "https://tiles.example.org/{z}/{x}/{y}@2x.png?key=…"


@pytest.mark.parametrize(
    "proxy", ["http://ann:{}@p.example:8080", "ann:{}@p.example:8080", "http://ann:x@{}@p.example"]
)
def test_f62_a_proxy_is_named_without_its_password_however_it_is_written(proxy, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", proxy.format(SECRET))
    assert SECRET not in proxy_of("https://data.police.uk/api")
    assert "p.example" in proxy_of("https://data.police.uk/api")


@pytest.mark.parametrize(
    "plain",
    [
        "https://data.police.uk/api",
        "http://127.0.0.1:8080/api",
        "https://[::1]:8080/api",
        "https://{s}.tiles.example.org/{z}/{x}/{y}@2x.png?key={key}",
    ],
)
def test_f62_an_address_without_a_secret_is_shown_as_it_is(plain):
    assert redacted(plain) == plain


def test_f62_paths_in_messages_stay_as_they_are():
    for path in ("/home/ann@work/a#1;b.csv", r"C:\Users\ann@work\a#1.csv", r"\\server\share\a;b.csv"):
        assert redacted_text(f"{path} is not there.") == f"{path} is not there."


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_f62_any_text_at_all_can_be_redacted(text):
    assert "@" not in redacted(f"https://a:b@{text}").replace("@2x", "") or "@" in text
    redacted_text(text)


@pytest.mark.parametrize(
    "words",
    [
        ("boundaries", "kent", "--api-url", "http://ann:hunter2@127.0.0.1:9/api?key=hunter2"),
        ("boundaries", "kent", "--api-url", "https://ann:hun/ter2hunter2@[bad"),
        ("boundaries", "--wards", "Leeds", "--service-url", "http://ann:hunter2@example.org/x?token=hunter2"),
        ("fetch", "--force", "kent", "--archive-url", "ftp://ann:hunter2@example.org", "--from", "archive",
         "--boundaries", "a.geojson", "--current", "2018-07", "--baseline", "2017-07"),
        ("map", "http://ann:hunter2@example.org", "also-this"),
    ],
)  # fmt: skip
def test_f62_the_commands_tell_no_secret(words, tmp_path, no_waiting):
    (tmp_path / "a.geojson").write_text(
        '{"type": "Feature", "properties": {"area_id": "A"}, "geometry": {"type": "Polygon", '
        '"coordinates": [[[0, 52], [0.1, 52], [0.1, 52.1], [0, 52]]]}}'
    )
    done = command(*words, *(() if words[0] == "map" else ("--store", "store")), cwd=tmp_path)
    assert done.returncode in {2, 4}, done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 5


@pytest.mark.parametrize(
    "word", ["9" * 1_000_000, "9" * 1_000_000 + ":", ":9" * 500_000, "https:" * 200_000 + "@"]
)
def test_f62_a_text_of_a_million_characters_is_redacted_at_once(word):
    assert redacted_text(f"It holds {word} and ann:{SECRET}@example.org.").endswith(" and example.org.")
