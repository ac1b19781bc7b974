import { expect, test } from 'vitest';
import { requireNode } from '../../scripts/bootstrap.mjs';

test.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('accepts Node %s', (version) => {
  expect(() => requireNode(version)).not.toThrow();
});

test.each(['18.20.0', '20.18.3'])('refuses Node %s in one sentence that says what to install', (version) => {
  expect(() => requireNode(version)).toThrow(`needs Node 20.19 or newer, and this is Node ${version}: install`);
});
