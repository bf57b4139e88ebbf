"""All measurements that need no paid provider: ``python -m benchmarks``."""

import subprocess
import sys

for name in ("chain_overhead", "episode_minutes"):
    print(f"# {name}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=True)
