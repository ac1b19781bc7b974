"""Drives a cluster with the vendor's own SDK, unmodified, the way a storage administrator's script would.

Usage: vendor_sdk.py PORT. Exits 0 when everything was as the API reference says, else with the first surprise.
"""

import sys
import time

from solidfire.common import ApiServerError
from solidfire.factory import ElementFactory
from solidfire.models import QoS


def expect(what, actual, wanted):
    if actual != wanted:
        sys.exit("%s: expected %r, got %r" % (what, wanted, actual))


def expect_error(what, name, call):
    try:
        call()
    except ApiServerError as error:
        expect(what, error.error_name, name)
        expect(what + ", code", error.error_code, 500)
    else:
        sys.exit("%s: expected %s, got an answer" % (what, name))


def wait_for_clone(element, handle, clone_id):
    seen = False
    give_up = time.time() + 60
    while time.time() < give_up:
        jobs = [job for job in element.list_sync_jobs().sync_jobs if job.type == "clone"]
        seen = seen or any(job.clone_id == clone_id and job.src_volume_id == 42 for job in jobs)
        result = element.get_async_result(handle, keep_result=True)
        if result["status"] == "complete":
            if not seen:
                sys.exit("ListSyncJobs never showed clone %d" % clone_id)
            return result
        expect("status of a running clone", result["status"], "running")
        time.sleep(0.1)
    sys.exit("clone %d did not finish in a minute" % clone_id)


def main(port):
    element = ElementFactory.create("127.0.0.1", "admin", "simulator", port=port, print_ascii_art=False)
    expect("API version", element.api_version, 12.5)
    limits = element.get_limits()
    expect("cloneJobsPerVolumeMax", limits.clone_jobs_per_volume_max, 2)
    element.get_cluster_info()
    element.get_cluster_version_info()
    element.get_cluster_capacity()
    element.get_cluster_full_threshold()
    element.list_active_nodes()
    element.list_accounts()
    element.list_qos_policies()
    element.list_iscsisessions()
    expect("current admin", element.get_current_cluster_admin().cluster_admin.username, "admin")

    source = element.list_volumes(volume_ids=[42]).volumes[0]
    expect("name of volume 42", source.name, "db-prod")

    snapshot = element.create_snapshot(42, name="sdk", retention="01:00:00", attributes={"owner": "sdk"}).snapshot
    expect("snapshot status", snapshot.status, "done")
    expect("snapshot listed", [s.snapshot_id for s in element.list_snapshots(42).snapshots], [snapshot.snapshot_id])

    clone = element.clone_volume(42, "db-sdk", snapshot_id=snapshot.snapshot_id, attributes={"owner": "sdk"})
    expect("clone status", clone.volume.status, "init")
    expect("clone iqn", clone.volume.iqn, "")
    expect("clone groups", clone.volume.volume_access_groups, [])
    expect_error("source snapshot is in use", "xSnapshotInUse", lambda: element.delete_snapshot(snapshot.snapshot_id))
    result = wait_for_clone(element, clone.async_handle, clone.clone_id)
    expect("result", result["result"]["volumeID"], clone.volume_id)
    handles = {h.async_result_id: h for h in element.list_async_results().async_handles}
    expect("listed as completed", handles[clone.async_handle].completed, True)
    element.get_async_result(clone.async_handle)
    expect_error("result read twice", "xDBNoSuchPath", lambda: element.get_async_result(clone.async_handle))

    qos = QoS(min_iops=100, max_iops=2000, burst_iops=3000)
    modified = element.modify_volume(clone.volume_id, qos=qos, access="readOnly", attributes={}).volume
    expect("maxIOPS", modified.qos.max_iops, 2000)
    expect("access", str(modified.access), "readOnly")
    expect_error("shrink", "xVolumeShrinkProhibited", lambda: element.modify_volume(clone.volume_id, total_size=1000000000))

    group = element.add_volumes_to_volume_access_group(3, [clone.volume_id]).volume_access_group
    expect("granted", clone.volume_id in group.volumes, True)
    expect_error(
        "granted twice",
        "xAlreadyInVolumeAccessGroup",
        lambda: element.add_volumes_to_volume_access_group(3, [clone.volume_id]),
    )
    element.remove_volumes_from_volume_access_group(3, [clone.volume_id])

    group_snapshot = element.create_group_snapshot([41, 42], name="group")
    expect("group members", [m.volume_id for m in group_snapshot.members], [41, 42])
    group_clone = element.clone_multiple_volumes(
        [{"volumeID": 41}, {"volumeID": 42}], group_snapshot_id=group_snapshot.group_snapshot_id
    )
    expect("group clone sources", [m.src_volume_id for m in group_clone.members], [41, 42])
    element.cancel_group_clone(group_clone.group_clone_id)
    expect_error("cancelled", "xDBNoSuchPath", lambda: element.get_async_result(group_clone.async_handle))
    element.delete_group_snapshot(group_snapshot.group_snapshot_id, False)

    deleted = element.delete_volume(clone.volume_id).volume
    expect("deleted status", deleted.status, "deleted")
    expect("in the deleted list", [v.volume_id for v in element.list_deleted_volumes().volumes], [clone.volume_id])
    element.purge_deleted_volume(clone.volume_id)
    element.delete_snapshot(snapshot.snapshot_id)
    expect_error("gone", "xVolumeIDDoesNotExist", lambda: element.delete_volume(clone.volume_id))


if __name__ == "__main__":
    main(int(sys.argv[1]))
