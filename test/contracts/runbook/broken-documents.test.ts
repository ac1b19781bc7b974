import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadRunbook } from '../../../client/runbook-file/load.ts';
import { checkRequest, documentFaults } from '../../../contracts/runbook/check.ts';
import { evaluate } from '../../../contracts/runbook/expression.ts';
import { graphOf } from '../../../contracts/runbook/graph.ts';
import type { Json, RunbookDocument } from '../../../contracts/runbook/types.ts';
import { junk, mutationsOf } from '../../support/mutations.ts';

/*
 * However broken a document is: validation says so, in bounded time, and throws nothing of its own. What it lets through has
 * an order in which every step comes to its turn, and expressions that give a value or an error, and end.
 */
const RUNS = 2_000;

const folder = new URL('../../../examples/runbooks/', import.meta.url);
const valid = readdirSync(folder)
  .filter((f) => f.endsWith('.yaml'))
  .map((f) => parse(readFileSync(new URL(f, folder), 'utf8')) as Json);

const mutated = mutationsOf(valid);

/** In scope are values of every kind, of which none is what an expression may expect. */
const anything = { volumeID: 1, items: [1, 'a', null], outcome: 'succeeded', x: {} };

function expectItEnds(document: RunbookDocument): void {
  const { before, faults } = graphOf(
    document.steps.map(({ id, needs = [] }, at) => ({ at, id, needs })),
    [],
  );
  expect(faults).toEqual([]);
  // Each has its turn: all that it needs is known, and has its own before it.
  expect([...before.keys()].toSorted()).toEqual(document.steps.map((s) => s.id).toSorted());
  const steps = Object.fromEntries(document.steps.map((s) => [s.id, anything]));
  const scope = { inputs: {}, steps, run: { id: 'r', requestId: 'r', startedAt: '' }, item: anything, index: 0 };
  for (const step of document.steps) {
    try {
      evaluate(JSON.parse(JSON.stringify(step)) as Json, scope);
    } catch (err) {
      expect(err).toBeInstanceOf(Error);
      expect((err as Error).message).not.toMatch(/undefined|is not a function|Cannot read/);
    }
  }
}

test.each([
  ['documents that were valid', mutated],
  ['things that never were', junk],
])('%s are refused, or end', (_what, documents) => {
  let accepted = 0;
  fc.assert(
    fc.property(documents, (document) => {
      const faults = documentFaults(document);
      for (const { path, message } of faults) {
        expect(Array.isArray(path)).toBe(true);
        expect(message.length).toBeGreaterThan(3);
      }
      // The same from the other side: a request with it.
      const request = checkRequest({ runbook: document, inputs: { source: 42 } });
      if (faults.length > 0) {
        expect(request.faults.length).toBeGreaterThan(0);
        return;
      }
      accepted += 1;
      expectItEnds(document as unknown as RunbookDocument);
    }),
    { numRuns: RUNS },
  );
  // Else the second half would have proven nothing.
  if (documents === mutated) expect(accepted).toBeGreaterThan(RUNS / 50);
});

test('any text in a file is a document, or is refused with places', async () => {
  const texts = valid.map((v) => JSON.stringify(v, null, 1));
  const broken = fc
    .tuple(fc.constantFrom(...texts), fc.nat(), fc.nat({ max: 40 }), fc.string({ maxLength: 8, unit: 'grapheme' }))
    .map(
      ([text, at, length, other]) => text.slice(0, at % text.length) + other + text.slice((at % text.length) + length),
    );
  await fc.assert(
    fc.asyncProperty(fc.oneof(broken, fc.string({ maxLength: 200 })), async (text) => {
      const end = await loadRunbook('t.yaml', { read: async () => text }).catch((err: unknown) => err);
      if (end instanceof Error) {
        expect(end).toMatchObject({
          name: 'RunbookFileError',
          places: expect.arrayContaining([expect.objectContaining({ line: expect.any(Number) })]),
        });
      } else expectItEnds(end as RunbookDocument);
    }),
    { numRuns: RUNS / 2 },
  );
});
