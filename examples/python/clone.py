"""Clones volumes from Python: for each request file, starts the workflow and prints how it ended.

    pip install -r requirements.txt
    python clone.py ../requests/clone.json
"""

import asyncio
import json
import os
import sys
import uuid

from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import (
    Priority,
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import ApplicationError, CancelledError, WorkflowAlreadyStartedError

TASK_QUEUE = os.environ.get("ELEMENT_CLONE_TASK_QUEUE", "element-clone")

CLUSTER = SearchAttributeKey.for_keyword("ElementCluster")
PHASE = SearchAttributeKey.for_keyword("ElementPhase")
SOURCE = SearchAttributeKey.for_int("ElementSourceVolumeID")


async def start(client: Client, request: dict) -> WorkflowHandle:
    """Starts a clone. A requestId that is known already gives the clone that has it, running or done."""

    async def begin(workflow_id: str, reuse: WorkflowIDReusePolicy) -> WorkflowHandle:
        return await client.start_workflow(
            "cloneVolume",
            request,
            id=workflow_id,
            task_queue=TASK_QUEUE,
            id_reuse_policy=reuse,
            # What follows is for people, and for lists from the first moment on: the workflow works without.
            memo={"request": request},
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(CLUSTER, request["cluster"]),
                    SearchAttributePair(PHASE, "waiting"),
                    SearchAttributePair(SOURCE, request["volumeID"]),
                ]
            ),
            static_summary=f"Clone volume {request['volumeID']} of {request['cluster']} → {request['name']}",
            priority=Priority(priority_key=request.get("priority", 3)),
        )

    key = request.get("requestId")
    unique = uuid.uuid4().hex[:12]
    if key is None:
        return await begin(f"clone-volume-{request['volumeID']}-{unique}", WorkflowIDReusePolicy.REJECT_DUPLICATE)
    try:
        # The one ID that may serve this key. After a failure it may be used again.
        return await begin(f"clone-for-request-{key}", WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY)
    except WorkflowAlreadyStartedError:
        # Under any other ID the workflow waits for the one that has the key, if that was asked for the same.
        return await begin(f"join-{key}-{unique}", WorkflowIDReusePolicy.REJECT_DUPLICATE)


def explain(failure: WorkflowFailureError) -> str:
    """What the failure of a clone says, for people and for programs."""
    cause = failure.cause
    if isinstance(cause, CancelledError):
        return "cancelled: nothing is left"
    if not isinstance(cause, ApplicationError):
        return f"ended from outside: {cause}"
    if cause.type == "InvalidRequest":
        return "\n".join(["refused, nothing was created:", *(f"  - {fault}" for fault in cause.details[0])])
    if cause.type == "CloneFailed" and cause.details:
        details = cause.details[0]
        left = [f"{thing['kind']} {thing['id']}" for thing in details["leftBehind"]]
        return (
            f"failed in step {details['step']} ({details.get('method')}: {details.get('apiName')})\n"
            f"  undone: {'; '.join(details['undone']) or 'nothing'}\n"
            f"  left behind: {', '.join(left) or 'nothing'}"
        )
    return f"{cause.type}: {cause.message}"


async def main() -> None:
    client = await Client.connect(
        os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"),
        namespace=os.environ.get("TEMPORAL_NAMESPACE", "default"),
    )
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            request = json.load(file)
        handle = await start(client, request)
        print(handle.id)
        try:
            result = await handle.result()
            print(f"  volume {result['volumeID']} \"{result['volume']['name']}\", {result['bytes']} bytes")
        except WorkflowFailureError as failure:
            print("  " + explain(failure).replace("\n", "\n  "))


asyncio.run(main())
# A thread of the SDK may still be about and abort an interpreter that is torn down below it (temporalio/sdk-python#300).
sys.stdout.flush()
os._exit(0)
