#!/bin/sh
# A unique-ids node that answers everything twice, also to clients that asked somebody else, and gives each an id of its
# own.
count=0
while IFS= read -r line; do
  client=${line#*\"src\":\"} client=${client%%\"*}
  node=${line#*\"dest\":\"} node=${node%%\"*}
  request=${line#*\"msg_id\":} request=${request%%[!0-9]*}
  case $line in
    *'"type":"init"'*) printf '{"src":"%s","dest":"%s","body":{"type":"init_ok","in_reply_to":%s}}\n' "$node" "$client" "$request" ;;
    *)
      for number in "$request" "$request" $((request + 1)) $((request + 1000)) -1 0 9223372036854775807; do
        count=$((count + 1))
        printf '{"src":"%s","dest":"%s","body":{"type":"generate_ok","id":"%s","in_reply_to":%s}}\n' "$node" "$client" "$node-$count" "$number"
      done ;;
  esac
done
