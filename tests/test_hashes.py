import hashlib

from sacmap.files.text import sha256


def test_a_hash_is_of_the_bytes_and_of_a_folder_that_of_its_files_in_order(tmp_path):
    (tmp_path / "b").write_bytes(b"two" * 1_000_000)
    (tmp_path / "a").write_bytes(b"one")
    assert sha256(tmp_path / "b") == hashlib.sha256(b"two" * 1_000_000).hexdigest()
    assert sha256(tmp_path) == hashlib.sha256(b"one" + b"two" * 1_000_000).hexdigest()
