"""``make bench``: every benchmark of the foundation, one after the other."""

import subprocess
import sys

for module in ("intake", "digest", "server"):
    print(f"== {module}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], check=True, timeout=1800)
