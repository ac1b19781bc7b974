import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { CloneClient, type CloneHandle } from '../../client/index.ts';
import { findBrowser, openBrowser, pageText, type Browser } from '../support/browser.ts';
import { startService, type Service } from '../support/service.ts';
import { waitFor } from '../support/wait.ts';

/** Longer than any test, so that what is looked at stays as it is. */
const LONG = 100_000;
/** A browser's first page on a loaded machine. */
const PATIENCE_MS = 100_000;

let service: Service;
let clones: CloneClient;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await openBrowser();
  page = await browser.context.newPage();
  service = await startService({
    simulator: {
      behaviour: {
        cloneSeconds: 2,
        copyRules: [
          { name: 'db-uat', cloneSeconds: LONG },
          { name: 'in-the-way-*', cloneSeconds: LONG },
        ],
      },
      faults: [{ kind: 'cloneFails', match: { name: 'db-report' }, atPercent: 10 }],
    },
  });
  clones = new CloneClient(service.client, { taskQueue: service.taskQueue });
}, 240_000);

afterAll(async () => {
  await Promise.allSettled(started.map((c) => service.client.workflow.getHandle(c.workflowId).terminate()));
  await browser?.close();
  await service?.stop();
});

/** Those that would run on for ever. */
const started: CloneHandle[] = [];

const request = (volumeID: number, name: string, rest: object = {}) => ({
  cluster: 'lab',
  volumeID,
  name,
  requestedBy: 'ada@example.com',
  ...rest,
});

const startLong = async (...args: Parameters<typeof request>): Promise<CloneHandle> => {
  const clone = await clones.start(request(...args));
  started.push(clone);
  return clone;
};

const pending = (clone: CloneHandle, step: string) =>
  waitFor(`${step} of ${clone.workflowId} to be pending`, async () => {
    const { pendingStep } = await clone.describe();
    return pendingStep?.step === step && pendingStep.lastFailure !== undefined;
  });

/** Opens a page and reads until everything that is expected is there at once. */
async function read(path: string, expected: (string | RegExp)[]): Promise<string> {
  const uiUrl = inject('temporalUiUrl');
  if (uiUrl === '')
    throw new Error('TEMPORAL_ADDRESS names a server whose Web UI is unknown: set TEMPORAL_UI_URL too.');
  await page.goto(`${uiUrl}${path}`, { timeout: PATIENCE_MS });
  let text = '';
  let missing: (string | RegExp)[] = expected;
  try {
    await waitFor(
      path,
      async () => {
        text = await pageText(page);
        missing = expected.filter((e) => (typeof e === 'string' ? !text.includes(e) : !e.test(text)));
        return missing.length === 0;
      },
      PATIENCE_MS,
    );
  } catch (err) {
    throw new Error(`${path} does not show ${missing.map(String).join(' | ')}; it shows:\n${text}`, { cause: err });
  }
  return text;
}

/** Path of a tab of a clone's page. */
async function tab(clone: CloneHandle, name: string): Promise<string> {
  const { uiPath } = await clone.describe();
  return uiPath.replace(/history$/, name);
}

