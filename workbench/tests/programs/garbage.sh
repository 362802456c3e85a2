#!/bin/sh
# Writes something that is no message.
echo "this is no message"; exec cat >/dev/null
