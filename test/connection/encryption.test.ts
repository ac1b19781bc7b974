import { randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encryptionFromEnv, encryptionOf, KeyRing } from '../../connection/index.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait.ts';

const key = () => randomBytes(32).toString('base64');
const inText = (text: string) => encryptionOf({ text, name: 'THE_KEYS' });
const [a, b] = [`a ${key()}`, `b ${key()}`];

const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString();
const idOf = (p: Payload) => textOf(p.metadata?.['encryption-key-id']);

describe('the codec', () => {
  test('gives back whatever it was given, and shows nothing of it', async () => {
    const { codec } = inText(a);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.jsonValue(), { maxLength: 5 }),
        fc.uint8Array({ maxLength: 300 }),
        async (values, data) => {
          const payloads = [...values.map(payloadOf), { metadata: { encoding: Buffer.from('binary/plain') }, data }];
          const encoded = await codec.encode(payloads);
          expect(encoded.map((p) => textOf(p.metadata?.['encoding']))).toEqual(payloads.map(() => 'binary/encrypted'));
          const decoded = await codec.decode(encoded);
          expect(decoded.map((p) => [textOf(p.metadata?.['encoding']), textOf(p.data)])).toEqual(
            payloads.map((p) => [textOf(p.metadata?.['encoding']), textOf(p.data)]),
          );
        },
      ),
    );
    const [secret] = await codec.encode([payloadOf({ name: 'payroll-2026' })]);
    expect(JSON.stringify(secret) + textOf(secret!.data)).not.toContain('payroll');
  });

  test('never encrypts the same in the same way', async () => {
    const { codec } = inText(a);
    const [one, two] = await codec.encode([payloadOf('x'), payloadOf('x')]);
    expect(textOf(one!.data)).not.toBe(textOf(two!.data));
  });

  test('leaves alone what is in clear, so that runs from before go on', async () => {
    const plain = payloadOf({ volumeID: 42 });
    expect(await inText(a).codec.decode([plain])).toEqual([plain]);
  });

  test('encrypts with the first key, and reads by all', async () => {
    const before = await inText(a).codec.encode([payloadOf('old')]);
    const { codec } = inText(`# newest first\n${b}\n\n${a}\n`);
    const [now] = await codec.encode([payloadOf('new')]);
    expect([idOf(before[0]!), idOf(now!)]).toEqual(['a', 'b']);
    const read = await codec.decode([...before, now!]);
    expect(read.map((p) => defaultPayloadConverter.fromPayload(p))).toEqual(['old', 'new']);
  });

  test('says which key is missing, and what to do', async () => {
    const encoded = await inText(a).codec.encode([payloadOf('x')]);
    await expect(inText(b).codec.decode(encoded)).rejects.toThrow(
      'This was encrypted with the key "a", and THE_KEYS has only b; add that key below the newest one',
    );
  });

  test('notices another key under the same ID, and every change of a byte', async () => {
    const encoded = await inText(a).codec.encode([payloadOf('x')]);
    const why = 'This was not encrypted with the key "a" of THE_KEYS, or was changed since';
    await expect(inText(`a ${key()}`).codec.decode(encoded)).rejects.toThrow(why);
    const { data, metadata = null } = encoded[0]!;
    for (let i = 0; i < data!.length; i += 1) {
      const changed = Uint8Array.from(data!, (byte, at) => (at === i ? byte ^ 1 : byte));
      await expect(inText(a).codec.decode([{ metadata, data: changed }])).rejects.toThrow(why);
    }
    await expect(inText(a).codec.decode([{ metadata, data: new Uint8Array(5) }])).rejects.toThrow(why);
  });
});

describe('keys', () => {
  test.each([
    ['a', /line 1: there must be two words/],
    [`a ${key()} x`, /line 1: there must be two words/],
    [`# c\n${a}\na/b ${key()}`, /line 3: the ID must be 1 to 63/],
    ['a c2hvcnQ=', /line 1: the key of "a" must be 32 bytes in Base64/],
    [`a ${key().slice(0, -2)}!=`, /line 1: the key of "a" must be 32 bytes/],
    [`${a}\na ${key()}`, /line 2: the ID "a" was used before/],
    ['# nothing', /must hold 1 to 100 keys/],
  ])('that cannot be used are refused without being shown: %#', (text, why) => {
    const refused = () => inText(text);
    expect(refused).toThrow(why);
    for (const word of text.split(/\s+/).filter((w) => w.length > 20)) {
      expect(refused).not.toThrow(word);
    }
  });

  test('of a file are exchanged by changing it; a broken one leaves those before', async () => {
    const file = join(await tempDir(), 'keys');
    const write = async (text: string) => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    };
    await write(a);
    const ring = new KeyRing({ file });
    expect(ring.newest().id).toBe('a');
    expect(ring.find('b')).toBeUndefined();
    await write('not a key');
    expect(ring.find('b')).toBeUndefined();
    expect(ring.newest().id).toBe('a');
    await write(`${b}\n${a}`);
    // At once, since somebody needs it.
    expect(ring.find('b')?.id).toBe('b');
    await write(`c ${key()}\n${b}`);
    await waitFor('the newest key', () => ring.newest().id === 'c');
  });

  test('come from the environment, or there is no encryption', async () => {
    const file = join(await tempDir(), 'keys');
    expect(encryptionFromEnv({})).toBeUndefined();
    expect(() => encryptionFromEnv({ ELEMENT_CLONE_ENCRYPTION_KEYS_FILE: file })).toThrow(
      `The file of encryption keys ${file} cannot be read (ENOENT)`,
    );
    await writeFile(file, b);
    expect(encryptionFromEnv({ ELEMENT_CLONE_ENCRYPTION_KEYS_FILE: file })?.keys.ids).toEqual(['b']);
    expect(encryptionFromEnv({ ELEMENT_CLONE_ENCRYPTION_KEYS: a })?.keys.ids).toEqual(['a']);
  });
});
