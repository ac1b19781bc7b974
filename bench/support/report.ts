import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import pc from 'picocolors';
import type { Machine } from './machine.ts';

const results = new URL('../results/', import.meta.url);

export const say = (line = '') => console.log(line);

export function heading(title: string, measured: string): void {
  say();
  say(pc.bold(title));
  say(pc.dim(measured));
}

/** First column to the left, figures to the right. */
export function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
  });
  table.push(...rows.map((row) => [...row]));
  say(table.toString());
}

export interface Target {
  what: string;
  atMost: number;
  measured: number;
}

export function printTargets(targets: readonly Target[]): void {
  for (const { what, atMost, measured } of targets) {
    const met = measured <= atMost;
    say(`${met ? pc.green('✓') : pc.red('✗')} ${what}: ${measured} (target: at most ${atMost})`);
  }
}

/** Keeps a figure with the machine it was measured on and the command that made it. */
export async function keep(figure: string, machine: Machine, data: object): Promise<void> {
  await mkdir(results, { recursive: true });
  const args = process.argv.slice(2).join(' ');
  const command = `npm run bench${args === '' ? '' : ` -- ${args}`}`;
  const content = { figure, command, measuredAt: new Date().toISOString(), machine, ...data };
  await writeFile(fileURLToPath(new URL(`${figure}.json`, results)), `${JSON.stringify(content, null, 2)}\n`);
}
