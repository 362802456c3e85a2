#!/bin/sh
# Writes messages without end, from shortly before it must be ready.
sleep 9
while :; do echo "{\"src\":\"n1\",\"dest\":\"n1\",\"body\":{\"type\":\"noise\"}}"; done
