#!/bin/sh
# Answers init and ends at the first operation.
IFS= read -r line
node=${line#*\"dest\":\"} node=${node%%\"*}
client=${line#*\"src\":\"} client=${client%%\"*}
printf "%s\n" "{\"src\":\"$node\",\"dest\":\"$client\",\"body\":{\"type\":\"init_ok\",\"in_reply_to\":1}}"
IFS= read -r line
echo "boom" >&2
exit 3
