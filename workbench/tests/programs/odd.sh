#!/bin/sh
# An echo node with one oddity, which its first argument names. A name that begins with `init-` is an oddity of the
# answer to `init`; the others come with each echo.
oddity=$1
echoes=0
while IFS= read -r line; do
  client=${line#*\"src\":\"} client=${client%%\"*}
  node=${line#*\"dest\":\"} node=${node%%\"*}
  number=${line#*\"msg_id\":} number=${number%%[!0-9]*}
  echo=${line#*\"echo\":\"} echo=${echo%%\"*}
  ends="\"src\":\"$node\",\"dest\":\"$client\""
  case $line in
    *'"type":"init"'*)
      ok="{$ends,\"body\":{\"type\":\"init_ok\",\"in_reply_to\":$number}}"
      case $oddity in
        init-silent) echo "cannot open /data/db" >&2 ;;
        init-no-newline) printf '%s' "$ok" ;;
        init-noise) printf 'Starting\n%s\n' "$ok" ;;
        init-empty-line) printf '\n%s\n' "$ok" ;;
        init-null) echo null ;;
        init-list) echo "[$ok]" ;;
        init-byte-order-mark) printf '\357\273\277%s\n' "$ok" ;;
        init-src) echo "{\"src\":\"N0\",\"dest\":\"$client\",\"body\":{\"type\":\"init_ok\",\"in_reply_to\":$number}}" ;;
        init-dest) echo "{\"src\":\"$node\",\"dest\":\"c00\",\"body\":{\"type\":\"init_ok\",\"in_reply_to\":$number}}" ;;
        init-id) echo "{\"id\":null,$ends,\"body\":{\"type\":\"init_ok\",\"in_reply_to\":$number}}" ;;
        init-error) echo "{$ends,\"body\":{\"type\":\"error\",\"in_reply_to\":$number,\"code\":11,\"text\":\"not now\"}}" ;;
        init-extra) echo "{$ends,\"body\":{\"type\":\"init_ok\",\"in_reply_to\":$number,\"msg_id\":null,\"node_id\":\"$node\"}}" ;;
        init-carriage-return) printf '%s\r' "$ok" ;;
        *) echo "$ok" ;;
      esac
      continue ;;
  esac
  echoes=$((echoes + 1))
  body="\"type\":\"echo_ok\",\"echo\":\"$echo\",\"in_reply_to\":$number"
  ok="{$ends,\"body\":{$body}}"
  case $oddity in
    doubled-key) echo "{$ends,\"body\":{\"type\":\"x\",\"in_reply_to\":77,$body}}" ;;
    carriage-return) printf '%s\r' "$ok" ;;
    two-on-a-line) echo "$ok $ok" ;;
    not-utf8) printf '{"id":3,%s,"body":{%s,"msg_id":7}} \377\n' "$ends" "$body" ;;
    hello) printf '%s\n%s\n' "{$ends,\"body\":{\"type\":\"hello\",\"msg_id\":500}}" "$ok" ;;
    null-msg-id) echo "{$ends,\"body\":{$body,\"msg_id\":null}}" ;;
    string-msg-id) echo "{$ends,\"body\":{$body,\"msg_id\":\"7\"}}" ;;
    no-type) echo "{$ends,\"body\":{\"echo\":\"$echo\",\"in_reply_to\":$number}}" ;;
    wrong-type) echo "{$ends,\"body\":{\"type\":\"echo-ok\",\"echo\":\"$echo\",\"in_reply_to\":$number}}" ;;
    no-echo) echo "{$ends,\"body\":{\"type\":\"echo_ok\",\"in_reply_to\":$number}}" ;;
    extra) echo "{$ends,\"body\":{$body,\"debug\":1}}" ;;
    wrong-number) echo "{$ends,\"body\":{\"type\":\"echo_ok\",\"echo\":\"$echo\",\"in_reply_to\":$((number + 1000))}}" ;;
    no-number) echo "{$ends,\"body\":{\"type\":\"echo_ok\",\"echo\":\"$echo\"}}" ;;
    no-body) echo "{$ends}" ;;
    error-no-code) echo "{$ends,\"body\":{\"type\":\"error\",\"in_reply_to\":$number,\"text\":\"oops\"}}" ;;
    error-999) echo "{$ends,\"body\":{\"type\":\"error\",\"in_reply_to\":$number,\"code\":999,\"text\":\"oops\"}}" ;;
    crash) if [ $echoes -eq 3 ]; then echo "out of ideas" >&2; exit 1; fi; echo "$ok" ;;
    *) echo "$ok" ;;
  esac
done
