import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';
import { anchorsOf, linksOf, pages, readPage, root } from '../support/markdown.ts';

/** What is wrong with a link, if anything. Addresses elsewhere are looked at, not called. */
function faultOf(page: string, link: string): string | undefined {
  if (/^[a-z]+:/i.test(link)) {
    const isLocal = /^http:\/\/(127\.0\.0\.1|localhost)(:|\/|$)/.test(link);
    return URL.canParse(link) && (link.startsWith('https://') || isLocal) ? undefined : 'is no address under https';
  }
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? page : normalize(join(dirname(page), file));
  if (target.startsWith('..') || !existsSync(join(root, target))) return `leads to ${target}, which is not there`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchorsOf(readPage(target)).has(anchor) ? undefined : `leads to a heading that ${target} does not have`;
}

test.each(pages())('the links of %s lead somewhere', (page) => {
  const faults = linksOf(readPage(page)).flatMap((link) => {
    const fault = faultOf(page, link);
    return fault === undefined ? [] : [`${link} ${fault}`];
  });
  expect(faults).toEqual([]);
});

test('a link that leads nowhere is noticed', () => {
  expect(faultOf('docs/README.md', 'no-such-page.md')).toContain('is not there');
  expect(faultOf('docs/README.md', 'operations.md#no-such-heading')).toContain('a heading');
  expect(faultOf('README.md', 'http://example.com')).toContain('https');
  expect(linksOf('[a](b.md) `[not](this)` ![c](d.png "e")\n```sh\n[nor](this)\n```\n')).toEqual(['b.md', 'd.png']);
  expect([...anchorsOf('# A `b`, c\n## [D](e.md) – f\n## A b c\n')]).toEqual(['a-b-c', 'd--f', 'a-b-c-1']);
});

test('every page of docs/ can be found from docs/README.md or a page that it names', () => {
  const reached = new Set<string>();
  const visit = (page: string) => {
    if (reached.has(page)) return;
    reached.add(page);
    for (const link of linksOf(readPage(page))) {
      const target = normalize(join(dirname(page), link.split('#')[0]!));
      if (target.endsWith('.md') && existsSync(join(root, target))) visit(target);
    }
  };
  visit('docs/README.md');
  expect(pages().filter((p) => p.startsWith('docs/') && !reached.has(p))).toEqual([]);
});
