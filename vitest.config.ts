import { defineConfig } from 'vitest/config';
import Sequence from './test/support/sequence.ts';

export default defineConfig({
  test: {
    // Waits are on conditions; these bounds only end a test that hangs, on a machine that may be slow.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 4,
    sequence: { sequencer: Sequence },
    // Concurrent tests of a file wait for clusters and time-outs, hardly for the processor.
    maxConcurrency: 8,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/integration/**', 'test/model/**'],
          // Nothing of them outlives a file, and reading the sources anew for each cost half of the time.
          isolate: false,
        },
      },
      {
        extends: true,
        // It puts another runtime under the workflows, which nobody else may meet.
        test: { name: 'model', include: ['test/model/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
    ],
  },
});
