import { ElementTransportError } from './errors.ts';

export interface Credentials {
  username: string;
  password: string;
}

/** Reads them anew where they live: a file, a variable, a vault. */
export type CredentialsProvider = () => Credentials | Promise<Credentials>;

/** The call that needs them, for messages. */
interface Call {
  method: string;
  subject: string;
}

export interface Keyring {
  /** The credentials in use; read when there are none. */
  current(call: Call): Promise<Credentials>;
  /**
   * After the cluster refused `used`: others, if the provider has any by now. Calls that were refused together share one
   * reading. `undefined`: there are no others, and to repeat the refused ones could lock the account.
   */
  others(call: Call, used: Credentials): Promise<Credentials | undefined>;
  /** After the cluster refused these too: the next call reads anew. */
  forget(used: Credentials): void;
}

/** Keeps credentials in a closure, where no inspector of the client sees them. */
export function createKeyring(provider: CredentialsProvider): Keyring {
  let reading: Promise<Credentials> | undefined;
  let kept: Credentials | undefined;

  const current = async ({ method, subject }: Call): Promise<Credentials> => {
    if (kept) return kept;
    reading ??= (async () => provider())();
    const mine = reading;
    try {
      const { username, password } = await mine;
      if (reading === mine) kept ??= { username, password };
      return kept ?? { username, password };
    } catch (err) {
      const why = err instanceof Error ? err.message : String(err);
      throw new ElementTransportError(method, 'credentials', `the credentials cannot be read: ${why}`, {
        subject,
        mayHaveActed: false,
      });
    } finally {
      if (reading === mine) reading = undefined;
    }
  };

  const forget = (used: Credentials) => {
    if (kept === used) kept = undefined;
  };

  return {
    current,
    forget,
    others: async (call, used) => {
      forget(used);
      const fresh = await current(call);
      if (fresh.username !== used.username || fresh.password !== used.password) return fresh;
      forget(fresh);
      return undefined;
    },
  };
}
