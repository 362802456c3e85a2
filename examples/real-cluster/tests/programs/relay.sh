#!/bin/bash
# A node for tests. It answers `echo` and `count`, writes a long line for `long`, and for `relay` sends `relayed` to the node
# or service `via` and gives back its answer.
count=0
while IFS= read -r line; do
  id=${line#*\"dest\":\"} id=${id%%\"*}
  from=${line#*\"src\":\"} from=${from%%\"*}
  request=${line#*\"msg_id\":} request=${request%%[!0-9]*}
  say() { printf '{"src":"%s","dest":"%s","body":%s}\n' "$id" "$1" "$2"; }
  case $line in
    *'"type":"init"'*) say "$from" "{\"type\":\"init_ok\",\"in_reply_to\":$request}" ;;
    *'"type":"relay"'*)
      client=$from asked=$request
      relayed=${line#*\"relayed\":} via=${line##*\"via\":\"}
      say "${via%%\"*}" "${relayed%%,\"type\":\"relay\"*}" ;;
    *'"in_reply_to":'*)
      body=${line#*\"body\":}
      case $line in '{"src"'*) body=${body%\}} ;; *) body=${body%%,\"dest\":*} ;; esac
      say "$client" "{\"type\":\"relay_ok\",\"in_reply_to\":$asked,\"answer\":$body}" ;;
    *'"type":"long"'*) say "$from" "{\"type\":\"long_ok\",\"in_reply_to\":$request,\"text\":\"$(printf '%2000s' x)\"}" ;;
    *'"type":"echo"'*) say "$from" "{\"type\":\"echo_ok\",\"in_reply_to\":$request}" ;;
    *'"type":"count"'*) say "$from" "{\"type\":\"count_ok\",\"in_reply_to\":$request,\"count\":$count}" ;;
    *'"type":"add"'*) count=$((count + 1)) ;;
    *'"type":"quit"'*) exit 7 ;;
    *) say "$from" "{\"type\":\"error\",\"in_reply_to\":$request,\"code\":10,\"text\":\"unknown\"}" ;;
  esac
done
