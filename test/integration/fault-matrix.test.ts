import { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import type { CloneFailureDetails } from '../../contracts/failure.ts';
import type { Fault } from '../../simulator/fault-shapes.ts';
import { NOTHING, ours } from '../support/ours.ts';
import { startService } from '../support/service.ts';

/** Every API call that an ordinary clone makes. */
const METHODS = [
  'ListVolumes',
  'GetLimits',
  'GetClusterFullThreshold',
  'ListVolumeAccessGroups',
  'CreateSnapshot',
  'CloneVolume',
  'ListSyncJobs',
  'GetAsyncResult',
  'ModifyVolume',
  'AddVolumesToVolumeAccessGroup',
  'DeleteSnapshot',
];

/** Faults that a clone must survive. */
const PASSING: Record<string, Fault> = {
  'is refused for a moment': { kind: 'error', name: 'xDBVersionMismatch', count: 1 },
  'acts and loses the answer': { kind: 'actThenCut', count: 1 },
  'acts after it was given up': { kind: 'cutThenActLater', delayMs: 1_500, count: 1 },
  'is cut before it acts': { kind: 'cutBefore', count: 1 },
  'is answered by HTTP 503': { kind: 'http503', count: 1 },
  'is answered by HTML': { kind: 'html200', count: 1 },
  'fails by an unknown name once': { kind: 'error', name: 'xNobodyKnows', count: 1 },
};

const request = { volumeID: 42, name: 'db-uat', volumeAccessGroups: [3], modify: { access: 'readOnly' } };
const instant = { cloneSeconds: 1, metadataSeconds: 0 };

describe.concurrent('one clone, whatever call meets whatever fault', () => {
  for (const method of METHODS) {
    for (const [what, fault] of Object.entries(PASSING)) {
      test(`${method} ${what}`, async () => {
        const service = await startService({
          simulator: { behaviour: instant, faults: [{ ...fault, method }] },
        });
        try {
          const result = await service.clone(request);
          expect(ours(service.simulator)).toEqual({ ...NOTHING, volumes: [result.volumeID] });
          expect(result.volume).toMatchObject({
            name: 'db-uat',
            access: 'readOnly',
            volumeAccessGroups: [3],
            status: 'active',
          });
          expect(result.snapshotDeleted).toBe(true);
        } finally {
          await service.stop();
        }
      });
    }

    test(`${method} is refused for good`, async () => {
      const fault: Fault = { kind: 'error', name: 'xUnknownAPIMethod', message: 'no such method', method };
      const service = await startService({ simulator: { behaviour: instant, faults: [fault] } });
      try {
        const handle = await service.start(request);
        const outcome = await handle.result().catch((err: unknown) => err);
        const left = ours(service.simulator);
        // A clone that is good is not thrown away over a snapshot that expires by itself; the result says so.
        if (method === 'DeleteSnapshot') {
          expect(outcome).toMatchObject({ snapshotDeleted: false });
          return;
        }
        expect(outcome).toBeInstanceOf(WorkflowFailedError);
        const failure = (outcome as WorkflowFailedError).cause as ApplicationFailure;
        expect(failure.message).toContain('xUnknownAPIMethod');
        const [details] = failure.details as [CloneFailureDetails];
        expect(details).toMatchObject({ method, apiName: 'xUnknownAPIMethod', sourceVolumeID: 42 });
        // What the cluster refuses to give up is named by its ID; all else is gone.
        const named = (kind: string) => details.leftBehind.filter((l) => l.kind === kind).map((l) => l.id);
        expect(named('volume')).toEqual(left.volumes);
        expect(named('snapshot')).toEqual(left.snapshots);
        // One that could not be read is named, though it may have gone with the copy that was cancelled.
        expect(named('asyncResult').length).toBeGreaterThanOrEqual(left.asyncResults);
        expect(left.volumes).toEqual([]);
        expect(left.snapshots).toEqual([]);
      } finally {
        await service.stop();
      }
    });
  }
});
