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

export interface Block {
  page: string;
  /** Of its first line. */
  line: number;
  text: string;
}

/** Every block of a page in a language, as the reader finds them. */
export function blocksOf(page: string, language: 'sh' | 'ts'): Block[] {
  const text = readPage(page);
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))].map(({ 1: block, index }) => ({
    page,
    line: text.slice(0, index).split('\n').length + 1,
    text: block!,
  }));
}
