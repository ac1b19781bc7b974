import { fileURLToPath } from 'node:url';
import type { DataConverter } from '@temporalio/common';
import { EncryptionCodec } from './codec.ts';
import { KeyRing, type KeySource } from './keys.ts';

export { DecryptionError, EncryptionCodec } from './codec.ts';
export { loadTemporalSettings, type TemporalSettings } from './settings.ts';
export { EncryptionKeysError, KeyRing, type KeySource } from './keys.ts';

/** Also what the workflow bundle of an encrypting worker is made with. */
export const failureConverterPath = fileURLToPath(new URL('./failure-converter.cjs', import.meta.url));

/** Encryption as a process has it. */
export interface Encryption {
  keys: KeyRing;
  codec: EncryptionCodec;
  /** For clients, workers and replays. */
  dataConverter: DataConverter;
}

/** @throws EncryptionKeysError */
export function encryptionOf(source: KeySource): Encryption {
  const keys = new KeyRing(source);
  const codec = new EncryptionCodec(keys);
  return { keys, codec, dataConverter: { payloadCodecs: [codec], failureConverterPath } };
}

/**
 * Encryption as the environment says: ELEMENT_CLONE_ENCRYPTION_KEYS_FILE, the path of a file of keys, or
 * ELEMENT_CLONE_ENCRYPTION_KEYS, the keys themselves; without them there is none.
 * @throws EncryptionKeysError
 */
export function encryptionFromEnv(env: NodeJS.ProcessEnv = process.env): Encryption | undefined {
  const { ELEMENT_CLONE_ENCRYPTION_KEYS_FILE: file, ELEMENT_CLONE_ENCRYPTION_KEYS: text } = env;
  if (file) return encryptionOf({ file });
  if (text) return encryptionOf({ text, name: 'ELEMENT_CLONE_ENCRYPTION_KEYS' });
  return undefined;
}
