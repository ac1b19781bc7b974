import { expect, test } from 'vitest';
import { deploymentFrom, makeCurrent } from '../../worker/versioning.ts';

const env = (name?: string, build?: string) => ({
  ...(name === undefined ? {} : { TEMPORAL_DEPLOYMENT_NAME: name }),
  ...(build === undefined ? {} : { TEMPORAL_WORKER_BUILD_ID: build }),
});

test('without the variables a worker is not versioned', () => {
  expect(deploymentFrom({})).toBeUndefined();
  expect(deploymentFrom(env('', ''))).toBeUndefined();
});

test('with both it is, and what it begins ends on it', () => {
  const deployment = deploymentFrom(env('element-clone', '1.4.0'))!;
  expect(deployment).toEqual({
    version: { deploymentName: 'element-clone', buildId: '1.4.0' },
    useWorkerVersioning: true,
    defaultVersioningBehavior: 'PINNED',
  });
  expect(makeCurrent(deployment.version)).toBe(
    'temporal worker deployment set-current-version --deployment-name element-clone --build-id 1.4.0',
  );
});

test.each([
  [env('element-clone'), /TEMPORAL_DEPLOYMENT_NAME is set and TEMPORAL_WORKER_BUILD_ID is not; set both/],
  [env(undefined, '1'), /TEMPORAL_WORKER_BUILD_ID is set and TEMPORAL_DEPLOYMENT_NAME is not; set both/],
  [env('element.clone', '1'), /TEMPORAL_DEPLOYMENT_NAME must be .* without spaces, dots or colons/],
  [env('element-clone', 'a b'), /TEMPORAL_WORKER_BUILD_ID must be .* without spaces or colons/],
  [env('element-clone', 'x'.repeat(201)), /at most 200 characters/],
])('%j is refused', (variables, message) => {
  expect(() => deploymentFrom(variables)).toThrow(message);
});
