import type { WorkerDeploymentOptions } from '@temporalio/worker';

/** The names that Temporal's worker controller for Kubernetes sets as well. */
const NAME = 'TEMPORAL_DEPLOYMENT_NAME';
const BUILD = 'TEMPORAL_WORKER_BUILD_ID';

/** The two variables say nothing that can be used. */
export class VersioningError extends Error {
  override readonly name = 'VersioningError' as const;
}

/**
 * Which version of which deployment this worker is; `undefined` when it is not to be versioned, which is what no variable
 * says. What is begun by one version ends with it, except where a workflow says otherwise.
 * @throws VersioningError
 */
export function deploymentFrom(env: NodeJS.ProcessEnv): WorkerDeploymentOptions | undefined {
  const [deploymentName, buildId] = [env[NAME] ?? '', env[BUILD] ?? ''];
  if (deploymentName === '' && buildId === '') return undefined;
  if (deploymentName === '' || buildId === '') {
    const [set, missing] = deploymentName === '' ? [BUILD, NAME] : [NAME, BUILD];
    throw new VersioningError(`${set} is set and ${missing} is not; set both for a versioned worker, or neither`);
  }
  for (const [variable, value] of [
    [NAME, deploymentName],
    [BUILD, buildId],
  ] as const) {
    if (value.length > 200 || /[\s:]/.test(value) || (variable === NAME && value.includes('.'))) {
      const dots = variable === NAME ? ', dots' : '';
      throw new VersioningError(`${variable} must be at most 200 characters without spaces${dots} or colons`);
    }
  }
  return { version: { deploymentName, buildId }, useWorkerVersioning: true, defaultVersioningBehavior: 'PINNED' };
}

/** What lets a version have new work. */
export const makeCurrent = ({ deploymentName, buildId }: WorkerDeploymentOptions['version']): string =>
  `temporal worker deployment set-current-version --deployment-name ${deploymentName} --build-id ${buildId}`;
