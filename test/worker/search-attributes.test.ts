import type { NativeConnection } from '@temporalio/worker';
import { describe, expect, test } from 'vitest';
import { SEARCH_ATTRIBUTE_TYPES } from '../../contracts/names.ts';
import { ensureSearchAttributes } from '../../worker/search-attributes.ts';

const UNAVAILABLE = 14;
const PERMISSION_DENIED = 7;
const grpcError = (code: number) =>
  Object.assign(new Error('no usable database connection found'), { code, details: 'down', metadata: {} });

/** A server that answers with these, one after the other; the last one for ever. */
function server(...answers: (Error | string[])[]) {
  let asked = 0;
  const operatorService = {
    async listSearchAttributes() {
      const answer = answers[Math.min(asked++, answers.length - 1)]!;
      if (answer instanceof Error) throw answer;
      return { customAttributes: Object.fromEntries(answer.map((name) => [name, 1])) };
    },
  };
  return {
    connection: { operatorService } as unknown as Pick<NativeConnection, 'operatorService'>,
    asked: () => asked,
  };
}

const all = Object.keys(SEARCH_ATTRIBUTE_TYPES);

describe('a worker that starts', () => {
  test('waits while the database behind Temporal is down', async () => {
    const { connection, asked } = server(grpcError(UNAVAILABLE), grpcError(UNAVAILABLE), all);
    expect(await ensureSearchAttributes(connection, 'default', { pauseMs: 1 })).toEqual({ state: 'present' });
    expect(asked()).toBe(3);
  });

  test('gives up in the end, and at once where waiting does not help', async () => {
    const down = server(grpcError(UNAVAILABLE));
    const patience = { giveUpMs: 5, pauseMs: 1 };
    await expect(ensureSearchAttributes(down.connection, 'default', patience)).rejects.toThrow('no usable database');
    const refused = server(grpcError(PERMISSION_DENIED));
    await expect(ensureSearchAttributes(refused.connection, 'default')).rejects.toThrow('no usable database');
    expect(refused.asked()).toBe(1);
  });
});
