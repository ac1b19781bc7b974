import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json } from '../../contracts/runbook/types.ts';
import { requests } from '../../scripts/reference/requests.ts';
import { junk, mutationsOf } from '../support/mutations.ts';

test.each(requests())(
  'a request for %s that is broken in whatever way is refused by its fields',
  (_name, schema, samples) => {
    fc.assert(
      fc.property(fc.oneof(mutationsOf(samples as Json[]), junk), (request) => {
        const { error } = schema.safeParse(request);
        for (const { message } of error?.issues ?? []) expect(message).not.toBe('');
      }),
      { numRuns: 1_000 },
    );
  },
);
