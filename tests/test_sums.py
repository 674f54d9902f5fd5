import hashlib
import os
import threading

import pytest

from sacmap.errors import InputError
from sacmap.fetch.sums import Sums, sha256


def test_a_sum_is_of_the_bytes_and_of_a_folder_that_of_its_files_in_order(tmp_path):
    (tmp_path / "b").write_bytes(b"two" * 1_000_000)
    (tmp_path / "a").write_bytes(b"one")
    with Sums() as sums:
        sums.start([tmp_path / "b", tmp_path, tmp_path / "b"])
        assert sums.of(tmp_path / "b") == hashlib.sha256(b"two" * 1_000_000).hexdigest()
        assert sums.of(tmp_path) == hashlib.sha256(b"one" + b"two" * 1_000_000).hexdigest()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a file that never ends needs a named pipe")
def test_an_error_does_not_wait_for_the_sum_of_a_large_file(tmp_path):
    """A file that never ends stands for a large one on a slow drive."""
    endless = tmp_path / "endless"
    os.mkfifo(endless)
    over = threading.Event()

    def write():
        with endless.open("wb") as pipe:
            while not over.is_set():
                try:
                    pipe.write(bytes(1 << 16))
                except BrokenPipeError:
                    return

    writer = threading.Thread(target=write, daemon=True)
    writer.start()

    def reads_with_an_error():
        with Sums() as sums:
            sums.start([endless, tmp_path / "never"])
            raise InputError("It went wrong elsewhere.", "Mend that.")

    def is_told():
        with pytest.raises(InputError, match="elsewhere"):
            reads_with_an_error()
        told.set()

    told = threading.Event()
    threading.Thread(target=is_told, daemon=True).start()
    assert told.wait(60)
    over.set()


def test_what_is_told_to_stop_has_no_sum(tmp_path):
    (tmp_path / "a").write_bytes(b"one")
    stop = threading.Event()
    stop.set()
    assert sha256(tmp_path / "a", stop) == ""
