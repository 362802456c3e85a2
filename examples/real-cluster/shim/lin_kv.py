#!/usr/bin/env python3
"""A shim: Maelstrom's workload lin-kv on one side, a database on the other. Here the database is etcd, by its JSON gateway.

Node n1 asks the first member in BRIDGE_ETCD, n2 the second, and so on. The first argument is a prefix for keys, a new one for
each test. Three rules make a shim honest:

1. It answers `ok` only for what the database has confirmed, and an error with a definite code (11, 20, 22) only for what
   surely did not happen. In all other cases it answers error 0: nobody knows.
2. It repeats nothing, caches nothing and repairs nothing. Whatever it hides, the verdict does not see.
3. It says in `init_ok` that it stands in for something elsewhere, so that no fault strikes the shim by mistake.
"""

import base64, json, os, sys, threading, urllib.error, urllib.request

members = os.environ["BRIDGE_ETCD"].split(",")
prefix = sys.argv[1]
write_lock = threading.Lock()
node = None


def text64(text):
    return base64.b64encode(text.encode()).decode()


def etcd(path, body):
    """Asks this node's member; raises OSError if it gives no answer."""
    url = f"{members[int(node[1:]) - 1]}/v3/kv/{path}"
    request = urllib.request.Request(url, json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=4) as reply:
        return json.load(reply)


def serve(body):
    """The answer to a client's request."""
    key = text64(f"{prefix}/{body['key']}")
    if body["type"] == "write":
        etcd("put", {"key": key, "value": text64(json.dumps(body["value"]))})
        return {"type": "write_ok"}
    kvs = etcd("range", {"key": key}).get("kvs")
    if not kvs:
        return {"type": "error", "code": 20, "text": "key does not exist"}
    value = json.loads(base64.b64decode(kvs[0]["value"]))
    if body["type"] == "read":
        return {"type": "read_ok", "value": value}
    if value != body["from"]:
        return {"type": "error", "code": 22, "text": f"it is {value}"}
    unchanged = {"key": key, "target": "MOD", "mod_revision": kvs[0]["mod_revision"]}
    put = {"request_put": {"key": key, "value": text64(json.dumps(body["to"]))}}
    if etcd("txn", {"compare": [unchanged], "success": [put]}).get("succeeded"):
        return {"type": "cas_ok"}
    # Somebody wrote in between. Maelstrom's codes have one for it: it did not happen, try again.
    return {"type": "error", "code": 11, "text": "it was changed meanwhile"}


def answer(message):
    body = message["body"]
    try:
        reply = serve(body)
    except urllib.error.URLError as error:
        refused = isinstance(error.reason, ConnectionRefusedError)
        reply = {"type": "error", "code": 11 if refused else 0, "text": str(error)}
    except OSError as error:
        reply = {"type": "error", "code": 0, "text": str(error)}
    say(message["src"], body, reply)


def say(client, body, reply):
    line = json.dumps({"src": node, "dest": client, "body": {**reply, "in_reply_to": body["msg_id"]}})
    with write_lock:
        print(line, flush=True)


for line in sys.stdin:
    message = json.loads(line)
    if message["body"]["type"] == "init":
        node = message["body"]["node_id"]
        say(message["src"], message["body"], {"type": "init_ok", "elsewhere": True})
    else:
        # A member that stands still holds up one request, not the others.
        threading.Thread(target=answer, args=[message], daemon=True).start()
