#!/bin/sh
# A unique-ids node that writes to stderr all the time, and no line of it ends.
head -c 100000000 /dev/zero | tr '\0' x >&2 &
exec "${0%/*}/unique_ids.sh"
