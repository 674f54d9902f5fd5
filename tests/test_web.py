import contextlib
import socket
import socketserver
import ssl
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from police_uk import FAULTS, Clock, running, serve, server_of, web

from sacmap.errors import InputError, SourceError, UsageError
from sacmap.fetch import retry as table
from sacmap.fetch.request import new_session, proxy_of, quoted, require_safe, retry_after
from sacmap.fetch.retry import AttemptResult, NextStep, backoff, decide
from sacmap.fetch.web import AbsentError, Web, json_judge


def months_listed(value):
    return [row["date"] for row in value]


JUDGE = json_judge(months_listed)


@pytest.fixture
def base(police):
    with serve(police) as url:
        yield f"{url}/api"


def fault_at_first(name, times=1):
    return lambda number, path: name if number < times else None


def ask(client, base, **more):
    return client.ask(f"{base}/crimes-street-dates", JUDGE, **more)


def test_a_whole_answer_is_kept_at_the_first_try(base, police, clock):
    with web(clock) as client:
        answer = ask(client, base)
    assert (answer.value[0], len(answer.value), len(police.paths)) == ("2024-03", 36, 1)
    assert answer.body.startswith(b"[")
    assert clock.slept == []


def test_an_answer_that_does_not_come_is_told_once_and_a_single_slip_not(base, police, clock):
    police.fault = fault_at_first("502")
    told = []
    with web(clock, say=told.append) as client:
        ask(client, base)
        assert told == []
        police.fault = lambda number, path: "502"
        with pytest.raises(SourceError):
            ask(client, base)
    assert len(told) == 1
    assert told[0].startswith("127.0.0.1:")
    assert told[0].endswith(". Trying again.")


def passes(base, police, clock, name):
    """A fault that comes twice is asked again, after growing waits, and the answer is whole."""
    police.fault = fault_at_first(name, times=2)
    with web(clock) as client:
        assert len(ask(client, base, cap=1 << 20).value) == 36
    assert len(police.paths) == 3
    assert clock.slept == [1.0, 2.0]


def stays(base, police, clock, name, words):
    """A fault that stays ends within two minutes, says what it was, and that nothing fetched is lost."""
    police.fault = lambda number, path: name
    with web(clock) as client, pytest.raises(SourceError, match=words) as told:
        ask(client, base, cap=1 << 20)
    assert len(police.paths) == table.TRIES
    assert sum(clock.slept) < 120
    assert "What was fetched is kept" in told.value.cause
    assert told.value.remedy
    assert told.value.exit_code == 4


@pytest.mark.parametrize("name", ["cut_length", "cut_chunked"])
def test_f01_a_body_cut_short_is_asked_again(base, police, clock, name):
    passes(base, police, clock, name)
    police.paths.clear()
    stays(base, police, Clock(), name, "gave an answer cut short")


def test_f02_a_body_cut_silently_is_parsed_before_it_counts(base, police, clock):
    passes(base, police, clock, "cut_close")
    police.paths.clear()
    stays(base, police, Clock(), "cut_close", "gave JSON that is cut short or damaged, 6 times")


def test_f03_a_page_of_html_is_asked_again_then_quoted_by_type_and_40_characters(base, police, clock):
    passes(base, police, clock, "html")
    police.paths.clear()
    quote = r"not JSON but text/html, starting '<!doctype html><title>Welcome to council'"
    stays(base, police, Clock(), "html", quote)


def test_f04_json_of_another_shape_is_asked_again(base, police, clock):
    passes(base, police, clock, "odd")
    police.paths.clear()
    stays(base, police, Clock(), "odd", "JSON with an unexpected structure")


@pytest.mark.parametrize("name", ["502", "504", "500", "408", "425", "204", "reset"])
def test_f09_gateways_and_resets_get_six_tries_and_then_are_unreachable(base, police, clock, name):
    passes(base, police, clock, name)
    police.paths.clear()
    stays(base, police, Clock(), name, r"unreachable: .* 6 times|cut short|status (204|425), 6 times")


@pytest.mark.parametrize("name", ["huge", "bomb"])
def test_f17_an_enormous_answer_or_a_bomb_stops_at_the_cap(base, police, clock, name):
    passes(base, police, clock, name)
    police.paths.clear()
    stays(base, police, Clock(), name, "more than 1,048,576 bytes")


