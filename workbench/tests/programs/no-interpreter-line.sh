exec "$(dirname "$0")/odd.sh" "$@"
