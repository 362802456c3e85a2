#!/bin/bash
# A unique-ids node that says that it stands in for a node elsewhere.
count=0
while IFS= read -r line; do
  client=${line#*\"src\":\"} client=${client%%\"*}
  node=${line#*\"dest\":\"} node=${node%%\"*}
  request=${line#*\"msg_id\":} request=${request%%[!0-9]*}
  case $line in
    *'"type":"init"'*) answer='"type":"init_ok","elsewhere":true' ;;
    *) count=$((count + 1)) answer="\"type\":\"generate_ok\",\"id\":\"$node-$count\"" ;;
  esac
  printf '{"src":"%s","dest":"%s","body":{%s,"in_reply_to":%s}}\n' "$node" "$client" "$answer" "$request"
done
