import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { WORKFLOW } from '../../contracts/names.ts';
import { seriesWorkflowID } from '../../contracts/series.ts';
import { workflowIDForRequest } from '../../contracts/workflow-id.ts';
import type { SimulatorOptions } from '../../simulator/index.ts';
import { leaseOf } from './lease.ts';
import { lineHandle, lineOf } from './line.ts';
import { runbookScenarios } from './runbook-scenarios.ts';
import type { Service } from './service.ts';
import { startCopy, startUndo } from './start-copy.ts';
import { waitFor } from './wait.ts';

/** One way in which a clone can go, whose history is kept so that later versions are held to it. */
export interface Scenario {
  simulator: SimulatorOptions;
  /** Starts the workflow whose history is kept, and sees to it that it ends in the way of the scenario's name. */
  run(service: Service): Promise<WorkflowHandle>;
}

const quick = { cloneSeconds: 1 };
const request = { volumeID: 42, name: 'db-uat' };
const everything = {
  ...request,
  volumeAccessGroups: [2, 'uat-hosts'],
  modify: { qosPolicyID: 3, access: 'readOnly', attributes: { stage: 'uat' } },
  requestedBy: 'recorder',
};

const cancelWhen = async (service: Service, method: string, handle: WorkflowHandle) => {
  await waitFor(method, () => service.simulator.cluster.calls.counts().byMethod[method]);
  await handle.cancel();
  return handle;
};

/** Clones that have one slot between them, each in line before the next one asks. */
const inLine = async (service: Service, count: number) => {
  const handles: WorkflowHandle[] = [];
  for (let i = 0; i < count; i += 1) {
    handles.push(await service.start({ ...request, name: `db-uat-${i}` }));
    await waitFor('its place in line', async () => {
      const { holding, waiting } = await lineOf(service);
      return holding.length + waiting.length > i;
    });
  }
  return handles;
};
const oneSlot = { behaviour: { cloneSeconds: 6 }, limits: { cloneJobsPerVolumeMax: 1 } };

const group = {
  volumes: [{ volumeID: 41 }, { volumeID: 42, name: 'db-uat' }, { volumeID: 43 }],
  volumeAccessGroups: ['uat-hosts'],
  modify: { qosPolicyID: 3 },
};

/** What a terminated clone leaves, and then the workflow that is recorded. */
const housekeeping = async (service: Service, workflowType: string): Promise<WorkflowHandle> => {
  const clone = await service.start(everything);
  await waitFor('the copy to run', () => service.simulator.cluster.state().slots.running > 0);
  await clone.terminate('recorded');
  const workflowId = `${workflowType}-${randomUUID()}`;
  const args = [{ cluster: 'lab' }];
  return service.client.workflow.start(workflowType, { workflowId, taskQueue: service.taskQueue, args });
};

const startFanOut = (service: Service, more: object): Promise<WorkflowHandle> =>
  service.client.workflow.start(WORKFLOW.cloneFanOut, {
    workflowId: `fan-out-${randomUUID()}`,
    taskQueue: service.taskQueue,
    args: [
      { cluster: 'lab', volumeID: 42, clones: [{ name: 'dev-1' }, { name: 'dev-2' }, { name: 'dev-3' }], ...more },
    ],
  });

