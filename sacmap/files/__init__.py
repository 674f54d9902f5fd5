"""Files: read texts and sheets, hash, and write files completely or not at all."""
