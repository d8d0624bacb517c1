#!/bin/sh
# Makes one key to send with, one to ask with and one to scrape metrics with, each the first time only.
#
#   make-keys.sh KEYS_DIR TEXTS_DIR
#
# KEYS_DIR/keys.yaml gets the digests, which the gateways and the console read. The keys themselves
# go to TEXTS_DIR/ingest.key and TEXTS_DIR/query.key, for their owner only, and to metrics.key, which
# Prometheus reads as a user of its own.
set -eu
umask 077
keys_dir=$1
texts_dir=$2
spillway=${SPILLWAY_COMMAND:-node /app/apps/spillway/bin/spillway.js}

new=$keys_dir/keys.yaml.new
: >"$new"
if [ -s "$keys_dir/keys.yaml" ]; then cat "$keys_dir/keys.yaml" >"$new"; fi
make() {
  made=$($spillway keys create --name "$1" --tenant default --scopes "$2")
  printf '%s\n' "$made" | sed -n 's/^# The key, shown once: //p' >"$texts_dir/$1.key"
  [ -s "$texts_dir/$1.key" ] || { echo 'keys: no key was made' >&2; exit 1; }
  printf '%s\n' "$made" | sed '/^#/d' >>"$new"
}
made_any=
if [ ! -s "$keys_dir/keys.yaml" ]; then
  make ingest ingest
  make query query,admin
  made_any=yes
fi
# Where the keys were made before there was one for metrics.
if ! grep -q '^- name: metrics$' "$new"; then
  make metrics metrics
  made_any=yes
fi
if [ -z "$made_any" ]; then
  rm "$new"
  echo "keys: $keys_dir/keys.yaml is there already"
  exit 0
fi
chmod 0444 "$texts_dir/metrics.key" "$new"
mv "$new" "$keys_dir/keys.yaml"
echo "keys: made what was missing of ingest.key, query.key and metrics.key"
