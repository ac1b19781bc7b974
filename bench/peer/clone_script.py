"""What a storage administrator's script does, with the vendor's own SDK: a thread for each clone, which asks every few
seconds whether the cluster has a slot, then whether the copy is done, and sets the new volume's attributes.

Reads from stdin {"port": N, "periodSeconds": N, "clones": [{"name": …, "volumeID": N}, …]}. Writes to stdout
{"startedMs": N, "clones": [{"name": …, "volumeID": N, "refused": N, "doneMs": N}, …]}, milliseconds since 1970.
With "forSeconds": N in the input it stops after that time, whatever has been done, and reports no clone.
"""

import json
import logging
import sys
import threading
import time

from solidfire.common import ApiServerError, setLogLevel
from solidfire.factory import ElementFactory

BUSY = ("xMaxClonesPerVolumeExceeded", "xMaxClonesPerNodeExceeded")


def now_ms():
    return int(time.time() * 1000)


def clone(element, wish, period):
    refused = 0
    while True:
        try:
            started = element.clone_volume(wish["volumeID"], wish["name"])
            break
        except ApiServerError as error:
            if error.error_name not in BUSY:
                raise
            refused += 1
            time.sleep(period)
    while element.get_async_result(started.async_handle)["status"] != "complete":
        time.sleep(period)
    element.modify_volume(started.volume_id, attributes={"made-by": "script"})
    return {"name": wish["name"], "volumeID": started.volume_id, "refused": refused, "doneMs": now_ms()}


def main():
    order = json.load(sys.stdin)
    setLogLevel(logging.ERROR)
    element = ElementFactory.create("127.0.0.1", "admin", "simulator", port=order["port"], print_ascii_art=False)
    done = [None] * len(order["clones"])
    failures = []

    def work(i, wish):
        try:
            done[i] = clone(element, wish, order["periodSeconds"])
        except Exception as error:
            failures.append("%s: %r" % (wish["name"], error))

    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(order["clones"])]
    started = now_ms()
    for thread in threads:
        thread.start()
    if "forSeconds" in order:
        time.sleep(order["forSeconds"])
        done = []
    else:
        for thread in threads:
            thread.join()
    if failures:
        sys.exit("\n".join(failures))
    json.dump({"startedMs": started, "clones": done}, sys.stdout)


if __name__ == "__main__":
    main()
