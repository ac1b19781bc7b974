#!/bin/sh
# Waits for the cluster, then creates the namespace and registers the search attributes; run again, it changes nothing.
# The same script runs in docker-compose.yml and in scripts/topology.
#   TEMPORAL_ADDRESS     the frontend, host:port
#   TEMPORAL_NAMESPACE   default: default
#   TEMPORAL_RETENTION   how long closed workflows are kept, and their requestIds known; default: 720h
set -eu

: "${TEMPORAL_ADDRESS:?is not set}"
export TEMPORAL_NAMESPACE="${TEMPORAL_NAMESPACE:-default}"

# Tries for a minute: between the first answer of a frontend and that of all roles a few seconds pass.
insist() {
  tries=30
  until "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "Gave up: $*" >&2; exit 1; }
    sleep 2
  done
}

has_namespace() { temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; }
ensure_namespace() {
  has_namespace || temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "${TEMPORAL_RETENTION:-720h}"
}
attributes() { temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"; }
ensure_attribute() {
  attributes | grep -qw "$1" || temporal operator search-attribute create --name "$1" --type "$2"
}

insist temporal operator cluster health
insist ensure_namespace
insist ensure_attribute ElementCluster Keyword
insist ensure_attribute ElementPhase Keyword
insist ensure_attribute ElementSourceVolumeID Int
insist ensure_attribute ElementCloneVolumeID Int
insist ensure_attribute ElementSeries Keyword
echo "The namespace $TEMPORAL_NAMESPACE is ready."
