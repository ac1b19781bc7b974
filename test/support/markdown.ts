import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const NOT_OURS = new Set(['node_modules', 'dist', '.cache', '.git', '.secrets', 'target']);

/** Every page of the repository, as a path from its root. */
export function pages(dir = root): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : pages(path);
    return entry.name.endsWith('.md') ? [relative(root, path)] : [];
  });
}

export const readPage = (path: string) => readFileSync(join(root, path), 'utf8');

const FENCE = /^( *)(`{3,})[^\n]*\n[^]*?^\1\2 *$/gm;
const withoutCode = (page: string) => page.replaceAll(FENCE, '');

/** What headings can be linked to by, as GitHub makes it. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutCode(page).matchAll(/^#{1,6} (.*?)#*$/gm)) {
    const slug = heading!
      .trim()
      .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Where the links and images of a page lead, as they are written. */
export function linksOf(page: string): string[] {
  const text = withoutCode(page).replaceAll(/`[^`\n]*`/g, '');
  return [
    ...[...text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map((m) => m[1]!),
    ...[...text.matchAll(/^\[[^\]]+\]: +(\S+)/gm)].map((m) => m[1]!),
    ...[...text.matchAll(/<(https?:[^>\s]+)>/g)].map((m) => m[1]!),
  ];
}

export interface ShellBlock {
  page: string;
  /** Of its first line. */
  line: number;
  script: string;
  /** Why it may not be run: `<!-- not run: … -->` right before it. */
  notRun: string | undefined;
}

const BLOCK = /(?:<!-- not run: (?<why>[^]*?) -->\s*\n)?^```sh\n(?<script>[^]*?)^```$/gm;

/** Every ```sh of a page. */
export const shellBlocks = (page: string): ShellBlock[] => {
  const text = readPage(page);
  return [...text.matchAll(BLOCK)].map((found) => {
    const before = text.slice(0, found.index + found[0].indexOf('```sh'));
    const { why, script } = found.groups!;
    return { page, line: before.split('\n').length + 1, script: script!, notRun: why };
  });
};