def test_f17_an_answer_in_several_members_of_gzip_is_read_whole(base, police, clock):
    police.fault = fault_at_first("members")
    with web(clock, deadline=5.0) as client:
        assert ask(client, base).value == police.months
    assert len(police.paths) == 1


def test_f17_what_only_claims_to_be_gzip_is_asked_again(base, police, clock):
    passes(base, police, clock, "bad_gzip")


def test_f04_the_error_names_the_field(base, police, clock):
    police.fault = lambda number, path: "odd"

    def wants_a_date(value):
        return value["date"]

    with web(clock) as client, pytest.raises(SourceError, match="unexpected structure: date"):
        client.ask(f"{base}/crime-last-updated", json_judge(wants_a_date))


@pytest.mark.parametrize(
    ("name", "waits"), [("seconds", 3.0), ("date", 7.0), ("nonsense", 1.0), ("forever", 120.0)]
)
def test_f05_a_429_is_waited_for_as_asked_up_to_two_minutes(base, police, clock, name, waits):
    police.fault = fault_at_first(name)
    with web(clock) as client:
        ask(client, base)
    assert clock.slept == [waits]


def test_f05_a_server_that_asks_to_wait_for_ever_is_left_after_a_few_minutes(base, police, clock):
    police.fault = lambda number, path: "forever"
    with web(clock) as client, pytest.raises(SourceError, match="429"):
        ask(client, base)
    assert clock.slept == [120.0, 120.0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("12", 12),
        ("-5", 0),
        ("999999", 120),
        ("9" * 400, 120),
        ("9" * 5_000, None),
        ("Sun, 99 Foo 2024", None),
    ],
)
def test_f05_nonsense_in_retry_after_counts_as_none(text, seconds):
    assert retry_after(text, 0.0) == seconds


def test_f06_after_a_429_the_rest_of_the_run_is_slower(base, police, clock):
    police.fault = fault_at_first("429")
    with web(clock) as client:
        ask(client, base)
        before = clock.now
        for _ in range(7):
            ask(client, base)
    assert clock.now - before == pytest.approx(2.0, abs=0.01)


def test_f06_the_documented_limit_is_never_met_at_our_pace(base, police, clock):
    with web(clock) as client:
        for _ in range(70):
            ask(client, base)
    assert len(police.paths) == 70
    assert sum(clock.slept) == pytest.approx(69 / 7)


def test_f06_a_client_that_is_too_fast_meets_the_limit_and_slows_down(base, police, clock):
    with web(clock, per_second=1000.0) as client:
        for _ in range(60):
            ask(client, base)
    assert 60 < len(police.paths) < 75


def test_f07_a_503_is_asked_once_more_and_then_in_parts(base, police, clock):
    police.fault = lambda number, path: "503"
    with web(clock) as client:
        assert client.ask_or_split(f"{base}/crimes-street-dates", JUDGE) is None
    assert len(police.paths) == 2


def test_f08_exactly_ten_thousand_rows_are_asked_in_parts_at_once(base, police, clock):
    judge = json_judge(months_listed, full=36)
    with web(clock) as client:
        assert client.ask_or_split(f"{base}/crimes-street-dates", judge) is None
        with pytest.raises(SourceError, match="exactly 36 rows"):
            client.ask(f"{base}/crimes-street-dates", judge)
    assert len(police.paths) == 2


def test_f09_a_name_that_is_not_known_is_unreachable(clock):
    with web(clock) as client, pytest.raises(SourceError, match=r"unreachable: no connection .*6 times"):
        client.ask("https://data.police.invalid/api/forces", JUDGE)
    assert sum(clock.slept) < 120


def test_f09_nobody_listening_is_unreachable(clock):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with web(clock) as client, pytest.raises(SourceError, match=r"unreachable: no connection .*refused"):
        client.ask(f"http://127.0.0.1:{port}/api/forces", JUDGE)


def test_f10_a_redirect_is_refused_and_nothing_else_is_asked(base, police, clock):
    police.fault = fault_at_first("redirect", 6)
    with (
        web(clock) as client,
        pytest.raises(SourceError, match=r"a redirect to http://login\.example") as told,
    ):
        ask(client, base)
    assert "sign-in page" in told.value.remedy
    assert set(police.paths) == {"/api/crimes-street-dates"}


