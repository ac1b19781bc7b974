import { expect, test } from 'vitest';
import { csv } from '../../client/cli/render/csv.ts';

test('fields are quoted where a reader would else mistake them', () => {
  const rows = [
    ['db-uat', 42, null],
    ['a, b', 1, 'say "hi"'],
    ['two\nlines', 2, 'ünïcödé'],
  ];
  expect(csv(['name', 'id', 'note'], rows)).toBe(
    'name,id,note\ndb-uat,42,\n"a, b",1,"say ""hi"""\n"two\nlines",2,ünïcödé',
  );
});
