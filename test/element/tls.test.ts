import { expect, test } from 'vitest';
import { BrokenExchange } from '../../element/exchange.ts';
import { createElementClient, ElementTransportError, isFingerprint } from '../../element/index.ts';
import { CertificateRefused } from '../../element/tls.ts';
import { explain } from '../../element/transport-errors.ts';
import { makeCertificates } from '../../simulator/certificates.ts';
import { clientOf, failureOf, startApi } from './api-server.ts';

const fine = () => ({ result: { fullness: 'stage1Happy' } });

test('trusts a certificate by its authority', async () => {
  const server = await startApi(fine);
  await clientOf(server, { tls: { ca: server.ca } }).getClusterFullThreshold({});
  expect(server.calls).toHaveLength(1);
});

test.each([
  ['by the authorities of Node', {}],
  ['by another authority', { ca: makeCertificates().caPem }],
])('does not trust a certificate %s, sends nothing and says what to do', async (_how, tls) => {
  const server = await startApi(fine);
  const err = await failureOf(ElementTransportError, clientOf(server, { tls }).deleteVolume({ volumeID: 1 }));
  expect(err).toMatchObject({ reason: 'tls', mayHaveActed: false });
  expect(err.message).toContain(`is not trusted`);
  expect(err.message).toContain(`It shows ${server.fingerprint}`);
  expect(err.message).toContain('tls.caFile');
  expect(server.calls).toEqual([]);
});

test('does not trust a certificate for another name, and says so', async () => {
  const server = await startApi(fine, '127.0.0.2');
  const err = await failureOf(ElementTransportError, clientOf(server).getLimits({}));
  expect(err).toMatchObject({ reason: 'tls', mayHaveActed: false });
  expect(err.message).toContain('is for another name');
  expect(err.message).toContain(server.fingerprint);
  expect(server.calls).toEqual([]);
});

const withColons = (hex: string) => hex.replaceAll(/..(?=.)/g, '$&:');

test.each<[string, (hex: string) => string]>([
  ['in lower case', (hex) => `sha256:${hex}`],
  ['in upper case with colons, as openssl prints it', (hex) => `sha256:${withColons(hex).toUpperCase()}`],
  ['all in upper case', (hex) => `SHA256:${hex.toUpperCase()}`],
])('trusts a certificate by its fingerprint %s, whatever its name and authority', async (_how, write) => {
  const server = await startApi(fine, '127.0.0.2');
  const fingerprint = write(server.fingerprint.slice('sha256:'.length));
  await clientOf(server, { tls: { fingerprint } }).getClusterFullThreshold({});
  expect(server.calls).toHaveLength(1);
});

test('does not trust a certificate with another fingerprint, though its authority is known', async () => {
  const server = await startApi(fine);
  const fingerprint = `sha256:${'0'.repeat(64)}`;
  const err = await failureOf(ElementTransportError, clientOf(server, { tls: { fingerprint } }).getLimits({}));
  expect(err).toMatchObject({ reason: 'tls', mayHaveActed: false });
  expect(err.message).toContain(`is not the pinned one. It shows ${server.fingerprint}`);
  expect(server.calls).toEqual([]);
});

test('checks the fingerprint on each of several connections', async () => {
  const server = await startApi(() => (res) => {
    res.shouldKeepAlive = false;
    res.end(JSON.stringify(fine()));
  });
  const client = clientOf(server, { tls: { fingerprint: server.fingerprint } });
  for (let i = 0; i < 3; i++) await client.getClusterFullThreshold({});
  expect(server.connections()).toBe(3);
});

test('checks nothing when told so in so many words', async () => {
  const server = await startApi(fine, '127.0.0.2');
  await clientOf(server, { tls: { insecureSkipVerify: true } }).getClusterFullThreshold({});
  expect(server.calls).toHaveLength(1);
});

test.each(['sha256:abc', 'sha1:00', '', '0'.repeat(64)])('does not take "%s" for a fingerprint', (fingerprint) => {
  expect(isFingerprint(fingerprint)).toBe(false);
  const credentials = () => ({ username: 'admin', password: 'x' });
  expect(() => createElementClient({ endpoint: 'https://c', credentials, tls: { fingerprint } })).toThrow(TypeError);
});

test('explains a certificate out of its time', () => {
  const cause = new CertificateRefused('CERT_HAS_EXPIRED', 'sha256:ab');
  const at = { method: 'GetLimits', subject: '', endpoint: 'https://c', timeoutMs: 1, maxBytes: 1 };
  const err = explain(new BrokenExchange('network', false, cause), at);
  expect(err.message).toMatch(/out of its time \(CERT_HAS_EXPIRED\). It shows sha256:ab. Renew it, check .*clock/);
});
