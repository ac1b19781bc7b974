import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CodecAuth } from '../../../worker/codec-server.ts';
import { EXIT, UsageError, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';
import { repeatable } from './clone-options.ts';

interface Options extends OutputOptions {
  host: string;
  port: number;
  origin?: string[];
  tokenFile?: string;
  jwks?: string;
  issuer?: string;
  audience?: string;
  auth: boolean;
}

const HELP = `
Examples:
  element-clone codec-server --no-auth --origin http://localhost:8233
  element-clone codec-server --host 0.0.0.0 --origin https://temporal.example.com \\
    --jwks https://login.example.com/keys --issuer https://login.example.com --audience temporal
  temporal workflow show -w ID --codec-endpoint http://127.0.0.1:8888 --codec-auth "Bearer $(cat token)"

The keys are those of the workers: ELEMENT_CLONE_ENCRYPTION_KEYS_FILE. It speaks HTTP: put a proxy with TLS before it, unless
it serves this machine only. --no-auth is for loopback addresses.`;

const port = (text: string): number => {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('It must be a port, 0 to 65535.');
  return Number(text);
};

export function addCodecServer(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('codec-server')
    .summary("decrypt what Temporal's UI and CLI show")
    .description("Serves the payload codec for Temporal's UI and CLI, to those who may see the contents.")
    .option('--host <address>', 'address to listen at', '127.0.0.1')
    .option('--port <number>', 'port to listen at; 0: any', port, 8888)
    .addOption(repeatable('--origin <origin>', 'of the Temporal UI, whose pages may ask'))
    .addOption(
      new Option('--token-file <path>', 'the token that is asked for').conflicts(['jwks', 'issuer', 'audience']),
    )
    .option('--jwks <url>', "keys of the identity provider that signs the UI's access tokens")
    .option('--issuer <name>', 'issuer that such a token must have')
    .option('--audience <name>', 'audience that such a token must have')
    .option('--no-auth', 'serve whoever reaches the port')
    .addHelpText('after', HELP);
  withOutput(command).action(async (options: Options) => {
    const auth = await authOf(options);
    const { encryptionFromEnv } = await import('../../../connection/index.ts');
    const encryption = encryptionFromEnv(io.env);
    if (encryption === undefined) {
      throw new UsageError(
        'There are no keys: set ELEMENT_CLONE_ENCRYPTION_KEYS_FILE to the file that the workers use',
      );
    }
    const { startCodecServer } = await import('../../../worker/codec-server.ts');
    const server = await startCodecServer({
      ...{ codec: encryption.codec, host: options.host, port: options.port, auth },
      origins: (options.origin ?? []).map(originOf),
      onRequest: ({ path, status, origin }) => {
        if (status >= 400) note(io, `${status} ${path}${origin === undefined ? '' : ` from a page of ${origin}`}`);
      },
    }).catch(taken);
    const { url } = server;
    if (options.output === 'json') printJSON(io, { url, keys: encryption.keys.ids });
    else printLine(io, `Codec server at ${url}, with the keys ${encryption.keys.ids.join(', ')}. Ctrl-C stops it.`);
    await new Promise<void>((stop) => void io.onInterrupt(stop));
    await server.close();
    exit(EXIT.ok);
  });
}

async function authOf({ auth, host, tokenFile, jwks, issuer, audience }: Options): Promise<CodecAuth> {
  if (tokenFile !== undefined) {
    const { readSecret } = await import('../../../worker/secrets.ts');
    const token = () => readSecret({ file: tokenFile }, process.cwd(), process.env);
    await token().catch((err: Error) => {
      throw new UsageError(err.message);
    });
    return { kind: 'token', token };
  }
  if (jwks !== undefined) {
    if (!URL.canParse(jwks) || !jwks.startsWith('https://')) throw new UsageError('--jwks must be an https:// address');
    if (issuer === undefined || audience === undefined) {
      throw new UsageError('--jwks needs --issuer and --audience: any other token of that provider would do otherwise');
    }
    return { kind: 'jwt', jwks, issuer, audience };
  }
  if (auth) throw new UsageError('Say who may ask: --token-file, --jwks, or --no-auth on this machine only');
  if (!['127.0.0.1', '::1', 'localhost'].includes(host)) {
    throw new UsageError(`--no-auth would give all contents to whoever reaches ${host}; use --token-file or --jwks`);
  }
  return { kind: 'none' };
}

const originOf = (text: string): string => {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new UsageError(`--origin ${text}: must be scheme, host and port of the UI, such as http://localhost:8233`);
};

function taken(err: unknown): never {
  if (err instanceof Error && 'code' in err && err.code === 'EADDRINUSE') {
    throw new UsageError('That port is taken; choose another one with --port (0: any)');
  }
  throw err;
}
