import { expect, test } from 'vitest';
import { withExporter } from '../../worker/monitoring/metrics.ts';

test('an exporter whose port somebody else took just then gets another', async () => {
  const asked: unknown[] = [];
  const address = await withExporter((metrics) => {
    asked.push(metrics && 'prometheus' in metrics ? metrics.prometheus?.bindAddress : undefined);
    // As the SDK says it.
    if (asked.length === 1) {
      throw new Error('Failed to start prometheus metrics exporter: Address already in use (os error 98)');
    }
  });
  expect(asked).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/), address]);
});

test('another failure of the exporter is told at once', async () => {
  let times = 0;
  const installed = withExporter(() => {
    times += 1;
    throw new Error('Runtime was already installed');
  });
  await expect(installed).rejects.toThrow('already installed');
  expect(times).toBe(1);
});
