import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { KeyRing } from './keys.ts';

/*
 * The same on the wire as in Temporal's samples for Go, Java, Python, .NET and TypeScript, so that a worker or a client in
 * another language reads and writes it with the codec of its sample and the same key: the whole payload, encrypted by
 * AES-256-GCM; nonce, ciphertext and tag in one; the ID of the key beside it.
 */
const ENCRYPTED = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | null | undefined) => (bytes ? new TextDecoder().decode(bytes) : '');

/** Something that was encrypted cannot be read. Says which key it takes. */
export class DecryptionError extends Error {
  override readonly name = 'DecryptionError' as const;
}

/** What Temporal stores is ciphertext. What is in clear already is read as it is, so that runs under way go on. */
export class EncryptionCodec implements PayloadCodec {
  private readonly keys: KeyRing;

  constructor(keys: KeyRing) {
    this.keys = keys;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => this.encrypt(payload));
  }

  /** @throws DecryptionError */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) =>
      textOf(payload.metadata?.['encoding']) === ENCRYPTED ? this.decrypt(payload) : payload,
    );
  }

  private encrypt(payload: Payload): Payload {
    const { id, bytes } = this.keys.newest();
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, bytes, nonce);
    const plain = PayloadMessage.encode(payload).finish();
    const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return { metadata: { encoding: bytesOf(ENCRYPTED), [KEY_ID]: bytesOf(id) }, data: new Uint8Array(data) };
  }

  private decrypt({ metadata, data }: Payload): Payload {
    const id = textOf(metadata?.[KEY_ID]);
    const key = this.keys.find(id);
    if (key === undefined) {
      throw new DecryptionError(
        `This was encrypted with the key "${id}", and ${this.keys.place} has only ${this.keys.ids.join(', ')}; add that key below the newest one, and leave it there until no history needs it`,
      );
    }
    const all = data ?? new Uint8Array();
    try {
      const decipher = createDecipheriv(CIPHER, key.bytes, all.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAuthTag(all.subarray(-TAG_BYTES));
      const plain = [decipher.update(all.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
      const { metadata: inner, data: content } = PayloadMessage.decode(Buffer.concat(plain));
      // Plain objects and bytes, as the converter gives and takes.
      return { metadata: { ...inner }, data: content ?? new Uint8Array() };
    } catch {
      throw new DecryptionError(
        `This was not encrypted with the key "${id}" of ${this.keys.place}, or was changed since; see that the ID has one key everywhere`,
      );
    }
  }
}
