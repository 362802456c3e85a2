#!/bin/sh
# A unique-ids node that answers in the name of the node `n0`.
count=0
while IFS= read -r line; do
  client=${line#*\"src\":\"} client=${client%%\"*}
  node=${line#*\"dest\":\"} node=${node%%\"*}
  request=${line#*\"msg_id\":} request=${request%%[!0-9]*}
  case $line in
    *'"type":"init"'*) answer='"type":"init_ok"' ;;
    *) count=$((count + 1)) answer="\"type\":\"generate_ok\",\"id\":\"$node-$count\"" ;;
  esac
  printf '{"src":"n0","dest":"%s","body":{%s,"in_reply_to":%s}}\n' "$client" "$answer" "$request"
done
