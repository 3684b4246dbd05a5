"""``make bench``: every benchmark, one after the other."""

import subprocess
import sys

for module in ("intake", "digest", "server", "triage", "triage_latency"):
    print(f"== {module}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], check=True, timeout=1800)
