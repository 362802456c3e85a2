#!/bin/sh
# A node for the workload named by its argument. It answers each request at once and remembers nothing.
count=0
while IFS= read -r line; do
  client=${line#*\"src\":\"} client=${client%%\"*}
  node=${line#*\"dest\":\"} node=${node%%\"*}
  request=${line#*\"msg_id\":} request=${request%%[!0-9]*}
  type=${line#*\"type\":\"} type=${type%%\"*}
  count=$((count + 1))
  case $type in
    echo) echo=${line#*\"echo\":\"} answer=",\"echo\":\"${echo%%\"*}\"" ;;
    generate) answer=",\"id\":\"$node-$count\"" ;;
    list_committed_offsets) answer=',"offsets":{}' ;;
    poll) answer=',"msgs":{}' ;;
    read) case $1 in
      broadcast) answer=',"messages":[]' ;;
      g-set) answer=',"value":[]' ;;
      *) answer=',"value":0' ;;
    esac ;;
    send) answer=",\"offset\":$count" ;;
    txn) steps=${line#*\"txn\":[[} answer=",\"txn\":[[${steps%%]]*}]]" ;;
    *) answer='' ;;
  esac
  printf '{"src":"%s","dest":"%s","body":{"type":"%s_ok","in_reply_to":%s%s}}\n' \
    "$node" "$client" "$type" "$request" "$answer"
done
