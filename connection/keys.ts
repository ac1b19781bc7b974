import { readFileSync, statSync } from 'node:fs';

/** AES-256: bytes of a key. */
const KEY_BYTES = 32;
const KEYS_MAX = 100;
/** A key ID stands in clear beside what it encrypts. */
const KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** How often a file is looked at, in milliseconds: a mounted secret changes within a minute or two. */
const LOOK_MS = 2_000;

export interface Key {
  id: string;
  /** 32 bytes. */
  bytes: Uint8Array;
}

/** Where keys are: text, or a file that is read again when it changes. */
export type KeySource = { text: string; name: string } | { file: string };

/** Keys cannot be used. Says where they are and what to do; never what they are. */
export class EncryptionKeysError extends Error {
  override readonly name = 'EncryptionKeysError' as const;
}

/**
 * The first key encrypts, all of them decrypt. Keys of a file are exchanged by changing it. Its members are private to the
 * language, not to the compiler alone: the SDK logs the options of a worker with all that is in them.
 */
export class KeyRing {
  readonly #source: KeySource;
  #keys: readonly Key[];
  private stamp = '';
  private lookedAt = 0;

  /** @throws EncryptionKeysError */
  constructor(source: KeySource) {
    this.#source = source;
    this.#keys = this.read();
    this.lookedAt = Date.now();
  }

  get ids(): readonly string[] {
    return this.#keys.map((k) => k.id);
  }

  /** In words, for messages. */
  get place(): string {
    return 'file' in this.#source ? this.#source.file : this.#source.name;
  }

  /** What new payloads are encrypted with. */
  newest(): Key {
    this.look(LOOK_MS);
    return this.#keys[0]!;
  }

  /** One that is not known may have come to the file just now. */
  find(id: string): Key | undefined {
    const find = () => this.#keys.find((k) => k.id === id);
    const known = find();
    if (known !== undefined) return known;
    this.look(0);
    return find();
  }

  /** A file that cannot be used leaves the keys as they are: what runs must not stop over a file half written. */
  private look(everyMs: number): void {
    if (!('file' in this.#source) || Date.now() - this.lookedAt < everyMs) return;
    this.lookedAt = Date.now();
    try {
      if (stampOf(this.#source.file) !== this.stamp) this.#keys = this.read();
    } catch {
      // Looked at again soon; whoever lacks a key says so.
    }
  }

  private read(): Key[] {
    if (!('file' in this.#source)) return parseKeys(this.#source.text, this.#source.name);
    const { file } = this.#source;
    let text: string;
    let stamp: string;
    try {
      stamp = stampOf(file);
      text = readFileSync(file, 'utf8');
    } catch (err) {
      const why = err instanceof Error && 'code' in err ? String(err.code) : String(err);
      throw new EncryptionKeysError(
        `The file of encryption keys ${file} cannot be read (${why}); put it there, or leave ELEMENT_CLONE_ENCRYPTION_KEYS_FILE out`,
        { cause: err },
      );
    }
    const keys = parseKeys(text, file);
    this.stamp = stamp;
    return keys;
  }
}

/** A mounted secret is exchanged by a link, so time and inode of what it leads to. */
const stampOf = (file: string): string => {
  const { mtimeMs, ino, size } = statSync(file);
  return `${mtimeMs}/${ino}/${size}`;
};

/** Lines of an ID and a key in Base64; empty lines and those that begin with # are left out. */
function parseKeys(text: string, place: string): Key[] {
  const fault = (line: number, what: string) =>
    new EncryptionKeysError(
      `${place}, line ${line}: ${what}; a line is an ID and 32 bytes in Base64, such as: 2026-11 $(openssl rand -base64 32)`,
    );
  const keys: Key[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [id = '', key = '', ...rest] = line.trim().split(/\s+/);
    if (rest.length > 0 || key === '') throw fault(i + 1, 'there must be two words');
    if (!KEY_ID.test(id)) throw fault(i + 1, 'the ID must be 1 to 63 letters, digits, ".", "_" or "-"');
    const bytes = Buffer.from(key, 'base64');
    if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== key.padEnd(44, '=')) {
      throw fault(i + 1, `the key of "${id}" must be 32 bytes in Base64`);
    }
    if (keys.some((k) => k.id === id)) throw fault(i + 1, `the ID "${id}" was used before`);
    keys.push({ id, bytes });
  }
  if (keys.length === 0 || keys.length > KEYS_MAX) {
    throw new EncryptionKeysError(
      `${place} must hold 1 to ${KEYS_MAX} keys, the newest first; it holds ${keys.length}`,
    );
  }
  return keys;
}
