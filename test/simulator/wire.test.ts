import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { call, post, refusal, result, simulate } from './helpers.ts';

describe('the wire', () => {
  test('gives wrong credentials a 401 in HTML, and an unknown path a 404', async () => {
    const sim = await simulate();
    const wrong = await post(sim, { method: 'GetAPI', id: 1 }, { auth: 'admin:wrong' });
    expect(wrong).toMatchObject({ status: 401, contentType: 'text/html' });
    expect(wrong.text).toContain('<html>');
    expect(await post(sim, {}, { path: '/nowhere' })).toMatchObject({ status: 404, contentType: 'text/html' });
    expect(await post(sim, {}, { httpMethod: 'PUT' })).toMatchObject({ status: 405 });
  });

  test('gives the id back as it came', async () => {
    const sim = await simulate();
    const { text } = await post(sim, { method: 'GetLimits', id: 'seven' });
    expect(JSON.parse(text)).toMatchObject({ id: 'seven' });
  });

  test.each([
    ['not json', 'xInvalidJSON'],
    ['[{"method":"GetAPI","id":1}]', 'xInvalidJSON'],
    ['{"id":1}', 'xMissingParameter'],
    ['{"method":"GetAPI","params":[],"id":1}', 'xInvalidParameterType'],
  ])('refuses the body %s', async (body, name) => {
    const sim = await simulate();
    const { text, status } = await post(sim, undefined, { body });
    expect([status, (JSON.parse(text) as { error: { name: string } }).error.name]).toEqual([200, name]);
  });

  test.each([
    ['Nonsense', {}, 'xUnknownAPIMethod'],
    ['CloneVolume', { name: 'x' }, 'xMissingParameter'],
    ['CloneVolume', { volumeID: 'x', name: 'x' }, 'xInvalidParameterType'],
    ['CloneVolume', { volumeID: 42, name: 7 }, 'xInvalidParameterType'],
    ['CloneVolume', { volumeID: 42, name: 'x', acess: 'locked' }, 'xInvalidAPIParameter'],
    ['CloneVolume', { volumeID: 42, name: 'x', access: 'open' }, 'xUnrecognizedEnumString'],
    ['CloneVolume', { volumeID: 999, name: 'x' }, 'xVolumeIDDoesNotExist'],
    ['CloneMultipleVolumes', { volumes: [{ name: 'x' }] }, 'xMissingParameter'],
    ['AddVolumesToVolumeAccessGroup', { volumeAccessGroupID: 3, volumes: [{}] }, 'xInvalidParameterType'],
    ['GetAccountByName', { username: 'nobody' }, 'xUnknownAccount'],
    ['GetAsyncResult', { asyncHandle: 12 }, 'xDBNoSuchPath'],
  ])('refuses %s %j with %s', async (method, params, name) => {
    const sim = await simulate();
    expect(await refusal(sim, method, params)).toBe(name);
  });

  test('reads numbers and booleans sent as text, as the vendor does, unless switched off', async () => {
    const sim = await simulate();
    expect((await result(sim, 'ListVolumes', { volumeIDs: ['42'], isPaired: 'false' })).volumes).toHaveLength(1);
    sim.cluster.setBehaviour({ textValues: 'refuse' });
    expect(await refusal(sim, 'ListVolumes', { volumeIDs: ['42'] })).toBe('xInvalidParameterType');
  });

  test('serves the versions it says it supports, and in each only the methods that version had', async () => {
    const sim = await simulate();
    const api = await result(sim, 'GetAPI', {}, { version: '7.0' });
    expect(api.currentVersion).toBe('12.5');
    expect(api.supportedVersions).toContain('9.6');
    expect(api['12.5']).toContain('ListQoSPolicies');
    expect(await refusal(sim, 'ListQoSPolicies', {}, { version: '9.6' })).toBe('xUnknownAPIMethod');
    expect(await refusal(sim, 'GetLimits', {}, { version: '99.0' })).toBe('xUnknownAPIVersion');
    expect(await refusal(sim, 'GetLimits', {}, { version: '12.8' })).toBe('xUnknownAPIVersion');
  });

  test('lets a cluster admin do what the access types allow and nothing else', async () => {
    const admins = [
      { username: 'reader', password: 'r', access: ['read'] },
      { username: 'cloner', password: 'c', access: ['read', 'volumes'] },
    ];
    const sim = await simulate({ admins });
    const reader = { auth: 'reader:r' };
    const cloner = { auth: 'cloner:c' };
    await result(sim, 'ListVolumes', {}, reader);
    expect(await refusal(sim, 'CloneVolume', { volumeID: 42, name: 'x' }, reader)).toBe('xPermissionDenied');
    await result(sim, 'CloneVolume', { volumeID: 42, name: 'x' }, cloner);
    const grant = { volumeAccessGroupID: 3, volumes: [42] };
    expect(await refusal(sim, 'AddVolumesToVolumeAccessGroup', grant, cloner)).toBe('xPermissionDenied');
    const me = await result(sim, 'GetCurrentClusterAdmin', {}, cloner);
    expect(me.clusterAdmin).toMatchObject({ username: 'cloner', access: ['read', 'volumes'] });
    expect((await result(sim, 'ListClusterAdmins')).clusterAdmins).toHaveLength(3);
  });

  test('takes a new password at once and the old one no more, until it is reset', async () => {
    const sim = await simulate({ admins: [{ username: 'cloner', password: 'old', access: ['volumes'] }] });
    const status = async (password: string) =>
      (await post(sim, { method: 'GetLimits', params: {}, id: 1 }, { auth: `cloner:${password}` })).status;
    await result(sim, 'ModifyClusterAdmin', { clusterAdminID: 2, password: 'new', access: ['read'] });
    expect([await status('old'), await status('new')]).toEqual([401, 200]);
    const me = await result(sim, 'GetCurrentClusterAdmin', {}, { auth: 'cloner:new' });
    expect(me.clusterAdmin.access).toEqual(['read']);
    expect(await refusal(sim, 'ModifyClusterAdmin', { clusterAdminID: 2, access: ['everything'] })).toBe(
      'xInvalidParameter',
    );
    expect(await refusal(sim, 'ModifyClusterAdmin', { clusterAdminID: 1, access: ['read'] })).toBe('xPermissionDenied');
    expect(await refusal(sim, 'ModifyClusterAdmin', { clusterAdminID: 9 })).toBe('xClusterAdminIDDoesNotExist');
    sim.cluster.reset();
    expect([await status('old'), await status('new')]).toEqual([200, 401]);
  });

  test('adds a cluster admin, once by each name, and none that has not agreed to the licence', async () => {
    const sim = await simulate();
    const cloner = { username: 'cloner', password: 'c', access: ['read', 'volumes'] };
    const add = (change: object) => refusal(sim, 'AddClusterAdmin', { ...cloner, acceptEula: true, ...change });
    expect(await add({ acceptEula: false })).toBe('xInvalidParameter');
    expect(await add({ access: ['everything'] })).toBe('xInvalidParameter');
    expect(await result(sim, 'AddClusterAdmin', { ...cloner, acceptEula: true })).toEqual({ clusterAdminID: 2 });
    expect(await add({})).toBe('xDuplicateUsername');
    const { clusterAdmin } = await result(sim, 'GetCurrentClusterAdmin', {}, { auth: 'cloner:c' });
    expect(clusterAdmin).toMatchObject({ clusterAdminID: 2, username: 'cloner', access: ['read', 'volumes'] });
    const another = { ...cloner, username: 'x', acceptEula: true };
    expect(await refusal(sim, 'AddClusterAdmin', another, { auth: 'cloner:c' })).toBe('xPermissionDenied');
  });

  test('keeps a connection alive over many calls', async () => {
    const sim = await simulate();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let connections = 0;
    agent.on('free', () => (connections += 1));
    for (let i = 0; i < 5; i++) await call(sim, 'GetLimits', {}, { agent });
    expect(Object.values(agent.freeSockets).flat()).toHaveLength(1);
    expect(connections).toBe(5);
    agent.destroy();
  });

  test('closes at once though a client holds connections open', async () => {
    const sim = await simulate();
    const agent = new Agent({ keepAlive: true });
    await call(sim, 'GetLimits', {}, { agent });
    const started = Date.now();
    await sim.close();
    expect(Date.now() - started).toBeLessThan(2_000);
    agent.destroy();
  });
});

