#!/usr/bin/env python3
"""A broadcast node in plain Python: sends every value to everybody, again and again until it is confirmed."""
import json
import select
import sys

node, peers, values, missing = None, [], set(), {}


def send(dest, body):
    sys.stdout.write(json.dumps({"src": node, "dest": dest, "body": body}) + "\n")
    sys.stdout.flush()


def learn(new):
    for value in new - values:
        values.add(value)
        for peer in peers:
            missing[peer].add(value)


def repeat():
    for peer, lacks in missing.items():
        if lacks:
            send(peer, {"type": "values", "values": sorted(lacks)})


def receive(message):
    global node, peers
    body, reply = message["body"], None
    kind = body["type"]
    if kind == "init":
        node = body["node_id"]
        peers = [peer for peer in body["node_ids"] if peer != node]
        missing.update((peer, set()) for peer in peers)
        reply = {"type": "init_ok"}
    elif kind == "topology":
        reply = {"type": "topology_ok"}
    elif kind == "broadcast":
        learn({body["message"]})
        repeat()
        reply = {"type": "broadcast_ok"}
    elif kind == "read":
        reply = {"type": "read_ok", "messages": sorted(values)}
    elif kind == "values":
        learn(set(body["values"]))
        send(message["src"], {"type": "got", "values": body["values"]})
    elif kind == "got":
        missing[message["src"]] -= set(body["values"])
    if reply:
        send(message["src"], {**reply, "in_reply_to": body["msg_id"]})


buffer = b""
while True:
    if not select.select([sys.stdin], [], [], 0.1)[0]:
        repeat()
        continue
    chunk = sys.stdin.buffer.read1(65536)
    if not chunk:
        break
    buffer += chunk
    *lines, buffer = buffer.split(b"\n")
    for line in lines:
        receive(json.loads(line))
