import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { CloneSummary } from '../../client/index.ts';
import type { StateView } from '../../simulator/index.ts';
import { compose } from '../ops/compose.ts';
import { freePort } from '../support/free-port.ts';
import { blocksOf, readPage, root, type Block } from '../support/markdown.ts';
import { openTerminal, type Said, type Terminal } from '../support/terminal.ts';
import { waitFor } from '../support/wait.ts';

/** What becomes of a block that is not simply run to its end, by its first line. */
type Special =
  /** It runs on, once it has said so. */
  | { until: string }
  /** It cannot be run here; what it says is looked at in another way. */
  | { why: string; instead: (text: string) => void | Promise<void> }
  /** It takes more than running it. */
  | { by: (text: string) => Promise<void> };

/** In the names of what others on the server could have too. */
const own = randomUUID().slice(0, 8);
/** Fewer than the README's, for the sake of time. */
const FAN_OUT = 6;
let terminal: Terminal;
/** What a reader puts in the place of what a page says. */
let inPlaceOf: [RegExp, string][];
let controlUrl: string;

const scriptOf = (name: string) =>
  (JSON.parse(readPage('package.json')) as { scripts: Record<string, string> }).scripts[name];
const existsIn = (text: string, file: string) => {
  expect(text).toContain(file);
  expect(existsSync(join(root, file))).toBe(true);
};
const mine = (text: string) => inPlaceOf.reduce((t, [what, by]) => t.replaceAll(what, by), text);
const state = async () => (await (await fetch(`${controlUrl}/state`)).json()) as StateView;
const simulate = (options: object) => fetch(`${controlUrl}/options`, { method: 'POST', body: JSON.stringify(options) });
const volumesNamed = async (name: string) => (await state()).volumes.filter((v) => v.name === name);

/** As it is: IDs that a command has printed are the test's own already. */
async function type(script: string): Promise<Said> {
  const said = await terminal.run(script);
  if (said.code !== 0) throw new Error(`Ended with ${said.code}: ${script}\n${said.stdout}${said.stderr}`);
  return said;
}

beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'element-clone-pages-'));
  const [api, control] = [await freePort(), await freePort()];
  controlUrl = `http://127.0.0.1:${control}`;
  const { TEMPORAL_UI_URL: _, ...env } = process.env;
  terminal = await openTerminal(dir, {
    ...env,
    // Theirs alone on the server that all tests share.
    ELEMENT_CLONE_TASK_QUEUE: `pages-${own}`,
  });
  inPlaceOf = [
    [/\blab\b/g, `lab-${own}`],
    [/\bfirst-clone\b/g, `first-${own}`],
    [/\bnightly\b/g, `nightly-${own}`],
    [/--count 50\b/g, `--count ${FAN_OUT}`],
    [/\b8443\b/g, String(api)],
    [/\b8444\b/g, String(control)],
    [/127\.0\.0\.1:7233/g, inject('temporalAddress')],
  ];
});
afterAll(async () => {
  await terminal?.close();
  if (terminal) await rm(terminal.dir, { recursive: true, force: true });
});