describe('certificates', () => {
  test('are of the CA and for localhost, 127.0.0.1 and ::1', async () => {
    const sim = await simulate();
    const { port } = new URL(sim.endpoint);
    const names = await new Promise<string | undefined>((resolve, reject) => {
      const socket = connect({ port: Number(port), host: '127.0.0.1', servername: 'localhost', ca: sim.caPem }, () => {
        resolve(socket.getPeerCertificate().subjectaltname);
        socket.destroy();
      });
      socket.on('error', reject);
    });
    expect(names).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  });

  test('are valid under the names that were asked for', async () => {
    const sim = await simulate({ dnsNames: ['simulator'] });
    const { port } = new URL(sim.endpoint);
    const agent = new Agent({ ca: sim.caPem, servername: 'simulator' });
    await expect(post(sim, { method: 'GetAPI', id: 1 }, { agent })).resolves.toMatchObject({ status: 200 });
    const refused = new Promise<Error>((resolve) => {
      const at = { port: Number(port), host: '127.0.0.1', servername: 'other', ca: sim.caPem };
      connect(at).once('error', resolve);
    });
    expect((await refused).message).toMatch(/altnames/);
  });

  test('outlive a restart when the CA has a directory', async () => {
    const directory = await tempDir();
    const options = { caDir: join(directory, 'ca'), caOut: join(directory, 'out.pem') };
    const first = await simulate(options);
    const second = await simulate(options);
    expect(second.caPem).toBe(first.caPem);
    expect(readFileSync(options.caOut, 'utf8')).toBe(first.caPem);
    expect(existsSync(join(options.caDir, 'ca-key.pem'))).toBe(true);
    await result(second, 'GetAPI');
    expect((await simulate()).caPem).not.toBe(first.caPem);
  });
});
