import { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { retriesUntilClosed } from '../../client/after-close.ts';
import { freePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait.ts';

test('a call that waits to be tried again when its connection is closed fails, and does no harm to the process', async () => {
  let tries = 0;
  const [retrying, guarding] = retriesUntilClosed();
  const connection = Connection.lazy({
    address: `127.0.0.1:${await freePort()}`,
    interceptors: [
      retrying!,
      (options, nextCall) => {
        tries += 1;
        return guarding!(options, nextCall);
      },
    ],
  });
  const call = connection.workflowService.getSystemInfo({}).catch((err: unknown) => err);
  await waitFor('the call to be tried again', () => Promise.resolve(tries >= 2));
  await connection.close();
  expect(await call).toMatchObject({ code: 1, details: expect.stringContaining('shut down') as string });
});

test('a call that is made after that fails as well', async () => {
  const connection = Connection.lazy({ address: `127.0.0.1:${await freePort()}`, interceptors: retriesUntilClosed() });
  await connection.close();
  await expect(connection.workflowService.getSystemInfo({})).rejects.toThrow('shut down');
});
