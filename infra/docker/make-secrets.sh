#!/bin/sh
# Makes the passwords of the stack in docker-compose.yml, the first time only: random, one file
# each, in infra/docker/secrets (or in the folder that is given), which git ignores.
#
# The files are readable for all, since each container has a user of its own; the folder is not.
set -eu
dir=${1:-$(dirname "$0")/secrets}
mkdir -p "$dir"
chmod 0700 "$dir"

random() {
  od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

# write NAME FORMAT: FORMAT is printf's, its %s is the password.
write() {
  [ -s "$dir/$1" ] && return
  # shellcheck disable=SC2059
  printf "$2" "$3" >"$dir/$1.new"
  chmod 0444 "$dir/$1.new"
  mv "$dir/$1.new" "$dir/$1"
}

# secret NAME: a password of its own, or the one from before.
secret() {
  write "$1" '%s' "$(random)"
  cat "$dir/$1"
}

secret postgres-password >/dev/null
secret elasticsearch-password >/dev/null
secret grafana-password >/dev/null
redis=$(secret redis-password)
rabbitmq=$(secret rabbitmq-password)
# The same passwords in the form in which the servers read them.
write redis.conf 'requirepass %s\n' "$redis"
write rabbitmq.conf 'default_user = spillway\ndefault_pass = %s\n' "$rabbitmq"
echo "secrets: in $dir"