def test_f13_a_trickle_ends_at_the_deadline_of_the_whole_attempt(base, police, clock):
    police.fault = fault_at_first("trickle", 2)
    with web(clock, deadline=0.75) as client:
        with pytest.raises(SourceError, match=r"no complete answer in 0\.75 seconds"):
            ask(client, base, tries=1)
        assert len(ask(client, base).value) == 36
    # More where a busy machine answered too late as well.
    assert len(police.paths) >= 3


def test_f15_a_dead_proxy_is_named_without_its_password(clock, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://officer:secret@127.0.0.1:{port}")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with (
        web(clock) as client,
        pytest.raises(SourceError, match=rf"the proxy http://127\.0\.0\.1:{port}") as told,
    ):
        client.ask("https://data.police.uk/api/forces", JUDGE)
    assert "secret" not in str(told.value)
    assert "officer" not in str(told.value)
    assert "HTTPS_PROXY" in told.value.remedy


@pytest.fixture
def proxy(monkeypatch):
    """Return a function that starts a proxy which gives one answer to everyone, and is named in the environment."""
    running_now = contextlib.ExitStack()

    def start(answer):
        class OneAnswer(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.recv(4096)
                self.request.sendall(answer)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), OneAnswer)
        name = f"127.0.0.1:{running_now.enter_context(running(server))}"
        monkeypatch.setenv("HTTPS_PROXY", f"http://officer:secret@{name}")
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("no_proxy", "")
        return name

    with running_now:
        yield start


@pytest.mark.parametrize(
    ("status", "words", "tries"),
    [
        ("407 Proxy Authentication Required", r"asks for a user name and a password \(407\)", 1),
        ("403 Forbidden", r"does not allow it \(403\)", 1),
        ("502 Bad Gateway", r"does not get through \(status 502\)", 6),
    ],
)
def test_f15_a_proxy_that_answers_is_told_as_that_and_asked_again_only_where_it_helps(
    proxy, clock, status, words, tries
):
    name = proxy(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
    with (
        web(clock) as client,
        pytest.raises(SourceError, match=f"unreachable: the proxy http://{name} {words}") as told,
    ):
        client.ask("https://data.police.uk/api/forces", JUDGE)
    assert client.requests == tries
    assert "secret" not in str(told.value)
    assert "HTTPS_PROXY" in told.value.remedy


@pytest.mark.parametrize("scheme", ["socks5", "nonsense"])
def test_f15_a_proxy_that_cannot_be_used_is_told_at_once(clock, monkeypatch, scheme):
    monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://officer:secret@127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    with (
        web(clock) as client,
        pytest.raises(SourceError, match=f"{scheme}://127.0.0.1:9 cannot be used") as told,
    ):
        client.ask("https://data.police.uk/api/forces", JUDGE)
    assert clock.slept == []
    assert "secret" not in str(told.value)