/** A refresh of a series of its own; gives back the run that holds the lock on it, whose ID its replay needs. */
const refresh = async (
  service: Service,
  series: string,
  { before = 0, ...more }: { before?: number } & Record<string, unknown> = {},
): Promise<WorkflowHandle> => {
  const asked = { series, keep: 1, volumeAccessGroups: ['uat-hosts'], ...more };
  for (let i = 0; i < before; i += 1) await (await service.startRefresh(asked)).result();
  const outer = await service.startRefresh(asked);
  const id = seriesWorkflowID('lab', series);
  await waitFor('its turn', async () => {
    const running = await service.client.workflow
      .getHandle(id)
      .describe()
      .catch(() => undefined);
    return running !== undefined && (before === 0 || running.startTime >= (await outer.describe()).startTime);
  });
  return service.client.workflow.getHandle(id);
};
const quickRefresh = { behaviour: { cloneSeconds: 0, youngVolumeSeconds: 0 } };
/** A run that a schedule of Temporal has started, as client/schedules makes them. */
const runOfSchedule = async (service: Service, of: object): Promise<WorkflowHandle> => {
  const schedule = await service.client.schedule.create({
    scheduleId: `${randomUUID()}-nightly`,
    spec: {},
    action: {
      type: 'startWorkflow',
      workflowType: WORKFLOW.scheduledRun,
      workflowId: `schedule-${randomUUID()}-nightly`,
      taskQueue: service.taskQueue,
      args: [{ type: WORKFLOW.cloneVolume, request: { cluster: 'lab', ...of } }],
      memo: { title: 'Clone volume 42 of lab → db-uat' },
    },
  });
  await schedule.trigger();
  const { action } = await waitFor('the run', async () => (await schedule.describe()).info.recentActions[0]);
  await schedule.delete();
  return service.client.workflow.getHandle(action.workflow.workflowId);
};

