import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Payload } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode } from '@temporalio/worker';
import { expect, onTestFinished, test, vi } from 'vitest';
import { run as cli } from '../../client/cli/program.ts';
import { encryptionOf, failureConverterPath } from '../../connection/index.ts';
import { fakeIo } from '../support/fake-io.ts';
import { freePort } from '../support/free-port.ts';
import { ending } from '../support/invariants.ts';
import { ownTemporal } from '../support/own-temporal.ts';
import { startRunbook } from '../support/runbook.ts';
import { found, unpacked } from '../support/secrets.ts';
import { startService } from '../support/service.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';
import { workerProcesses } from '../support/worker-processes.ts';

vi.setConfig({ testTimeout: 240_000 });

const random = () => randomBytes(9).toString('hex');
const KEY = randomBytes(32).toString('base64');
/** With characters that other spellings change. */
const SECRETS = {
  password: `Pa+ss/wo "rd" ${random()}&=ü`,
  'second password': `another one ${random()}`,
  'header of a hook': `tok-${random()}/+x`,
  'header of a hook, from a file': `file-${random()}`,
  'encryption key': KEY,
  'bytes of the encryption key': Buffer.from(KEY, 'base64'),
  'API key of Temporal': `tmprl-${random()}`,
};
/** What is no secret, and is to be found: the search would be blind without it. */
const PLANTED = `planted-${random()}/+ "x"`;

