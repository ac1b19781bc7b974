import { describe, expect, test } from 'vitest';
import { createClusters } from '../../worker/clusters.ts';
import { faultsOf, LAB, loaded, PASSWORD, SECRET } from './config-file.ts';

const QUEUE = '    taskQueue: element-clone-far';
const FAR = ['clusters:', '  far:', QUEUE];
const env = { LAB_PASSWORD: SECRET, ELEMENT_CLONE_TASK_QUEUE: 'home' };

describe('task queues of clusters', () => {
  test('one of its own, beside others: served here, or known of', async () => {
    const lines = [...LAB, PASSWORD, '    taskQueue: lab-queue', '  far:', QUEUE];
    const { config } = await loaded(lines, {}, env);
    expect(config).toMatchObject({
      taskQueue: 'home',
      workflows: true,
      remote: { far: { taskQueue: 'element-clone-far' } },
    });
    expect(Object.keys(config.clusters)).toEqual(['lab']);
    const clusters = createClusters(config);
    try {
      expect(clusters.aliases()).toEqual(['lab']);
      expect(clusters.known()).toEqual(['lab', 'far']);
      expect(clusters.taskQueues()).toEqual(['lab-queue']);
      expect(['far', 'lab', 'nowhere', 'toString'].map((alias) => clusters.taskQueueOf(alias))).toEqual([
        'element-clone-far',
        'lab-queue',
        undefined,
        undefined,
      ]);
      clusters.replace((await loaded([...LAB, PASSWORD], {}, env)).config);
      expect(clusters.known()).toEqual(['lab']);
      expect(clusters.taskQueueOf('lab')).toBe('home');
    } finally {
      await clusters.close();
    }
  });

  test('a worker that serves one site has no clusters but those', async () => {
    const lines = ['workflows: false', ...LAB, PASSWORD, '    taskQueue: element-clone-far'];
    expect((await loaded(lines)).config).toMatchObject({ workflows: false, remote: {} });
  });

  test('a lease of a cluster elsewhere is warned of by a hook of this worker', async () => {
    const lines = [...FAR, '    leaseWarningHook: chat', 'hooks:', '  chat:', '    url: https://chat.example/'];
    expect((await loaded(lines)).config.remote).toEqual({
      far: { taskQueue: 'element-clone-far', leaseWarningHook: 'chat' },
    });
    expect(await faultsOf([...FAR, '    leaseWarningHook: chat'])).toEqual([
      expect.stringMatching(/^clusters\.far\.leaseWarningHook .*names no hook of this file/),
    ]);
  });

  test.each<[what: string, lines: string[], fault: RegExp]>([
    [
      'a number',
      ['clusters:', '  far:', '    taskQueue: 7'],
      /^clusters\.far\.taskQueue \(line 3.*must be the name of a task queue/,
    ],
    ['spaces', ['clusters:', '  far:', '    taskQueue: a b'], /^clusters\.far\.taskQueue .*cannot be a task queue/],
    [
      'that of the workflows',
      ['clusters:', '  far:', '    taskQueue: home'],
      /^clusters\.far\.taskQueue .*is the queue of the workflows/,
    ],
    [
      'no password',
      [...FAR, '    endpoint: https://10.0.0.5', '    username: admin'],
      /^clusters\.far\.password .*is missing/,
    ],
    ['a field that says nothing there', [...FAR, '    maxCloneJobs: 2'], /^clusters\.far\.endpoint .*is missing/],
    ['an empty cluster', ['clusters:', '  far:'], /^clusters\.far .*or a taskQueue alone/],
    [
      'at a site none',
      ['workflows: false', ...LAB, PASSWORD],
      /^clusters\.lab\.taskQueue .*is missing; a worker with workflows: false/,
    ],
    ['at a site one that others serve', ['workflows: false', ...FAR], /^clusters\.far\.taskQueue .*stands alone/],
    ['no boolean', ['workflows: none', ...FAR], /^workflows .*must be false for a worker at a site/],
  ])('%s is refused', async (_, lines, fault) => {
    const [first] = await faultsOf(lines, {}, env);
    expect(first).toMatch(fault);
  });
});
