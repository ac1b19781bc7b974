import { expect, test } from 'vitest';
import { quote, visibilityQuery } from '../../client/visibility.ts';

test('without a filter every clone matches', () => {
  expect(visibilityQuery({})).toBe(
    "WorkflowType IN ('cloneVolume', 'cloneFanOut', 'copyVolume', 'cloneGroup', 'refreshClone')",
  );
});

test('all filters must match together', () => {
  expect(
    visibilityQuery({
      type: 'cloneVolume',
      cluster: 'lab',
      phase: 'cloning',
      series: 'nightly',
      sourceVolumeID: 42,
      status: 'Running',
    }),
  ).toBe(
    "WorkflowType = 'cloneVolume' AND ElementCluster = 'lab' AND ElementPhase = 'cloning' AND ElementSeries = 'nightly' AND ElementSourceVolumeID = 42 AND ExecutionStatus = 'Running'",
  );
});

test('a quote or a backslash in a value cannot end the literal', () => {
  expect(quote(`x' OR WorkflowType = 'y`)).toBe(`'x\\' OR WorkflowType = \\'y'`);
  expect(quote('x\\')).toBe(`'x\\\\'`);
});

test('a volume ID that is no whole number is refused', () => {
  expect(() => visibilityQuery({ sourceVolumeID: '1 OR 1=1' as unknown as number })).toThrow(TypeError);
});
