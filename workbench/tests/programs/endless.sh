#!/bin/sh
# Writes one line that seems to have no end.
head -c 80000000 /dev/zero | tr '\0' x; exec cat >/dev/null
