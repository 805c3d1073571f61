#!/usr/bin/env bash
# start-mongodb.sh <version> <standalone|replica-set|sharded>
# Starts MongoDB of a version in containers, and prints the line MONGODB_URL=… for $GITHUB_ENV.
set -euo pipefail
image=mongo:$1
topology=$2

start() { # name, arguments of the program
  local name=$1
  shift
  docker run --detach --name "$name" --network host "$image" "$@" > /dev/null
}

# MongoDB 4.4 has the shell `mongo`, later ones have `mongosh`.
evaluate() { # name, port, JavaScript
  docker exec "$1" sh -c 'command -v mongosh > /dev/null && shell=mongosh || shell=mongo; exec $shell --quiet --port "$1" --eval "$2"' \
    sh "$2" "$3" > /dev/null 2>&1
}

until_works() {
  for _ in $(seq 60); do
    if "$@"; then return; fi
    sleep 1
  done
  echo "MongoDB did not start: $*" >&2
  exit 1
}

initiate() { # name, port, set
  until_works evaluate "$1" "$2" "rs.initiate({ _id: '$3', members: [{ _id: 0, host: '127.0.0.1:$2' }] })"
  until_works evaluate "$1" "$2" "if (!db.hello().isWritablePrimary) throw new Error('no primary')"
}

case $topology in
  standalone)
    start server --bind_ip 127.0.0.1 --port 27017 --setParameter enableTestCommands=1
    until_works evaluate server 27017 'db.adminCommand({ ping: 1 })'
    echo 'MONGODB_URL=mongodb://127.0.0.1:27017'
    ;;
  replica-set)
    start server --bind_ip 127.0.0.1 --port 27017 --replSet rs --setParameter enableTestCommands=1
    initiate server 27017 rs
    echo 'MONGODB_URL=mongodb://127.0.0.1:27017/?replicaSet=rs'
    ;;
  sharded)
    start configuration --bind_ip 127.0.0.1 --port 27019 --configsvr --replSet configuration
    start shard --bind_ip 127.0.0.1 --port 27018 --shardsvr --replSet shard --setParameter enableTestCommands=1
    initiate configuration 27019 configuration
    initiate shard 27018 shard
    docker run --detach --name router --network host --entrypoint mongos "$image" \
      --bind_ip 127.0.0.1 --port 27017 --configdb configuration/127.0.0.1:27019 --setParameter enableTestCommands=1 > /dev/null
    until_works evaluate router 27017 "sh.addShard('shard/127.0.0.1:27018')"
    echo 'MONGODB_URL=mongodb://127.0.0.1:27017'
    ;;
  *)
    echo "Unknown topology: $topology" >&2
    exit 2
    ;;
esac
