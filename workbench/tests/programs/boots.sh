#!/bin/bash
# A unique-ids node that counts its starts in its data folder. Without the folder, every start is the first.
boots=0
if [ -n "$GLOMERS_DATA" ]; then
  [ -f "$GLOMERS_DATA/boots" ] && boots=$(<"$GLOMERS_DATA/boots")
  echo $((boots + 1)) >"$GLOMERS_DATA/boots.new" && mv "$GLOMERS_DATA/boots.new" "$GLOMERS_DATA/boots"
fi
count=0
while IFS= read -r line; do
  client=${line#*\"src\":\"} client=${client%%\"*}
  node=${line#*\"dest\":\"} node=${node%%\"*}
  request=${line#*\"msg_id\":} request=${request%%[!0-9]*}
  case $line in
    *'"type":"init"'*) answer='"type":"init_ok"' ;;
    *) count=$((count + 1)) answer="\"type\":\"generate_ok\",\"id\":\"$node-$boots-$count\"" ;;
  esac
  printf '{"src":"%s","dest":"%s","body":{%s,"in_reply_to":%s}}\n' "$node" "$client" "$answer" "$request"
done