describe('the Temporal UI', { timeout: 400_000 }, () => {
  test('shows of a running clone what is made, for whom, which step, and how far the copy is', async () => {
    const clone = await startLong(42, 'db-uat', { volumeAccessGroups: ['uat-hosts'], modify: { qosPolicyID: 3 } });
    await pending(clone, 'awaitClone');
    service.simulator.cluster.clock.set({ advanceSeconds: LONG * 0.46 });
    const { volumeID } = service.simulator.cluster.state().volumes.find((v) => v.name === 'db-uat')!;

    const copying = /"message": "(\d+) % · [\d.]+ GB of 4\.29 GB · [\d.]+ kB\/s · about \d+h [\dms ]+ left"/;
    const activities = await read(await tab(clone, 'pending-activities'), [
      clone.workflowId,
      'RUNNING',
      'awaitClone',
      copying,
      '"type": "CloneNotReady"',
      `"volumeID": ${volumeID}`,
      /"percent": 4\d/,
      '"bytesPerSecond": ',
      '"remainingTime": ',
    ]);
    expect(Number(copying.exec(activities)?.[1])).toBeGreaterThanOrEqual(35);
    expect(activities).not.toContain('Stack Trace');

    const story = await read(await tab(clone, 'user-metadata'), [
      'Clone volume 42 of lab → db-uat',
      'For: ada@example.com',
      'Snapshot: taken now, deleted afterwards',
      'Afterwards: QoS policy 3',
      'Volume access groups: uat-hosts',
      /✓ preflight ✓ snapshot: snapshot \d+ ✓ clone: volume \d+, cloneID \d+, asyncHandle \d+ ▶ await · modify · grant · verify · clean up/,
    ]);
    expect(story).toContain(`volume ${volumeID}`);
    expect(story).toContain('Copying.');

    await read(await tab(clone, 'timeline'), [
      'preflight • Check volume 42 → db-uat',
      'createSnapshot • CreateSnapshot of volume 42',
      'startClone • CloneVolume 42 → db-uat',
      `awaitClone • Copy of volume 42 → volume ${volumeID}`,
    ]);

    await read(await tab(clone, 'search-attributes'), [
      '"ElementCluster": "lab"',
      '"ElementPhase": "cloning"',
      '"ElementSourceVolumeID": 42',
      `"ElementCloneVolumeID": ${volumeID}`,
    ]);
    const query = `TaskQueue="${service.taskQueue}" AND ElementPhase="cloning" AND ElementCloneVolumeID=${volumeID}`;
    // The index lags behind, and the page asks it only once.
    await waitFor('the index to know the clone', async () => (await service.client.workflow.count(query)).count === 1);
    await read(`/namespaces/default/workflows?query=${encodeURIComponent(query)}`, [clone.workflowId, 'cloneVolume']);
  });

  test('shows of a clone that waits for a slot what it waits for', async () => {
    for (const n of [1, 2]) await pending(await startLong(50, `in-the-way-${n}`), 'awaitClone');
    const clone = await startLong(50, 'wh-reporting');
    await pending(clone, 'waitForSlot');

    await read(await tab(clone, 'pending-activities'), [
      'waitForSlot',
      /waiting for a clone slot: number 1 of 1 in line/,
      '"type": "ElementBusy"',
      'Next Retry',
    ]);
    await read(await tab(clone, 'user-metadata'), [
      'Clone volume 50 of lab → wh-reporting',
      'it waits in line',
      /✓ snapshot: snapshot \d+ ▶ clone · await · modify · verify · clean up/,
    ]);
    await read(await tab(clone, 'search-attributes'), ['"ElementPhase": "waiting"', '"ElementSourceVolumeID": 50']);
  });

  test('shows of a failed clone, in one paragraph, what failed and that it was undone', async () => {
    const clone = await clones.start(request(41, 'db-report'));
    const error: unknown = await clone.result().catch((err: unknown) => err);
    const paragraph =
      /Cloning volume 41 of cluster lab to \\?"db-report\\?" failed in step awaitClone: .*xCloneFailed: .*\. Looked at it (once|\d+ times) since [\d-]+ [\d:]+ UTC\. Undone: volume \d+ deleted; snapshot \d+ deleted\. It can be asked for again once the cause is gone\./;
    expect(String(error)).toMatch(paragraph);

    const result = await read(await tab(clone, 'timeline'), [
      'FAILED',
      new RegExp(`"message": "${paragraph.source}"`),
      /undoClone • Remove volume \d+, the clone of 41/,
      /undoSnapshot • Remove snapshot \d+ of volume 41/,
    ]);
    expect(result).not.toContain('stackTrace');

    await read(await tab(clone, 'user-metadata'), [
      paragraph,
      /✓ clone: volume \d+, cloneID \d+, asyncHandle \d+ ✗ await · modify/,
    ]);
    await read(await tab(clone, 'search-attributes'), ['"ElementPhase": "failed"']);
  });

  test('shows of a refused request every fault', async () => {
    const clone = await clones.start(
      request(42, 'refused', { newAccountID: 77, volumeAccessGroups: ['no-such-hosts'] }),
    );
    await expect(clone.result()).rejects.toThrow('no account 77');
    const faults = [/newAccountID: cluster lab has no account 77/, /no volume access group \\?"no-such-hosts\\?"/];
    await read(await tab(clone, 'timeline'), ['FAILED', 'The request is not valid, 2 faults', ...faults]);
    await read(await tab(clone, 'user-metadata'), [...faults, 'Nothing was created.', '✗ preflight · snapshot']);
  });

  test('shows of a finished clone its result and every step', async () => {
    const clone = await clones.start(
      request(43, 'temp-copy', { volumeAccessGroups: ['dev-hosts'], requestId: `nightly-${service.taskQueue}` }),
    );
    expect(clone.workflowId).toBe(`clone-for-request-nightly-${service.taskQueue}`);
    const { volumeID, snapshotID } = await clone.result();

    await read(await tab(clone, 'timeline'), [
      'COMPLETED',
      clone.workflowId,
      `"volumeID": ${volumeID}`,
      '"sourceVolumeID": 43',
      '"snapshotDeleted": true',
      `modifyVolume • ModifyVolume ${volumeID}`,
      `grantAccess • Add volume ${volumeID} to dev-hosts`,
      `verifyClone • Verify volume ${volumeID}`,
      `cleanUp • Remove snapshot ${snapshotID} and async result`,
    ]);
    await read(await tab(clone, 'user-metadata'), [
      `Done: volume ${volumeID} is ready.`,
      /✓ await ✓ modify ✓ grant ✓ verify ✓ clean up/,
      `Request ID: nightly-${service.taskQueue}`,
    ]);
    await read(await tab(clone, 'search-attributes'), [
      '"ElementPhase": "done"',
      `"ElementCloneVolumeID": ${volumeID}`,
    ]);
  });
});

test('without a browser the tests say what to install', () => {
  expect(() => findBrowser({ PATH: '/nowhere' })).toThrow(/^.*apt-get install -y chromium\)\.$/);
});
