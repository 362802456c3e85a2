#!/bin/bash
# A nemesis command that writes down its steps in the file $1, and does those that do not have the word $2.
IFS= read -r step
echo "$step" >> "$1"
case $step in
  *"${2:-nothing}"*) echo "no route to n2" >&2; exit 3 ;;
  *) echo '{"n1":"done"}' ;;
esac
