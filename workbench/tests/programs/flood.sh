#!/bin/sh
# Writes messages without end.
while :; do echo "{\"src\":\"n1\",\"dest\":\"n1\",\"body\":{\"type\":\"noise\"}}"; done
