import hashlib

from sacmap.files.text import sha256


def test_a_hash_is_of_the_bytes_and_of_a_folder_that_of_its_names_and_hashes(tmp_path):
    (tmp_path / "b").write_bytes(b"two" * 1_000_000)
    (tmp_path / "a").write_bytes(b"one")
    assert sha256(tmp_path / "b") == hashlib.sha256(b"two" * 1_000_000).hexdigest()
    listed = "".join(f"{name}\n{sha256(tmp_path / name)}\n" for name in ("a", "b"))
    assert sha256(tmp_path) == hashlib.sha256(listed.encode()).hexdigest()
