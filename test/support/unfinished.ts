import type { WorkflowHandle } from '@temporalio/client';
import { seriesWorkflowID } from '../../contracts/series.ts';
import { connect, leaseOf } from './lease.ts';
import { unfinishedRunbooks } from './runbook-scenarios.ts';
import type { Scenario } from './scenarios.ts';
import type { Service } from './service.ts';
import { HELD_STEPS } from './steps.ts';
import { waitFor } from './wait.ts';

const SOURCE = 42;
const NAME = 'db-uat';
/** Longer than it takes to write the history down. */
const HELD_MS = 20_000;

const pending = (handle: WorkflowHandle, activity: string) =>
  waitFor(`the step ${activity}`, async () =>
    (await handle.describe()).raw.pendingActivities?.some((a) => a.activityType?.name === activity),
  );

const heldIn = (step: string): Scenario => {
  const { faults, request } = HELD_STEPS[step]!;
  const own = faults(SOURCE, NAME, HELD_MS);
  return {
    simulator: { behaviour: { cloneSeconds: 1 }, faults: own },
    run: async (service: Service) => {
      const handle = await service.start({ volumeID: SOURCE, name: NAME, volumeAccessGroups: [1], ...request });
      await waitFor(`the step ${step}`, () =>
        service.simulator.cluster.faults.list().some((f) => f.fault === own.at(-1) && f.fired > 0),
      );
      return handle;
    },
  };
};

/**
 * Clones and leases that are not at their end: what a worker of the next version finds when it takes over. Their histories are kept
 * in test/histories/running.
 */
export const unfinished: Record<string, Scenario> = {
  ...Object.fromEntries(Object.keys(HELD_STEPS).map((step) => [step, heldIn(step)])),
  'refresh-copying': {
    simulator: { behaviour: { cloneSeconds: 600 } },
    run: async (service) => {
      await service.startRefresh({ series: 'copying', keep: 1 });
      await waitFor('the copy to run', () => service.simulator.cluster.state().slots.running > 0);
      return service.client.workflow.getHandle(seriesWorkflowID('lab', 'copying'));
    },
  },
  'refresh-swapping': {
    simulator: {
      behaviour: { cloneSeconds: 0, youngVolumeSeconds: 0 },
      faults: [{ kind: 'slowAnswer', method: 'AddVolumesToVolumeAccessGroup', delayMs: HELD_MS }],
    },
    run: async (service) => {
      await service.startRefresh({ series: 'swapping', keep: 1, volumeAccessGroups: [3] });
      const handle = service.client.workflow.getHandle(seriesWorkflowID('lab', 'swapping'));
      await pending(handle, 'swapAccess');
      return handle;
    },
  },
  copying: {
    simulator: { behaviour: { cloneSeconds: 600 } },
    run: async (service) => {
      const handle = await service.start({ volumeID: SOURCE, name: NAME });
      await waitFor('the copy to run', () => service.simulator.cluster.state().slots.running > 0);
      await pending(handle, 'awaitClone');
      return handle;
    },
  },
  'in-line': {
    simulator: { behaviour: { cloneSeconds: 600 }, limits: { cloneJobsPerVolumeMax: 1 } },
    run: async (service) => {
      service.simulator.cluster.act('CloneVolume', { volumeID: SOURCE, name: 'of-somebody-else', attributes: {} });
      const handle = await service.start({ volumeID: SOURCE, name: NAME });
      await pending(handle, 'waitForSlot');
      return handle;
    },
  },
  'taking-another-snapshot': {
    simulator: {
      behaviour: { cloneSeconds: 600 },
      faults: [
        { kind: 'error', method: 'CloneVolume', name: 'xSnapshotIDDoesNotExist', count: 1 },
        { kind: 'slow', method: 'CreateSnapshot', skip: 1, delayMs: HELD_MS },
      ],
    },
    run: async (service) => {
      const handle = await service.start({ volumeID: SOURCE, name: NAME });
      await waitFor('the second snapshot', () => {
        return service.simulator.cluster.calls.counts().byMethod['CreateSnapshot'] === 2;
      });
      return handle;
    },
  },
  // What lasts for weeks is certain to meet a new version.
  'lease-extended': {
    simulator: { behaviour: { cloneSeconds: 1 } },
    run: async (service) => {
      const lease = leaseOf(service, await service.clone({ volumeID: SOURCE, name: NAME, lease: '24h' }));
      await lease.extend({ by: '24h' });
      await pending(lease.handle, 'watchLease');
      return lease.handle;
    },
  },
  'lease-waiting-for-hosts': {
    simulator: { behaviour: { cloneSeconds: 1 } },
    run: async (service) => {
      const handle = await service.start({ volumeID: SOURCE, name: NAME, lease: '1s' });
      const volume = await waitFor('the volume', () =>
        service.simulator.cluster.state().volumes.find((v) => v.name === NAME),
      );
      connect(service, volume.volumeID, 'iqn.recorded');
      const lease = leaseOf(service, await handle.result());
      await pending(lease.handle, 'awaitUnused');
      return lease.handle;
    },
  },
  ...unfinishedRunbooks,
};
