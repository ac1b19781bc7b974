import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from '../../client/cli/program.ts';
import { CloneClient } from '../../client/index.ts';
import type { Fault } from '../../simulator/index.ts';
import { fakeIo } from '../support/fake-io.ts';
import { ending } from '../support/invariants.ts';
import { startFleet, type Fleet, type Service } from '../support/service.ts';

const behaviour = { cloneSeconds: 0, youngVolumeSeconds: 0 };
/** With what Markdown and a terminal might take for their own. */
const NAME = 'db_uat *new* [1]';
const TIME = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await fleet?.stop();
});

async function under<T>(faults: Fault[], body: (service: Service) => Promise<T>): Promise<T> {
  const service = await fleet.add({ simulator: { behaviour, faults } });
  try {
    return await body(service);
  } finally {
    await service.stop();
  }
}

/** How a clone under these faults ends, in words. */
const paragraph = (faults: Fault[], fields: object = {}) =>
  under(faults, async (service) => {
    const end = await ending(await service.start({ volumeID: 42, name: NAME, ...fields }));
    expect(end).toMatchObject({ ended: 'failed', type: 'CloneFailed' });
    return end.ended === 'failed' ? end.message : '';
  });

const refused = (method: string, name: string, message: string, more: object = {}): Fault => ({
  kind: 'error',
  method,
  name,
  message,
  ...more,
});

/** What the UI shows as the workflow's current details, as text without Markdown. */
async function currentDetails({ workflowId }: WorkflowHandle, { client }: Service): Promise<string> {
  const { queryResult } = await client.workflowService.queryWorkflow({
    namespace: 'default',
    execution: { workflowId },
    query: { queryType: '__temporal_workflow_metadata' },
  });
  const [payload] = queryResult!.payloads!;
  const { currentDetails: details } = JSON.parse(Buffer.from(payload!.data!).toString()) as { currentDetails: string };
  return details.replaceAll(/\\(.)/g, '$1');
}

const cli = async (...args: string[]) => {
  const io = fakeIo();
  const code = await run(args, io);
  return { code, stdout: io.stdout(), stderr: io.stderr() };
};

test('one paragraph says all, and it is the same wherever it is read', () =>
  under(
    [
      refused('ModifyVolume', 'xNobodyKnows', 'the first error'),
      refused('DeleteVolume', 'xVolumeInUse', 'an error of undoing'),
    ],
    async (service) => {
      vi.stubEnv('TEMPORAL_ADDRESS', service.address);
      vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
      const clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
      const clone = await clones.start({ cluster: service.alias, volumeID: 42, name: NAME });
      const handle = service.client.workflow.getHandle(clone.workflowId);
      const end = await ending(handle);
      if (end.ended !== 'failed') throw new Error(`the clone ${end.ended}`);
      const { message } = end;

      expect(message).toMatch(
        new RegExp(
          [
            '^Cloning volume 42 of cluster lab-\\d+ to "db_uat \\*new\\* \\[1\\]"',
            ' failed in step modifyVolume: ModifyVolume of volumeID 62 failed with xNobodyKnows: the first error\\.',
            ` Tried 3 times since ${TIME}\\.`,
            ' Undone: snapshot 1 deleted\\.',
            ' Still on the cluster: volume 62 \\(could not be removed: DeleteVolume of volumeID 62 failed with xVolumeInUse: an error of undoing; remove it by hand\\)\\.',
            ' It can be asked for again once the cause is gone; what is named here stays until somebody removes it\\.$',
          ].join(''),
        ),
      );
      // The programs' part of it.
      expect(end.details).toMatchObject({ method: 'ModifyVolume', apiName: 'xNobodyKnows', attempts: 3 });

      expect(await clone.result().catch((err: unknown) => err)).toMatchObject({ name: 'CloneFailedError', message });
      expect((await clone.describe()).failure).toMatchObject({ message });
      expect(await currentDetails(handle, service)).toContain(message);
      const watched = await cli('watch', clone.workflowId);
      expect(watched).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
      const document = await cli('watch', clone.workflowId, '--output', 'json');
      expect(JSON.parse(document.stdout.trimEnd().split('\n').at(-1)!)).toMatchObject({ error: { message } });
      expect((await cli('show', clone.workflowId)).stdout).toContain(message);
    },
  ));

describe.concurrent('the paragraph says', () => {
  test('that nothing was made, when it fails before', async () => {
    expect(await paragraph([refused('GetLimits', 'xUnknownAPIMethod', 'no limits')])).toMatch(
      new RegExp(
        `failed in step preflight: GetLimits failed with xUnknownAPIMethod: no limits\\. Tried once since ${TIME}\\. Nothing had been left on the cluster\\. It can be asked for again once the cause is gone\\.$`,
      ),
    );
  });

  test('what the last answer was, when the deadline passed', async () => {
    expect(await paragraph([{ kind: 'http503', method: 'CreateSnapshot' }], { deadline: '20s' })).toMatch(
      new RegExp(
        `failed in step createSnapshot: the deadline passed; the last answer was: CreateSnapshot of volumeID 42, name ".*": HTTP 503 without an answer of the Element API\\. Tried (once|\\d+ times) since ${TIME}\\. Nothing had been left on the cluster\\. It can be asked for again, with a longer deadline when the cluster is merely slow\\.$`,
      ),
    );
  });

  test('how often it looked, when the copy fails', async () => {
    const fault: Fault = { kind: 'cloneFails', name: 'xSliceGone', message: 'a disk broke' };
    expect(await paragraph([fault])).toMatch(
      new RegExp(
        `failed in step awaitClone: the cluster gave up copying to volume 62: xSliceGone: a disk broke\\. Looked at it (once|\\d+ times) since ${TIME}\\. Undone: volume 62 deleted; snapshot 1 deleted\\. It can be asked for again`,
      ),
    );
  });

  test('what was kept, when the request says so', async () => {
    const fields = { onFailure: 'keep', volumeAccessGroups: [2, 3] };
    const second = refused('AddVolumesToVolumeAccessGroup', 'xUnknownAccount', 'no', { skip: 1 });
    expect(await paragraph([second], fields)).toMatch(
      /Nothing was undone, as the request asked \(onFailure: "keep"\)\. Still on the cluster: volume 62 \(kept, as onFailure says\); membership of volume access group 2 \(.*reporting-hosts.*\); membership of volume access group 3 \(.*\); async result 1 \(.*read it once with GetAsyncResult to remove it\); snapshot 1 \(kept, as onFailure says\)\. Use it, or remove it by hand\.$/,
    );
  });

  test('that something may be left whose ID nobody learnt', async () => {
    const faults: Fault[] = [
      { kind: 'actThenCut', method: 'CreateSnapshot', count: 1 },
      refused('ListSnapshots', 'xUnknownAPIMethod', 'not here'),
    ];
    expect(await paragraph(faults)).toMatch(
      /failed in step createSnapshot: ListSnapshots .* not here\. .*Nothing was undone\. Still on the cluster: snapshot \(may exist, look for its tag: could not be removed: ListSnapshots .* not here; remove it by hand\)\. It can be asked for again/,
    );
  });
});
