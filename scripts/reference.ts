// Writes docs/reference/: the requests, made from their schemas, and the command line, made from its program.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { cliPage } from './reference/cli.ts';
import { requestsPage } from './reference/requests.ts';

const DIR = fileURLToPath(new URL('../docs/reference', import.meta.url));

/** The pages by file name, as Prettier leaves them. */
export async function renderReference(): Promise<Map<string, string>> {
  const pages = { 'requests.md': requestsPage(), 'cli.md': cliPage() };
  const texts = Object.entries(pages).map(async ([name, text]) => {
    const style = await resolveConfig(`${DIR}/${name}`);
    return [name, await format(text, { ...style, parser: 'markdown' })] as const;
  });
  return new Map(await Promise.all(texts));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await mkdir(DIR, { recursive: true });
  for (const [name, text] of await renderReference()) {
    await writeFile(`${DIR}/${name}`, text);
    console.log(`docs/reference/${name}: ${text.split('\n').length} lines`);
  }
}