/** Runs the blocks of a page from its top to its end. */
async function follow(
  page: string,
  special: Record<string, Special>,
  seen: Record<string, (said: Said) => void | Promise<void>> = {},
) {
  const met = new Set<string>();
  const firstLine = ({ text }: Block) => text.split('\n')[0]!.replace(/ +#.*/, '');
  for (const block of blocksOf(page, 'sh')) {
    const name = firstLine(block);
    met.add(name);
    const how = special[name];
    try {
      if (how === undefined) {
        const said = await type(mine(block.text));
        await seen[name]?.(said);
      } else if ('until' in how) await terminal.start(mine(block.text), how.until);
      else if ('by' in how) await how.by(block.text);
      else await how.instead(block.text);
    } catch (err) {
      throw new Error(`${page}:${block.line}: ${name}`, { cause: err });
    }
  }
  const known = [...Object.keys(special), ...Object.keys(seen)];
  expect(known.filter((name) => !met.has(name))).toEqual([]);
}

const SIMULATOR = 'npx element-clone simulator --port 8443 --control-port 8444';

test('docs/get-started.md leads to a clone', async () => {
  await follow(
    'docs/get-started.md',
    {
      'npm ci': {
        why: 'the tests run on what it installs',
        instead: () => expect(scriptOf('prepare')).toBe('npm run build'),
      },
      'export CLUSTER=10.0.0.5:443 FIRST_ADMIN=admin': {
        why: 'the rehearsal stands in for the real cluster',
        instead: (text) => expect(text).toMatch(/^export CLUSTER=\S+ FIRST_ADMIN=\S+\n$/),
      },
      [SIMULATOR]: {
        by: async (text) => {
          await terminal.start(mine(text), 'Simulated Element cluster');
          await simulate({ cloneSeconds: 2 });
        },
      },
      'temporal server start-dev --db-filename temporal.db': {
        why: 'there is one already',
        instead: async () => {
          const ours = await readFile(join(root, 'scripts/temporal-server.ts'), 'utf8');
          for (const word of ["'server'", "'start-dev'", "'--db-filename'"]) expect(ours).toContain(word);
        },
      },
      'npx element-clone worker': { until: 'Worker started' },
    },
    {
      'umask 077 && mkdir -p secrets && openssl rand -hex 16 > secrets/lab': ({ stdout }) =>
        expect(JSON.parse(stdout)).toEqual({ id: 1, result: { clusterAdminID: 2 } }),
      'npx element-clone doctor': ({ stdout }) => {
        const shown = /```text\n([^]*?)```/.exec(readPage('docs/get-started.md'))![1]!;
        const checks = (text: string) => text.split('\n').flatMap((l) => /^[✓!✗] (.*?)  /.exec(l)?.[1] ?? []);
        expect(checks(stdout)).toEqual(checks(mine(shown)));
        expect(stdout).toContain('element-clone has read, volumes, write');
        expect(stdout).not.toContain('✗');
      },
      'npx element-clone clone --cluster lab --volume-id 42 --name first-clone --dry-run': async ({ stdout }) => {
        expect(stdout).toContain('CloneVolume');
        expect(await volumesNamed(`first-${own}`)).toEqual([]);
      },
      'npx element-clone clone --cluster lab --volume-id 42 --name first-clone --lease 2h --request-id first-clone': ({
        stdout,
      }) => expect(stdout.trim()).toBe(`clone-for-request-first-${own}`),
      'npx element-clone watch clone-for-request-first-clone': async ({ stdout }) => {
        const [clone, ...others] = await volumesNamed(`first-${own}`);
        expect(others).toEqual([]);
        expect(stdout).toContain(`Volume ${clone!.volumeID} "first-${own}" is ready`);
      },
      'npx element-clone list --leases': ({ stdout }) => expect(stdout).toContain(`first-${own}`),
    },
  );
});

test('the commands of README.md do what it says', async () => {
  await simulate({ cloneSeconds: 1, limits: { cloneJobsPerVolumeMax: 40, cloneJobsPerNodeMax: 40 } });
  await cp(join(root, 'examples/runbooks'), join(terminal.dir, 'site/examples/runbooks'), { recursive: true });
  const started: string[] = [];
  const starts = ({ stdout }: Said) => void started.push(stdout.trim());
  await follow(
    'README.md',
    {
      'npm run demo': {
        why: 'it starts a server, a cluster and workers, and kills one, for half a minute: test/integration/worker-kill.test.ts does that',
        instead: () => expect(scriptOf('demo')).toBe('node scripts/demo.mjs'),
      },
      'npm test': { why: 'it is running', instead: () => expect(scriptOf('test')).toBe('node scripts/test.mjs') },
      'npx element-clone copy --cluster lab --volume-id 42 --dst-volume-id 57': {
        by: async (text) => {
          const [copy, undo] = text.trim().split('\n');
          const [clone] = await volumesNamed(`first-${own}`);
          const id = (await type(mine(copy!.replace('57', String(clone!.volumeID))))).stdout.trim();
          await type(`npx element-clone watch ${id}`);
          expect(undo).toMatch(/ copy-volume-42-of-lab-onto-volume-57-[a-z0-9]{10}$/);
          const { stdout } = await type(undo!.replace(/copy-volume-42\S+/, id));
          expect(stdout).toContain(`Volume ${clone!.volumeID} holds what it held before the copy`);
        },
      },
      'npx element-clone doctor': { until: 'Worker started' },
      'sh ops/make-secrets.sh': {
        why: 'there is no container engine here; test/ops looks at the files',
        instead: (text) => {
          existsIn(text, 'ops/make-secrets.sh');
          expect(text).toContain(
            'docker compose exec worker-1 element-clone clone --cluster lab --volume-id 42 --name db-uat',
          );
          expect(Object.keys(compose.services)).toContain('worker-1');
        },
      },
    },
    {
      'npx element-clone clone --cluster lab --volume-id 42 --name db-uat --volume-access-group uat-hosts': starts,
      'npx element-clone fan-out --cluster lab --volume-id 42 --count 50 --name-prefix dev-': starts,
      'npx element-clone group --cluster lab --volume 41 --volume 42=db-uat --volume-access-group uat-hosts': starts,
      'npx element-clone refresh --series uat-db --cluster lab --volume-id 42 --keep 3 --volume-access-group uat-hosts':
        starts,
      'npx element-clone schedule create nightly --type cloneVolume --at "MON-FRI 02:30" --time-zone Europe/Berlin \\':
        async ({ stdout }) => {
          await type(mine('npx element-clone schedule delete nightly'));
          expect(stdout).toContain('Europe/Berlin');
        },
      'npx element-clone runbook run examples/runbooks/migration-rehearsal.yaml --input source=42 --dry-run': ({
        stdout,
      }) => expect(stdout).toContain('CloneVolume'),
    },
  );
  const ended = await waitFor('all of it to end', async () => {
    const { stdout } = await type(mine('npx element-clone list --cluster lab --limit 100 --output json'));
    const clones = JSON.parse(stdout) as CloneSummary[];
    return clones.every(({ status }) => status !== 'RUNNING') && clones;
  });
  expect(started.filter((id) => !ended.some((c) => c.workflowId === id && c.phase === 'done'))).toEqual([]);
  expect(ended.filter(({ phase }) => phase !== 'done')).toEqual([]);
  const { volumes } = await state();
  expect(volumes.filter((v) => /^dev-\d+$/.test(v.name) && v.status === 'active')).toHaveLength(FAN_OUT);
  expect(volumes.filter((v) => v.name === 'db-uat')).toHaveLength(2);
  // Named in get-started; and nothing is to wait for its end on the server that others use.
  const release = /`(element-clone lease release [^`]+)`/.exec(readPage('docs/get-started.md'))![1]!;
  await type(mine(`npx ${release}`));
});