def test_f09_a_connection_cut_before_it_is_secure_is_asked_again_and_no_false_certificate(proxy, clock):
    # As of a sign-in page that answers for every host, or of a line that breaks.
    proxy(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    with web(clock) as client, pytest.raises(SourceError, match="no secure connection") as told:
        client.ask("https://data.police.uk/api/forces", JUDGE)
    assert client.requests == 6
    assert "certificate" not in str(told.value)
    assert "_ssl.c" not in str(told.value)


def test_f15_a_proxy_is_shown_without_user_and_password(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://a:p@ss@proxy.council.example:8080")
    assert proxy_of("https://data.police.uk/api") == "http://proxy.council.example:8080"


@pytest.fixture(scope="module")
def authority():
    return pytest.importorskip("trustme").CA()


@contextlib.contextmanager
def serving_tls(police, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = server_of(police)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with running(server) as port:
        yield f"https://localhost:{port}/api"


@pytest.fixture
def behind_tls(authority, police, clock):
    """The server behind a certificate of a council's own authority."""
    with serving_tls(police, authority.issue_cert("localhost", "127.0.0.1")) as url:
        yield url


def test_f16_an_unknown_certificate_is_not_trusted_and_says_what_to_give(behind_tls, police, clock):
    with web(clock) as client, pytest.raises(SourceError, match="is not trusted") as told:
        ask(client, behind_tls)
    assert "--ca-bundle" in told.value.remedy
    assert "_ssl.c" not in str(told.value)
    assert police.paths == []
    assert clock.slept == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows says it in other words")
def test_f16_a_certificate_of_another_server_or_out_of_date_says_what_to_check(
    authority, police, clock, tmp_path
):
    bundle = tmp_path / "council.pem"
    authority.cert_pem.write_to_path(str(bundle))
    other = authority.issue_cert("other.example")
    old = authority.issue_cert("localhost", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    for certificate, said, remedy in (
        (other, "valid for 'localhost'. Nothing was sent.", "If your organisation"),
        (old, "has expired. Nothing was sent.", "Check this computer's date. If your organisation"),
    ):
        with (
            serving_tls(police, certificate) as url,
            web(clock, ca_bundle=str(bundle)) as client,
            pytest.raises(SourceError) as told,
        ):
            ask(client, url)
        assert said in told.value.cause
        assert told.value.remedy.startswith(remedy)


def test_f16_a_bundle_is_trusted_beside_the_system(behind_tls, authority, clock, tmp_path):
    bundle = tmp_path / "council.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with web(clock, ca_bundle=str(bundle)) as client:
        assert len(ask(client, behind_tls).value) == 36


def test_f16_a_bundle_that_is_missing_or_empty_is_a_clear_error(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        Web(ca_bundle=str(tmp_path / "none.pem"))
    (tmp_path / "empty.pem").write_text("no certificate")
    with pytest.raises(InputError, match="has no readable certificate"):
        Web(ca_bundle=str(tmp_path / "empty.pem"))


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_f16_a_bundle_that_the_environment_names_and_is_not_there_is_told_at_once(
    name, tmp_path, monkeypatch
):
    for other in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, str(tmp_path / "none.pem"))
    with pytest.raises(InputError, match=r"none\.pem does not exist") as told:
        Web()
    assert name in told.value.remedy
    monkeypatch.setenv(name, str(tmp_path))
    Web().close()


def test_f16_the_system_trust_goes_through_a_proxy_too():
    import truststore

    adapter = new_session().get_adapter("https://data.police.uk")
    managers = (adapter.poolmanager, adapter.proxy_manager_for("http://proxy.example:8080"))
    assert all(isinstance(m.connection_pool_kw["ssl_context"], truststore.SSLContext) for m in managers)


@pytest.mark.parametrize(
    ("identifier", "path"),
    [
        ("55.CR3001", "55.CR3001"),
        ("A B", "A%20B"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        ("neighbourhoods", "neighbourhoods"),
        ("CON", "CON"),
        ("ŷ?#", "%C5%B7%3F%23"),
    ],
)
def test_f19_an_odd_identifier_is_quoted_and_reaches_the_server_as_it_is(
    base, police, clock, identifier, path
):
    assert quoted(identifier) == path
    with web(clock) as client, pytest.raises(AbsentError, match="404"):
        client.ask(f"{base}/{quoted('force')}/{quoted(identifier)}/boundary", JUDGE)
    assert police.paths == [f"/api/force/{path}/boundary"]


@pytest.mark.parametrize(
    "url", ["http://data.police.uk/api", "ftp://127.0.0.1/x", "file:///etc/passwd", "https://", "data"]
)
def test_plain_http_is_only_for_this_machine(url, clock):
    with pytest.raises(UsageError, match="is not https"):
        require_safe(url)
    for fine in (
        "http://127.0.0.1:80/api",
        "http://localhost/api",
        "http://[::1]:8/api",
        "https://data.police.uk",
    ):
        require_safe(fine)


def test_a_refusal_is_not_asked_again(base, police, clock):
    police.fault = lambda number, path: "400"
    with web(clock) as client, pytest.raises(SourceError, match="status 400"):
        ask(client, base)
    assert len(police.paths) == 1


@pytest.mark.parametrize("result", AttemptResult)
def test_every_thing_that_can_come_back_has_its_line_and_ends(result):
    assert decide(result, times=1, tried=1, elapsed=0, splittable=AttemptResult) in NextStep
    assert decide(result, times=9, tried=table.TRIES, elapsed=0, splittable=()) is NextStep.STOP
    assert decide(result, times=1, tried=1, elapsed=table.BUDGET, splittable=()) is NextStep.STOP


def test_waits_grow_with_jitter_and_stay_within_two_minutes():
    assert [backoff(n, 0.5) for n in range(1, 7)] == [1, 2, 4, 8, 16, 16]
    assert sum(backoff(n, 1.0) for n in range(1, table.TRIES)) < 60
    assert backoff(3, 0.0) < backoff(3, 0.9)


def test_every_fault_the_server_can_play_is_tested():
    words = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in FAULTS if f'"{name}"' not in words] == []
