import { parseArgs } from 'node:util';
import { KINDS, type Kind } from './kinds.ts';
import type { ChaosSize } from './schedule.ts';

export interface ChaosArguments extends ChaosSize {
  output: 'text' | 'json';
  server: 'development' | 'topology';
}

export const USAGE = `Usage: npm run chaos -- [--clones N] [--seed S] [--minutes M] [--kinds K,…]
                        [--server development|topology] [--server-blows N] [--output text|json]

Real worker processes on a real Temporal server clone volumes of a simulated cluster, while workers and server
are killed and the cluster fails in every way it can. Then every clone must be there once or not at all.

  --clones N    requests to make, 1 to 5000 (60)
  --kinds K,…   what is asked for: ${KINDS.join(', ')} (all)
  --seed S      decides what happens and when, 0 to 4294967295 (1)
  --minutes M   time over which they are asked for, 0.1 to 1440 (3)
  --server S    the Temporal server: development (one process on a file), or topology (PostgreSQL and a process for
                each role, as in docker-compose.yml; they are hit one by one) (development)
  --server-blows N  how often the server is hit, 1 to 500 (every other minute)
  --output F    text or json (text)`;

/** Wrong options; the message names each of them. */
export class UsageError extends Error {
  override readonly name = 'UsageError' as const;
}

/** `undefined` when help was asked for. */
export function chaosArguments(args: readonly string[]): ChaosArguments | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const problems: string[] = [];
  const number = (
    name: 'clones' | 'seed' | 'minutes' | 'server-blows',
    least: number,
    most: number,
    whole: boolean,
  ): number => {
    const text = values[name] ?? '';
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (!(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
      problems.push(`--${name} must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}, and is "${text}"`);
    }
    return value;
  };
  const clones = number('clones', 1, 5_000, true);
  const seed = number('seed', 0, 4_294_967_295, true);
  const minutes = number('minutes', 0.1, 1_440, false);
  const serverBlows = values['server-blows'] === undefined ? undefined : number('server-blows', 1, 500, true);
  const { output, server } = values;
  const kinds = values.kinds.split(',').map((k) => k.trim());
  const unknown = kinds.filter((k) => !(KINDS as readonly string[]).includes(k));
  if (unknown.length > 0) {
    problems.push(
      `--kinds must name some of ${KINDS.join(', ')}, and names ${unknown.map((k) => `"${k}"`).join(', ')}`,
    );
  }
  if (output !== 'text' && output !== 'json') problems.push(`--output must be text or json, and is "${output}"`);
  if (server !== 'development' && server !== 'topology') {
    problems.push(`--server must be development or topology, and is "${server}"`);
  }
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  return {
    clones,
    seed,
    minutes,
    kinds: KINDS.filter((k) => kinds.includes(k)) satisfies Kind[],
    ...(serverBlows === undefined ? {} : { serverBlows }),
    server: server as ChaosArguments['server'],
    output: output as ChaosArguments['output'],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        clones: { type: 'string', default: '60' },
        seed: { type: 'string', default: '1' },
        minutes: { type: 'string', default: '3' },
        kinds: { type: 'string', default: KINDS.join(',') },
        server: { type: 'string', default: 'development' },
        'server-blows': { type: 'string' },
        output: { type: 'string', default: 'text' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (err) {
    throw new UsageError(err instanceof Error ? err.message : String(err), { cause: err });
  }
}
