#!/bin/sh
# Makes one key to send with and one to ask with, the first time only.
#
#   make-keys.sh KEYS_DIR TEXTS_DIR
#
# KEYS_DIR/keys.yaml gets the digests, which the gateways and the console read. The keys themselves
# go to TEXTS_DIR/ingest.key and TEXTS_DIR/query.key, for their owner only.
set -eu
umask 077
keys_dir=$1
texts_dir=$2
spillway=${SPILLWAY_COMMAND:-node /app/apps/spillway/bin/spillway.js}

if [ -s "$keys_dir/keys.yaml" ]; then
  echo "keys: $keys_dir/keys.yaml is there already"
  exit 0
fi

new=$keys_dir/keys.yaml.new
: >"$new"
make() {
  made=$($spillway keys create --name "$1" --tenant default --scopes "$2")
  printf '%s\n' "$made" | sed -n 's/^# The key, shown once: //p' >"$texts_dir/$1.key"
  [ -s "$texts_dir/$1.key" ] || { echo 'keys: no key was made' >&2; exit 1; }
  printf '%s\n' "$made" | sed '/^#/d' >>"$new"
}
make ingest ingest
make query query,admin
chmod 0444 "$new"
mv "$new" "$keys_dir/keys.yaml"
echo "keys: made ingest.key and query.key"
