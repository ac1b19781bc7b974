import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { WORKFLOW } from '../../contracts/names.ts';
import { bundleOf } from '../support/team.ts';
import * as workflows from '../../workflows/index.ts';

test('every export is a workflow type, and every workflow type is exported', () => {
  expect(Object.keys(workflows).toSorted()).toEqual(Object.values(WORKFLOW).toSorted());
  for (const workflow of Object.values(workflows)) expect(workflow).toBeTypeOf('function');
});

test("somebody else's workflows get what starts ours, and neither ours nor their schemas", async () => {
  const code = await bundleOf('examples/typescript/workflows.ts');
  expect(code).toContain('workflows/compose/children.ts');
  const strangers = ['node_modules/zod', './workflows/clone-volume.ts', './workflows/run.ts', './activities/types.ts'];
  expect(strangers.filter((s) => code.includes(s))).toEqual([]);
});

test('the bundle holds neither zod nor an activity nor anything of Node', async () => {
  const silent = () => {};
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent },
  });
  // Paths of the modules, as the bundler notes them.
  expect(code).toContain('workflows/clone-volume.ts');
  const strangers = ['node_modules/zod', 'node_modules/undici', './activities/', './element/', 'activities/step.ts'];
  expect(strangers.filter((s) => code.includes(s))).toEqual([]);
});
