import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commands, programForReading } from '../../scripts/reference/cli.ts';
import { fieldsOf, requests } from '../../scripts/reference/requests.ts';
import { renderReference } from '../../scripts/reference.ts';

const read = (name: string) => readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8');

test('docs/reference/ is what schemas and program say now; otherwise run: npm run reference', async () => {
  for (const [name, text] of await renderReference()) expect({ name, text: read(name) }).toEqual({ name, text });
});

test.each(requests())('the examples of %s are requests that it accepts', (_name, schema, samples) => {
  expect(samples.length).toBeGreaterThan(0);
  for (const sample of samples) expect(schema.safeParse(sample).error?.issues ?? []).toEqual([]);
});

test.each(requests())('every field of %s has a type, a meaning, and an example if it holds a value', (name) => {
  const fields = fieldsOf(name);
  expect(fields.length).toBeGreaterThan(0);
  const without = fields.filter((f) => f.meaning === '' || f.type === '' || (f.holdsValue && f.example === undefined));
  expect(without.map((f) => f.path)).toEqual([]);
});

test('docs/reference/cli.md has a heading for each command', () => {
  const page = read('cli.md');
  const names = commands(programForReading(() => {})).map(([name]) => name);
  expect(names).toContain('element-clone schedule create');
  expect(names.filter((name) => !page.includes(`\n## ${name}\n`))).toEqual([]);
});
