#!/usr/bin/env bash
# Clones volumes with nothing but Temporal's own HTTP API: for each request file, starts the workflow and prints how it
# ended. Needs curl and jq, and a server with its HTTP API on: temporal server start-dev --http-port 7243
set -euo pipefail

api="${TEMPORAL_HTTP:-http://localhost:7243}/api/v1/namespaces/${TEMPORAL_NAMESPACE:-default}"
queue="${ELEMENT_CLONE_TASK_QUEUE:-element-clone}"
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# start ID POLICY FILE: prints the HTTP status.
start() {
  # As a payload, since in the shorter form ("input": [.]) an empty list of the request would arrive as null.
  jq --arg queue "$queue" --arg policy "$2" '
  { metadata: { encoding: ("json/plain" | @base64) }, data: (tojson | @base64) } as $payload | {
    workflowType: { name: "cloneVolume" },
    taskQueue: { name: $queue },
    input: { payloads: [$payload] },
    workflowIdReusePolicy: $policy,
    # What follows is for people, and for lists from the first moment on: the workflow works without.
    memo: { fields: { request: $payload } },
    searchAttributes: { indexedFields: { ElementCluster: .cluster, ElementPhase: "waiting", ElementSourceVolumeID: .volumeID } },
    userMetadata: { summary: "Clone volume \(.volumeID) of \(.cluster) → \(.name)" },
    priority: { priorityKey: (.priority // 3) }
  }' "$3" | curl -sS -o "$answer" -w '%{http_code}' -H 'Content-Type: application/json' --data @- "$api/workflows/$1"
}

# Waits until the workflow is closed, and prints its last event. Each question waits for some time by itself.
closing_event() {
  while :; do
    event=$(curl -sS "$api/workflows/$1/history?waitNewEvent=true&historyEventFilterType=HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT" |
      jq -c '.history.events[-1] // empty')
    case "$event" in '' | *EVENT_TYPE_WORKFLOW_EXECUTION_STARTED*) sleep 1 ;; *) break ;; esac
  done
  printf '%s\n' "$event"
}

for file in "$@"; do
  key=$(jq -r '.requestId // empty' "$file")
  unique="$(date +%s)-$RANDOM"
  if [ -n "$key" ]; then
    # The one ID that may serve this key. After a failure it may be used again.
    id="clone-for-request-$key"
    status=$(start "$id" WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY "$file")
    if [ "$status" = 409 ]; then
      # Under any other ID the workflow waits for the one that has the key, if that was asked for the same.
      id="join-$key-$unique"
      status=$(start "$id" WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE "$file")
    fi
  else
    id="clone-volume-$(jq -r .volumeID "$file")-$unique"
    status=$(start "$id" WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE "$file")
  fi
  if [ "$status" != 200 ]; then
    echo "$id was not started ($status): $(cat "$answer")" >&2
    exit 1
  fi
  echo "$id"
  # The HTTP API says null where a payload holds an empty list.
  closing_event "$id" | jq -r '
    if .workflowExecutionCompletedEventAttributes then
      .workflowExecutionCompletedEventAttributes.result[0]
      | "  volume \(.volumeID) \"\(.volume.name)\", \(.bytes) bytes"
    elif .workflowExecutionFailedEventAttributes then
      .workflowExecutionFailedEventAttributes.failure
      | .applicationFailureInfo.type as $type | .applicationFailureInfo.details[0] as $details
      | if $type == "InvalidRequest" then "  refused, nothing was created:", ($details[] | "    - \(.)")
        elif $type == "CloneFailed" then
          "  failed in step \($details.step) (\($details.method): \($details.apiName))",
          "    undone: \($details.undone // [] | if . == [] then "nothing" else join("; ") end)",
          "    left behind: \([$details.leftBehind // [] | .[] | "\(.kind) \(.id)"] | if . == [] then "nothing" else join(", ") end)"
        else "  \($type): \(.message)" end
    elif .workflowExecutionCanceledEventAttributes then "  cancelled: nothing is left"
    else "  ended from outside: \(.eventType)" end'
done
