import { describe, expect, test } from 'vitest';
import { MEMO } from '../../contracts/names.ts';
import { bytesOf } from '../../contracts/runbook/json-value.ts';
import { APPROVALS_BYTES_MAX } from '../../contracts/runbook/names.ts';
import { stepLines } from '../../contracts/runbook/tree.ts';
import type { WaitingApproval } from '../../contracts/runbook/types.ts';
import { memoOf } from '../../workflows/runbook/approvals.ts';

const until = '2026-12-01T08:00:00.000Z';
const waiting = (n: number, people: number, message?: string): WaitingApproval[] =>
  Array.from({ length: n }, (_, i) => ({
    step: `ok${i}`,
    from: Array.from({ length: people }, (_p, p) => `${p}${'ü'.repeat(60)}`),
    ...(message === undefined ? {} : { message }),
    until,
  }));

describe('the approvals in the memo of a run', () => {
  test.each([
    [0, 1],
    [1, 1],
    [20, 2],
  ])('%i of %i persons each are all there', (n, people) => {
    const all = waiting(n, people, 'go?');
    expect(memoOf(all)).toEqual({ [MEMO.approvals]: all, [MEMO.moreApprovals]: 0 });
  });

  test.each([
    [500, 1],
    [500, 50],
    [3, 50],
  ])('%i of %i persons each are as many as have room, and how many more there are', (n, people) => {
    const all = waiting(n, people, '€'.repeat(300));
    const memo = memoOf(all);
    const shown = memo[MEMO.approvals] as unknown as WaitingApproval[];
    expect(shown).toEqual(all.slice(0, shown.length));
    expect(shown.length + Number(memo[MEMO.moreApprovals])).toBe(n);
    expect(bytesOf(shown)).toBeLessThanOrEqual(APPROVALS_BYTES_MAX);
    expect(bytesOf(all.slice(0, shown.length + 1))).toBeGreaterThan(APPROVALS_BYTES_MAX - 10);
  });

  test('the tree names the first of many persons', () => {
    const [{ from }] = waiting(1, 50) as [WaitingApproval];
    const [line] = stepLines([
      { id: 'ok', kind: 'approval', needs: [], outcome: 'waiting', approval: { from, until } },
    ]);
    expect(line!.text).toContain(`for ${from.slice(0, 5).join(' or ')} or 45 more, until ${until}`);
  });
});
