"""Files: read text, sheets and hashes; write whole or not at all."""