export const scenarios: Record<string, Scenario> = {
  'refresh-first': { simulator: quickRefresh, run: (service) => refresh(service, 'first') },
  'refresh-swapped': {
    simulator: quickRefresh,
    run: (service) => refresh(service, 'swapped', { before: 1, swap: 'after', requestedBy: 'recorder' }),
  },
  'refresh-group': {
    simulator: quickRefresh,
    run: (service) => refresh(service, 'group', { clone: { volumes: [{ volumeID: 41 }, { volumeID: 42 }] } }),
  },
  'refresh-swapped-back': {
    simulator: {
      ...quickRefresh,
      faults: [
        {
          ...{ kind: 'error', method: 'ModifyVolume', name: 'xUnknownAPIMethod', skip: 1 },
          match: { 'attributes.element-clone': '*served=*' },
        },
      ],
    },
    run: (service) => refresh(service, 'swapped-back', { before: 1 }),
  },
  'refresh-copied': {
    simulator: quickRefresh,
    run: (service) => refresh(service, 'copied', { before: 1, mode: 'copy' }),
  },
  'refresh-refused': {
    simulator: {},
    run: (service) => refresh(service, 'refused', { clone: { volumeID: 4_242 } }),
  },
  'refresh-waited-for-its-turn': {
    simulator: { behaviour: { cloneSeconds: 4 } },
    run: async (service) => {
      await refresh(service, 'busy');
      const second = await service.startRefresh({ series: 'busy', keep: 1 });
      await second.result();
      return second;
    },
  },
  'group-happy-path': { simulator: { behaviour: quick }, run: (service) => service.startGroup(group) },
  'group-with-group-snapshot': {
    simulator: { behaviour: quick },
    run: (service) => {
      const { groupSnapshotID } = service.simulator.cluster.act('CreateGroupSnapshot', { volumes: [41, 42] });
      return service.startGroup({ volumes: [{ volumeID: 41 }, { volumeID: 42 }], groupSnapshotID });
    },
  },
  'group-refused': { simulator: {}, run: (service) => service.startGroup({ volumes: [{ volumeID: 999 }] }) },
  'group-failed-and-undone': {
    simulator: { behaviour: quick, faults: [{ kind: 'cloneFails', sourceVolumeID: 42 }] },
    run: (service) => service.startGroup(group),
  },
  'group-without-one-member': {
    simulator: { behaviour: quick, faults: [{ kind: 'cloneFails', sourceVolumeID: 42 }] },
    run: (service) => service.startGroup({ ...group, onMemberFailure: 'keep' }),
  },
  'group-cancelled-while-copying': {
    simulator: { behaviour: { cloneSeconds: 600 } },
    run: async (service) => cancelWhen(service, 'CloneMultipleVolumes', await service.startGroup(group)),
  },
  'group-joined': {
    simulator: { behaviour: quick },
    run: (service) => service.startGroup({ ...group, requestId: randomUUID() }),
  },
  'happy-path': { simulator: { behaviour: quick }, run: (service) => service.start(everything) },
  'with-snapshot-id': {
    simulator: { behaviour: quick },
    run: (service) => {
      const { snapshotID } = service.simulator.cluster.act('CreateSnapshot', { volumeID: 42 });
      return service.start({ ...request, snapshotID });
    },
  },
  refused: { simulator: {}, run: (service) => service.start({ ...request, volumeID: 999, wrong: true }) },
  'failed-and-undone': {
    simulator: { behaviour: quick, faults: [{ kind: 'cloneFails', atPercent: 50 }] },
    run: (service) => service.start(everything),
  },
  'failed-and-kept': {
    simulator: { behaviour: quick, faults: [{ kind: 'error', method: 'ModifyVolume', name: 'xUnknownAccount' }] },
    run: (service) => service.start({ ...everything, onFailure: 'keep' }),
  },
  'cancelled-while-copying': {
    simulator: { behaviour: { cloneSeconds: 600 } },
    run: async (service) => {
      const handle = await service.start(everything);
      await waitFor('the copy to run', () => service.simulator.cluster.state().slots.running > 0);
      await handle.cancel();
      return handle;
    },
  },
  'cancelled-in-the-last-step': {
    simulator: { behaviour: quick, faults: [{ kind: 'slow', method: 'DeleteSnapshot', delayMs: 5_000, count: 1 }] },
    run: async (service) => cancelWhen(service, 'DeleteSnapshot', await service.start(everything)),
  },
  'adopted-after-a-lost-answer': {
    simulator: {
      behaviour: quick,
      faults: [{ kind: 'actThenCut', method: ['CreateSnapshot', 'CloneVolume'], count: 2 }],
    },
    run: (service) => service.start(everything),
  },
  'began-its-request': {
    simulator: { behaviour: quick },
    run: (service) => service.start({ ...request, requestId: randomUUID() }),
  },
  joined: {
    simulator: { behaviour: { cloneSeconds: 3 } },
    run: async (service) => {
      const requestId = randomUUID();
      await service.start({ ...request, requestId }, { workflowId: workflowIDForRequest(requestId) });
      return service.start({ ...request, requestId });
    },
  },
  'waited-in-line': { simulator: oneSlot, run: async (service) => (await inLine(service, 2))[1]! },
  'cancelled-in-line': {
    simulator: oneSlot,
    run: async (service) => {
      const [, second] = await inLine(service, 2);
      await second!.cancel();
      return second!;
    },
  },
  'kept-the-line': {
    simulator: oneSlot,
    run: async (service) => {
      const handles = await inLine(service, 4);
      await handles[2]!.terminate('gone');
      await Promise.all([handles[0]!.result(), handles[1]!.result(), handles[3]!.result()]);
      const line = lineHandle(service);
      await waitFor('the line to be empty', async () => (await lineOf(service)).holding.length === 0);
      await line.cancel();
      return line;
    },
  },
  'clone-with-a-lease': {
    simulator: { behaviour: quick },
    run: async (service) => service.start({ ...everything, lease: '1h' }),
  },
  'group-with-leases': {
    simulator: { behaviour: quick },
    run: (service) => service.startGroup({ ...group, lease: '1h' }),
  },
  'lease-deleted': {
    simulator: { behaviour: quick },
    run: async (service) => leaseOf(service, await service.clone({ ...everything, lease: '5s' })).handle,
  },
  'lease-extended-and-released': {
    simulator: { behaviour: quick },
    run: async (service) => {
      const lease = leaseOf(service, await service.clone({ ...everything, lease: '1h' }));
      await lease.extend({ by: '1h', requestedBy: 'recorder' });
      await lease.release('recorder');
      return lease.handle;
    },
  },
  'lease-of-a-deleted-volume': {
    simulator: { behaviour: quick },
    run: async (service) => {
      const clone = await service.clone({ ...everything, lease: '1h' });
      service.simulator.cluster.act('DeleteVolume', { volumeID: clone.volumeID });
      return leaseOf(service, clone).handle;
    },
  },
  'lease-refused-then-released': {
    simulator: {
      behaviour: quick,
      faults: [{ kind: 'error', method: 'DeleteVolume', name: 'xVolumeHasProtection', message: 'recorded' }],
    },
    run: async (service) => {
      const lease = leaseOf(service, await service.clone({ ...everything, lease: '2s' }));
      await waitFor('a refusal', async () => (await lease.view()).problem !== undefined);
      await lease.release('recorder');
      return lease.handle;
    },
  },
  'lease-cancelled': {
    simulator: { behaviour: quick },
    run: async (service) => {
      const { handle } = leaseOf(service, await service.clone({ ...everything, lease: '1h' }));
      await handle.cancel();
      return handle;
    },
  },
  'find-orphans': {
    simulator: { behaviour: { cloneSeconds: 600 } },
    run: (service) => housekeeping(service, WORKFLOW.findOrphans),
  },
  'remove-orphans': {
    simulator: { behaviour: { cloneSeconds: 600 } },
    run: (service) => housekeeping(service, WORKFLOW.removeOrphans),
  },
  'take-inventory': {
    simulator: { behaviour: quick },
    run: async (service) => {
      await service.clone(everything);
      return housekeeping(service, WORKFLOW.takeInventory);
    },
  },
  'fan-out': {
    simulator: { behaviour: quick },
    run: (service) => startFanOut(service, { volumeAccessGroups: ['uat-hosts'] }),
  },
  'fan-out-stopped': {
    simulator: {
      behaviour: { cloneSeconds: 600 },
      limits: { cloneJobsPerVolumeMax: 3 },
      faults: [{ kind: 'error', method: 'CloneVolume', match: { name: 'dev-2' }, name: 'xUnknownAccount' }],
    },
    run: (service) => startFanOut(service, { onMemberFailure: 'stop' }),
  },
  'fan-out-cancelled': {
    simulator: { behaviour: { cloneSeconds: 600 } },
    run: async (service) => {
      const handle = await startFanOut(service, {});
      await waitFor('a copy to run', () => service.simulator.cluster.state().slots.running > 0);
      await handle.cancel();
      return handle;
    },
  },
  'copy-happy-path': { simulator: { behaviour: quick }, run: (service) => startCopy(service) },
  'copy-of-a-snapshot': {
    simulator: { behaviour: quick },
    run: (service) => {
      const { snapshotID } = service.simulator.cluster.act('CreateSnapshot', { volumeID: 42 });
      return startCopy(service, { snapshotID });
    },
  },
  'copy-refused': { simulator: {}, run: (service) => startCopy(service, { force: false }) },
  'copy-waited-in-line': {
    simulator: { behaviour: { cloneSeconds: 4 }, limits: { cloneJobsPerVolumeMax: 1 } },
    run: async (service) => {
      await service.start(request);
      await waitFor('the clone to run', () => service.simulator.cluster.state().slots.running > 0);
      return startCopy(service);
    },
  },
  'copy-adopted-after-a-lost-answer': {
    simulator: {
      behaviour: quick,
      faults: [{ kind: 'actThenCut', method: ['CreateSnapshot', 'CopyVolume'], count: 3 }],
    },
    run: (service) => startCopy(service),
  },
  'copy-made-again': {
    simulator: { behaviour: quick, faults: [{ kind: 'loseAsyncResult', count: 1 }] },
    run: (service) => startCopy(service),
  },
  'copy-failed-and-rolled-back': {
    simulator: { behaviour: quick, faults: [{ kind: 'cloneFails' }] },
    run: (service) => startCopy(service),
  },
  'copy-failed-and-kept': {
    simulator: { behaviour: quick, faults: [{ kind: 'cloneFails' }] },
    run: (service) => startCopy(service, { onFailure: 'keep' }),
  },
  'copy-cancelled-while-copying': {
    simulator: { behaviour: { cloneSeconds: 600 } },
    run: async (service) => cancelWhen(service, 'CopyVolume', await startCopy(service)),
  },
  'copy-taken-back': {
    simulator: { behaviour: quick },
    run: async (service) => {
      const copy = await startCopy(service);
      await copy.result();
      return startUndo(service, copy.workflowId);
    },
  },
  'scheduled-run': {
    simulator: { behaviour: quick },
    run: (service) => runOfSchedule(service, request),
  },
  'scheduled-run-failed': {
    simulator: {},
    run: (service) => runOfSchedule(service, { ...request, volumeID: 999 }),
  },
  ...runbookScenarios,
};
