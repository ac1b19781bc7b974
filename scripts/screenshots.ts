// The pictures of the Temporal UI in docs/images: `node --import tsx scripts/screenshots.ts`. Needs chromium.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { CloneClient, type CloneHandle } from '../client/index.ts';
import { openBrowser, pageText } from '../test/support/browser.ts';
import { waitFor } from '../test/support/wait.ts';
import { ensureReady } from './bootstrap.mjs';
import { makeStage, type Stage } from './demo/stage.ts';

const images = fileURLToPath(new URL('../docs/images', import.meta.url));
const COPY_SECONDS = 600;
const PATIENCE_MS = 120_000;

const stops: (() => Promise<void>)[] = [];
async function takeAll(): Promise<void> {
  const stage = await makeStage({ onStop: (stop) => stops.push(stop), done: console.log, note: console.log });
  stage.simulator.cluster.setBehaviour({
    copyRules: [
      { name: 'db-uat', cloneSeconds: COPY_SECONDS },
      { name: 'db-report', cloneSeconds: 5 },
    ],
  });
  stage.simulator.cluster.faults.append([{ kind: 'cloneFails', match: { name: 'db-report' }, atPercent: 60 }]);
  const clones = await CloneClient.connect({ address: stage.temporal.address });
  stops.push(() => clones.close());
  const browser = await openBrowser({ width: 1600, height: 1200 });
  stops.push(() => browser.close());
  const page = await browser.context.newPage();

  const failed = await clones.start({
    cluster: 'lab',
    volumeID: 41,
    name: 'db-report',
    requestedBy: 'ada@example.com',
  });
  await failed.result().catch(() => {});
  const running = await clones.start({
    cluster: 'lab',
    volumeID: 42,
    name: 'db-uat',
    volumeAccessGroups: ['uat-hosts'],
    modify: { qosPolicyID: 3 },
    requestedBy: 'ada@example.com',
  });
  await lookSays(running, /./);
  stage.simulator.cluster.clock.set({ advanceSeconds: COPY_SECONDS * 0.48 });
  await lookSays(running, /^4\d %/);

  await take(page, stage, running, { tab: 'user-metadata', shows: /▶ await/, file: 'running-clone.png', height: 770 });
  await take(page, stage, running, {
    tab: 'pending-activities',
    shows: /"percent": 4\d/,
    file: 'pending-activity.png',
    height: 1090,
  });
  await take(page, stage, failed, {
    tab: 'timeline',
    shows: /Undone: volume .* preflight • /,
    file: 'failed-clone.png',
    height: 960,
  });
  await running.cancel();
  await running.result().catch(() => {});
}

/** The last look at the copy, as the page shows it; the client's own percent goes on between looks. */
const lookSays = (clone: CloneHandle, shows: RegExp) =>
  waitFor(
    `a look at ${clone.workflowId} to say ${shows}`,
    async () => {
      const { pendingStep } = await clone.describe();
      return pendingStep?.step === 'awaitClone' && shows.test(pendingStep.lastFailure ?? '');
    },
    PATIENCE_MS,
  );

interface Shot {
  tab: string;
  /** What is waited for. */
  shows: RegExp;
  file: string;
  /** Of the picture: as much of the page as it is about. */
  height: number;
}

/** The page without its menus. */
const MENU = { left: 262, top: 60 };

async function take(page: Page, stage: Stage, clone: CloneHandle, { tab, shows, file, height }: Shot): Promise<void> {
  const { uiPath } = await clone.describe();
  await page.goto(`${stage.temporal.uiUrl}${uiPath.replace(/history$/, tab)}`, { timeout: PATIENCE_MS });
  await waitFor(`${file} to show ${shows}`, async () => shows.test(await pageText(page)), PATIENCE_MS);
  await page.screenshot({
    path: `${images}/${file}`,
    animations: 'disabled',
    clip: { x: MENU.left, y: MENU.top, width: 1600 - MENU.left, height },
  });
  console.log(`docs/images/${file}`);
}

try {
  await ensureReady({ build: true });
  await mkdir(images, { recursive: true });
  await takeAll();
} finally {
  for (const stop of stops.toReversed()) await stop().catch((err: unknown) => console.error(err));
}
