// npm run examples: runs examples/ in every language against Temporal, a simulated cluster and a worker of this build, and
// prints what each said. Names of languages as arguments run only those.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeStage } from './demo/stage.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const examples = join(root, 'examples');

interface Example {
  /** What must be on the PATH. */
  needs: string[];
  folder: string;
  prepare?: [command: string, ...args: string[]][];
  /** With the request files as further arguments. */
  command: [command: string, ...args: string[]];
  /** How the program takes the request files. @default as arguments */
  asOneArgument?: (files: string[]) => string;
}

const venv = join(root, '.cache', 'examples-venv');
const EXAMPLES: Record<string, Example> = {
  typescript: { needs: ['node'], folder: '.', command: ['node', '--import', 'tsx', 'examples/typescript/main.ts'] },
  python: {
    needs: ['python3'],
    folder: 'examples/python',
    prepare: [
      ['python3', '-m', 'venv', venv],
      [join(venv, 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check', '-r', 'requirements.txt'],
    ],
    command: [join(venv, 'bin/python'), 'clone.py'],
  },
  go: { needs: ['go'], folder: 'examples/go', prepare: [['go', 'build', './...']], command: ['go', 'run', '.'] },
  java: {
    needs: ['mvn', 'java'],
    folder: 'examples/java',
    prepare: [['mvn', '-q', '-B', 'compile']],
    command: ['mvn', '-q', '-B', 'exec:java'],
    asOneArgument: (files) => `-Dexec.args=${files.join(' ')}`,
  },
  curl: { needs: ['curl', 'jq'], folder: 'examples/curl', command: ['./clone.sh'] },
};

const isThere = async (command: string) => {
  for (const dir of (process.env['PATH'] ?? '').split(':')) if (existsSync(join(dir, command))) return true;
  return false;
};

/** The requests, with a key and names of this language's own. The first comes twice: the second time it is the same clone. */
async function requestFiles(dir: string, language: string): Promise<string[]> {
  const files: string[] = [];
  for (const file of (await readdir(join(examples, 'requests'))).toSorted()) {
    const request = JSON.parse(await readFile(join(examples, 'requests', file), 'utf8')) as { name: string };
    const key = `${language}-${file.replace(/\.json$/, '')}`;
    const own = { ...request, ...(request.name === '' ? {} : { name: `${request.name}-${language}` }), requestId: key };
    files.push(join(dir, `${key}.json`));
    await writeFile(files.at(-1)!, JSON.stringify(own));
  }
  return [...files, files[0]!];
}

const seconds = (since: number) => `${((performance.now() - since) / 1_000).toFixed(1)} s`;

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in EXAMPLES));
if (unknown.length > 0)
  throw new Error(`There is no example in ${unknown.join(', ')}; there are ${Object.keys(EXAMPLES).join(', ')}`);

const stops: (() => Promise<void>)[] = [];
const dir = await mkdtemp(join(tmpdir(), 'element-clone-examples-'));
try {
  const stage = await makeStage({
    onStop: (stop) => stops.push(stop),
    done: (what, fact) => console.log(`${what}: ${fact}`),
    note: console.log,
    workers: ['A'],
    http: true,
    simulator: {
      behaviour: { cloneSeconds: 1, youngVolumeSeconds: 0 },
      faults: [
        { kind: 'error', method: 'ModifyVolume', name: 'xUnknownAccount', match: { 'attributes.drill': 'fail' } },
      ],
    },
  });
  const env = { ...process.env, TEMPORAL_ADDRESS: stage.temporal.address, TEMPORAL_HTTP: stage.temporal.httpUrl ?? '' };
  for (const [language, example] of Object.entries(EXAMPLES)) {
    if (asked.length > 0 && !asked.includes(language)) continue;
    console.log(`\n## ${language}\n`);
    const missing: string[] = [];
    for (const command of example.needs) if (!(await isThere(command))) missing.push(command);
    if (missing.length > 0) {
      console.log(`not run: ${missing.join(', ')} is not on the PATH`);
      continue;
    }
    const options = { cwd: join(root, example.folder), env, timeout: 600_000, maxBuffer: 10_000_000 };
    const before = performance.now();
    for (const [command, ...args] of example.prepare ?? []) await run(command, args, options);
    const prepared = seconds(before);
    const files = language === 'typescript' ? [] : await requestFiles(dir, language);
    const [command, ...args] = example.command;
    const begun = performance.now();
    try {
      const { stdout } = await run(
        command,
        [...args, ...(example.asOneArgument === undefined ? files : [example.asOneArgument(files)])],
        options,
      );
      console.log(stdout.trimEnd());
    } catch (err) {
      process.exitCode = 1;
      const said = err as { stdout?: string; stderr?: string; message: string };
      console.log([said.stdout, said.stderr ?? said.message].filter(Boolean).join('\n'));
    }
    console.log(`\n(${example.prepare === undefined ? '' : `made ready in ${prepared}, `}ran for ${seconds(begun)})`);
  }
  const names = stage.simulator.cluster
    .state()
    .volumes.filter((v) => v.status === 'active')
    .map((v) => v.name);
  console.log(`\nOn the cluster: ${names.filter((n) => /^(uat|r)-/.test(n)).join(', ')}`);
} finally {
  for (const stop of stops.toReversed()) await stop().catch(() => {});
  await rm(dir, { recursive: true, force: true });
}
