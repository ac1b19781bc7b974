// A worker in a process of its own, for tests that kill it: configured by files and the environment as in production,
// over the workflow bundle that the tests have made from the sources.
import { runWorker } from '../../worker/index.ts';

await runWorker({ workflowBundlePath: process.env['TEST_WORKFLOW_BUNDLE']! });
