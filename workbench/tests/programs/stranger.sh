#!/bin/sh
# Sends to somebody who is not there.
while IFS= read -r line; do printf "%s\n" "{\"src\":\"n1\",\"dest\":\"nobody\",\"body\":{\"type\":\"init_ok\",\"in_reply_to\":1}}"; done
