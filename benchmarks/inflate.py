"""The floor of benchmarks/national.py: inflate an archive's street files, a thread a processor, and nothing else."""

import os
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

with zipfile.ZipFile(sys.argv[1]) as archive, ThreadPoolExecutor(os.cpu_count()) as pool:
    names = [name for name in archive.namelist() if name.endswith("-street.csv")]
    print(sum(pool.map(lambda name: len(archive.read(name)), names)))
