"""The floors of benchmarks/national.py: inflate archives with Python's zipfile, and nothing else.

python benchmarks/inflate.py ARCHIVE … [--threads N] [--whole]
"""

import argparse
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("archives", nargs="+")
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--whole", action="store_true", help="every file, not the street files alone")
options = parser.parse_args()
with ThreadPoolExecutor(options.threads) as pool:
    for path in options.archives:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if options.whole or name.endswith("-street.csv")]
            print(sum(pool.map(lambda name, archive=archive: len(archive.read(name)), names)))
