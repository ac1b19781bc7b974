import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { createRequestHookActivities } from '../../activities/runbook/hook.ts';
import type { ActivityDeps } from '../../activities/deps.ts';

const BYTES_MAX = 16_384;

/** The outputs of a call that is answered with this. */
const outputsOf = (answer: unknown): Promise<unknown> => {
  const hooks = { names: () => ['app'], call: async () => ({ status: 200, text: JSON.stringify(answer) }) };
  const { requestHook } = createRequestHookActivities({ hooks } as unknown as ActivityDeps);
  const fields = { hook: 'app', outputs: { text: 'text' } };
  return new MockActivityEnvironment().run(requestHook, { fields, key: 'k', repeat: false });
};

describe('the outputs of a hook are bounded in bytes', () => {
  const room = BYTES_MAX - '{"text":""}'.length;

  test.each(['a'.repeat(room), 'ü'.repeat(Math.floor(room / 2)), '\n'.repeat(Math.floor(room / 2))])(
    'what just fits (%#)',
    async (text) => {
      expect(await outputsOf({ text, more: 'x'.repeat(BYTES_MAX) })).toEqual({ status: 200, text });
    },
  );

  test.each(['a'.repeat(room + 1), 'ü'.repeat(room / 2 + 1), '€'.repeat(room / 3 + 1), '\n'.repeat(room / 2 + 1)])(
    'what does not (%#)',
    async (text) => {
      await expect(outputsOf({ text })).rejects.toThrow(`answered with more than ${BYTES_MAX} bytes of outputs`);
    },
  );
});