/** A server that repeats in its error page what it was sent. */
async function echo(): Promise<string> {
  const server = createServer((req, res) => {
    req.resume();
    res.writeHead(req.url === '/fine' ? 200 : 500).end(JSON.stringify({ you: 'sent', headers: req.rawHeaders }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('after real work no secret is in a history, a log, a metric, a message, an output or a report', async () => {
  const dir = await tempDir();
  const { code } = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    failureConverterPath,
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn: console.warn, error: console.error },
  });
  await writeFile(join(dir, 'bundle.js'), code);
  await writeFile(join(dir, 'header'), SECRETS['header of a hook, from a file']);
  // Of its own: whoever lists what is on a server must be able to read it.
  const temporal = await ownTemporal();
  const encryption = encryptionOf({ text: `k1 ${KEY}`, name: 'test' });
  const service = await startService({
    address: temporal.address,
    worker: false,
    dataConverter: encryption.dataConverter,
    simulator: { password: SECRETS.password, behaviour: { cloneSeconds: 0.5, youngVolumeSeconds: 0 } },
  });
  onTestFinished(() => service.stop());
  const { cluster } = service.simulator;

  const [hook, port] = [await echo(), await freePort()];
  const written: string[] = [];
  const start = await workerProcesses(service, {
    settleSeconds: 1,
    more: `    rotationSeconds: 1
hooks:
  echo:
    url: ${hook}
    headers:
      authorization: { env: HOOK_TOKEN }
      x-key: { file: ${join(dir, 'header')} }
`,
    env: {
      LAB_PASSWORD: SECRETS.password,
      HOOK_TOKEN: `Bearer ${SECRETS['header of a hook']}`,
      TEMPORAL_API_KEY: SECRETS['API key of Temporal'],
      TEMPORAL_TLS: 'false',
      ELEMENT_CLONE_ENCRYPTION_KEYS: `k1 ${KEY}`,
      ELEMENT_CLONE_MONITORING: String(port),
      ELEMENT_CLONE_LOG_LEVEL: 'trace',
      NO_SECRET: PLANTED,
      TEST_WORKFLOW_BUNDLE: join(dir, 'bundle.js'),
      NODE_OPTIONS: `--report-on-signal --report-signal=SIGURG --report-directory=${dir} --report-filename=report.json`,
    },
    onOutput: (text) => written.push(text),
  });
  const worker = start();

  // Work that ends well, badly, in compensation, at a hook, and with credentials that are refused.
  expect(await ending(await service.start({ volumeID: 42, name: 'good', requestedBy: PLANTED }))).toMatchObject({
    ended: 'completed',
  });
  cluster.faults.append([{ kind: 'cloneFails', count: 1 }]);
  expect(await ending(await service.start({ volumeID: 42, name: 'bad' }))).toMatchObject({ ended: 'failed' });
  expect(await ending(await service.start({ volumeID: 9_999, name: 'refused' }))).toMatchObject({ ended: 'failed' });
  const run = await startRunbook(service, [
    { id: 'fine', http: { hook: 'echo', path: '/fine', outputs: { said: 'headers' } } },
    { id: 'broken', needs: ['fine'], http: { hook: 'echo', path: '/broken' }, retry: { attempts: 1 } },
  ]).catch((err: unknown) => err);
  expect(run).not.toBeInstanceOf(Error);
  const broken = await ending(run as Awaited<ReturnType<typeof startRunbook>>);
  expect(broken).toMatchObject({ ended: 'failed', type: 'RunbookFailed' });
  cluster.act('ModifyClusterAdmin', { clusterAdminID: 1, password: SECRETS['second password'] });
  const outcast = await service.start({ volumeID: 42, name: 'outcast' });
  expect(await ending(outcast)).toMatchObject({
    ended: 'failed',
    message: expect.stringMatching(/credentials/) as string,
  });

  // What is left of it, wherever somebody may look.
  const texts: Record<string, string> = { 'messages of failures': JSON.stringify(broken) };
  const decoded: string[] = [];
  const decode = async (value: unknown): Promise<void> => {
    if (value === null || typeof value !== 'object') return;
    const { metadata, data } = value as { metadata?: Record<string, string>; data?: string };
    if (typeof data === 'string' && metadata?.['encoding'] !== undefined) {
      const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
      const payload: Payload = {
        metadata: Object.fromEntries(Object.entries(metadata).map(([k, v]) => [k, bytes(v)])),
        data: bytes(data),
      };
      const [clear] = await encryption.codec.decode([payload]);
      decoded.push(Buffer.from(clear!.data ?? []).toString());
      return;
    }
    for (const member of Object.values(value)) await decode(member);
  };
  const ids: string[] = [];
  const raw: string[] = [];
  for await (const { workflowId, runId } of service.client.workflow.list()) {
    ids.push(workflowId);
    const handle = service.client.workflow.getHandle(workflowId, runId);
    const history = historyToJSON(await handle.fetchHistory());
    raw.push(
      history,
      JSON.stringify((await handle.describe()).raw, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)),
    );
    await decode(JSON.parse(history));
  }
  expect(ids.length).toBeGreaterThanOrEqual(5);
  texts['histories'] = raw.join('\n');
  texts['histories, unpacked'] = unpacked(raw.join('\n'));
  texts['histories, decrypted'] = decoded.join('\n');
  for (const path of ['metrics', 'readyz', 'livez']) {
    texts[`/${path}`] = await (await fetch(`http://127.0.0.1:${port}/${path}`)).text();
  }

  vi.stubEnv('TEMPORAL_ADDRESS', service.address);
  vi.stubEnv('ELEMENT_CLONE_TASK_QUEUE', service.taskQueue);
  vi.stubEnv('ELEMENT_CLONE_ENCRYPTION_KEYS', `k1 ${KEY}`);
  onTestFinished(() => void vi.unstubAllEnvs());
  const doctorEnv = {
    ...{ TEMPORAL_ADDRESS: service.address, ELEMENT_CLONE_TASK_QUEUE: service.taskQueue },
    ...{
      LAB_PASSWORD: SECRETS.password,
      HOOK_TOKEN: SECRETS['header of a hook'],
      ELEMENT_CLONE_ENCRYPTION_KEYS: `k1 ${KEY}`,
    },
  };
  const commands = [
    ['list'],
    ['list', '--all'],
    ...ids.flatMap((id) => [['show', id]]),
    ['runbook', 'list'],
    ['runbook', 'show', (run as { workflowId: string }).workflowId],
    ['orphans', '--cluster', 'lab'],
    ['inventory', '--cluster', 'lab'],
    ['doctor', '--config', start.file],
  ];
  const said: string[] = [];
  for (const command of commands) {
    for (const output of [[], ['--output', 'json']]) {
      const io = fakeIo({ env: doctorEnv });
      await cli([...command, ...output], io);
      said.push(io.stdout(), io.stderr());
    }
  }
  texts['the command line'] = said.join('\n');

  worker.kill('SIGURG');
  const report = await waitFor('the report', async () => {
    if (!(await readdir(dir)).includes('report.json')) return undefined;
    const text = await readFile(join(dir, 'report.json'), 'utf8');
    return text.trimEnd().endsWith('}') ? text : undefined;
  });
  texts['the diagnostic report'] = report;
  const ended = once(worker, 'exit');
  worker.kill('SIGTERM');
  await ended;
  texts['the log'] = written.join('');

  // Nothing is empty by mistake, and the search sees what is there.
  expect(Object.entries(texts).filter(([, text]) => text.length < 2)).toEqual([]);
  expect(texts['the log']).toContain('Worker started');
  expect(texts['messages of failures']).toContain('•••');
  const seen = found({ planted: PLANTED }, texts);
  expect(seen).toEqual(expect.arrayContaining(['planted in histories, decrypted', 'planted in the command line']));
  expect(seen).not.toContain('planted in histories');
  expect(JSON.parse(report)).toHaveProperty('javascriptStack');
  const { environmentVariables } = JSON.parse(report) as { environmentVariables?: object };
  expect(environmentVariables === undefined).toBe(process.report !== undefined && 'excludeEnv' in process.report);
  // Some versions of Node leave the process's own out, and not those of its threads.
  expect(seen.includes('planted in the diagnostic report')).toBe(report.includes('"environmentVariables"'));

  expect(found(SECRETS, texts)).toEqual([]);
});

test('a secret is found in each spelling', () => {
  const secret = SECRETS.password;
  const basic = Buffer.from(`admin:${secret}`).toString('base64');
  for (const text of [
    secret,
    JSON.stringify({ secret }),
    encodeURIComponent(secret),
    `Basic ${basic}`,
    Buffer.from(`x${secret}y`).toString('base64url'),
    JSON.stringify(Buffer.from(secret)),
  ]) {
    expect({ [text]: found({ it: secret }, { there: `before ${text} after` }) }).toEqual({ [text]: ['it in there'] });
  }
  expect(found({ it: secret }, { there: secret.slice(1) })).toEqual([]);
});
