#!/usr/bin/env python3
"""Measures a node: round trips one after the other, and requests per second with 100 in flight.

    ./measure.py '{"type":"echo","echo":"hi"}' ./echo                       over pipes
    ./measure.py '{"type":"echo","echo":"hi"}' bridge proxy --cluster lab   over pipes, NATS and back; n1 must run in `lab`
"""

import json, subprocess, sys, time

COUNT, IN_FLIGHT, WARM_UP = 5000, 100, 200

body = json.loads(sys.argv[1])
node = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def send(number, body):
    message = {"src": "c1", "dest": "n1", "body": {**body, "msg_id": number}}
    node.stdin.write(json.dumps(message).encode() + b"\n")
    node.stdin.flush()


def receive():
    line = node.stdout.readline()
    if b'"type":"error"' in line and b'"code":20' not in line:
        sys.exit(line.decode())
    return line


send(1, {"type": "init", "node_id": "n1", "node_ids": ["n1"]})
receive()
times = []
for number in range(WARM_UP + COUNT):
    begin = time.perf_counter()
    send(number, body)
    receive()
    times.append(time.perf_counter() - begin)
times = sorted(times[WARM_UP:])
begin = time.perf_counter()
for number in range(IN_FLIGHT):
    send(number, body)
for number in range(COUNT):
    receive()
    send(number, body)
rate = COUNT / (time.perf_counter() - begin)
for _ in range(IN_FLIGHT):
    receive()
p50, p99 = (times[int(len(times) * part)] * 1e6 for part in (0.5, 0.99))
print(f"p50 {p50:.0f} us, p99 {p99:.0f} us; {rate:.0f} requests/s with {IN_FLIGHT} in flight")
node.stdin.close()
