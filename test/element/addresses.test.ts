import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ElementTransportError } from '../../element/errors.ts';
import { clientOf, failureOf, startApi } from './api-server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.each([301, 302, 303, 307, 308])('a cluster that redirects by HTTP %i is not followed', async (status) => {
  const elsewhere = await startApi(() => ({ result: {} }));
  const cluster = await startApi(() => (res) => {
    res.writeHead(status, { location: `${elsewhere.endpoint}/json-rpc/12.5` }).end();
  });
  const client = clientOf(cluster, { tls: { insecureSkipVerify: true } });
  await failureOf(ElementTransportError, client.getLimits({}));
  expect(cluster.calls).toHaveLength(1);
  expect([elsewhere.connections(), elsewhere.calls]).toEqual([0, []]);
});

test('an answer that names another address changes no later call', async () => {
  const elsewhere = await startApi(() => ({ result: {} }));
  const clusterInfo = { mvip: '127.0.0.1', svip: elsewhere.endpoint, name: elsewhere.endpoint, uniqueID: 'x' };
  const cluster = await startApi(({ method }) => ({ result: method === 'GetClusterInfo' ? { clusterInfo } : {} }));
  const client = clientOf(cluster);
  await client.getClusterInfo({}).catch(() => {});
  await client.deleteVolume({ volumeID: 1 });
  expect(cluster.calls.map((c) => c.method)).toEqual(['GetClusterInfo', 'DeleteVolume']);
  expect(elsewhere.connections()).toBe(0);
});

/** What opens connections, and from what the address comes. */
const OPENERS: Record<string, string> = {
  'element/transport.ts': 'the endpoint of the configuration',
  'element/tls.ts': 'the endpoint of the configuration',
  'activities/hook-client.ts': 'the url of the hook in the configuration',
  'worker/monitoring/server.ts': 'listens; asks the exporter of this process',
  'worker/monitoring/metrics.ts': 'looks for a free port of this machine',
  'worker/codec-server.ts': 'listens; fetches keys of --jwks',
};

test('nothing but these files of a worker can open a connection', async () => {
  const folders = ['element', 'activities', 'workflows', 'contracts', 'worker', 'connection'];
  const found: string[] = [];
  for (const folder of folders) {
    for (const file of await readdir(`${root}${folder}`, { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      const source = (await readFile(`${root}${folder}/${file}`, 'utf8')).replaceAll(/^import type .*$/gm, '');
      const opens =
        /from '(undici|node:(http|https|http2|net|tls|dgram|dns|child_process)[^']*)'|(?<![.\w] ?)fetch\(|WebSocket\(|EventSource\(/;
      const without = source
        .replaceAll(/(async |\.)fetch\(/g, '')
        .replaceAll(/import \{ type [^}]*\} from '[^']*'/g, '');
      if (opens.test(without)) found.push(`${folder}/${file}`);
    }
  }
  expect(found.toSorted()).toEqual(Object.keys(OPENERS).toSorted());
});
