#!/bin/sh
# Does not read, and does not end with its input.
trap "" TERM HUP; exec <&-; while :; do sleep 1; done
