import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './markdown.ts';
import { waitFor } from './wait.ts';

export interface Said {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A shell in which commands of a page are typed one after the other: what one exports, and where it goes, holds for the next. */
export interface Terminal {
  /** Where it began. */
  dir: string;
  run(script: string): Promise<Said>;
  /** Another terminal of the same state, for what runs on; resolves once it has said what it is to say. */
  start(script: string, until: string): Promise<void>;
  /** Ends all that was started. */
  close(): Promise<void>;
}

/** `npx element-clone` runs what is built; npx itself would build it anew at its first call. */
const NPX = `#!/bin/sh
[ "$1" = element-clone ] || { echo "npx $*: only element-clone is here" >&2; exit 64; }
shift
exec "${process.execPath}" "${root}dist/client/cli/main.js" "$@"
`;

export async function openTerminal(dir: string, env: NodeJS.ProcessEnv): Promise<Terminal> {
  const bin = join(dir, 'bin');
  const state = join(dir, 'state');
  await mkdir(bin);
  await writeFile(join(bin, 'npx'), NPX);
  await chmod(join(bin, 'npx'), 0o755);
  await writeFile(state, '');
  const running: ChildProcess[] = [];

  /** In a process group of its own, so that it can be ended whole, and without this process's terminal. */
  const shell = (script: string) => {
    const typed = `. '${state}'; cd "$PWD"\n${script}\n{ export -p; } > '${state}'\n`;
    const child = spawn('sh', ['-eu', '-c', typed], {
      cwd: dir,
      env: { ...env, PATH: `${bin}:${env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
    return { child, said };
  };

  return {
    dir,
    async run(script) {
      const { child, said } = shell(script);
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, ...said };
    },
    async start(script, until) {
      const { child, said } = shell(script);
      running.push(child);
      let failed: string | undefined;
      child.once('exit', (code) => (failed = `${script} ended with ${code}:\n${said.stdout}${said.stderr}`));
      const met = () => said.stdout.includes(until) || said.stderr.includes(until);
      await waitFor(`"${until}" of ${script}`, () => met() || failed !== undefined);
      if (!met()) throw new Error(failed);
    },
    async close() {
      for (const child of running.toReversed()) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, 'close');
        process.kill(-child.pid!, 'SIGTERM');
        await ended;
      }
    },
  };
}
