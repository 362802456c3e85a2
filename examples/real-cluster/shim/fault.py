#!/usr/bin/env python3
"""A nemesis command for the database behind the shim: n1 is etcd-0 of `./cluster up`, n2 is etcd-1, n3 is etcd-2."""

import json, os, subprocess, sys

cluster = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cluster")
step = json.load(sys.stdin)
if step["fault"] == "partition":
    sys.exit("etcd's network cannot be cut without root; leave out partition")
answer = {}
for node in step.get("nodes", []):
    name = f"etcd-{int(node[1:]) - 1}"
    done = subprocess.run([cluster, step["fault"], name], capture_output=True, text=True)
    # `start` and `resume` are for all nodes, and of two faults one may strike what the other has killed.
    if done.returncode and not any(state in done.stderr for state in ["runs already", "does not run"]):
        sys.exit(done.stderr)
    answer[node] = done.stderr.strip() or "done"
print(json.dumps(answer))
