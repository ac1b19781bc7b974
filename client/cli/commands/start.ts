import type { CloneType, RequestOf, ResultOf } from '../../../contracts/clone-types.ts';
import type { PlannableType } from '../../../contracts/dry-run.ts';
import { InvalidRequestError } from '../../../contracts/faults.ts';
import type { CloneClient, CloneHandle } from '../../index.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, type OutputOptions } from '../output.ts';
import { planText } from '../render/plan.ts';
import { resultText } from '../render/result.ts';
import { withClient } from '../session.ts';
import { watchClone } from '../watch.ts';

interface Start<T extends CloneType> {
  type: T;
  request: RequestOf<T>;
  begin(client: CloneClient): Promise<CloneHandle<T>>;
  /** Of a result that is not all good. @default 0 */
  exitCode?: (result: ResultOf<T>) => ExitCode;
}

/** Starts, and shows progress and result, or only the workflow ID. */
export const startAndShow = <T extends CloneType>(
  start: Start<T>,
  options: OutputOptions & { wait?: boolean; dryRun?: boolean },
  io: Io,
): Promise<ExitCode> =>
  withClient(async (client) => {
    // Only the commands of these types have the flag.
    if (options.dryRun) return plan(client, start as unknown as Start<PlannableType>, options, io);
    const clone = await start.begin(client);
    return (options.wait ?? io.out.terminal) ? waitFor(clone, start, options, io) : started(clone, options, io);
  });

async function plan<T extends PlannableType>(
  client: CloneClient,
  { type, request }: Start<T>,
  options: OutputOptions,
  io: Io,
): Promise<ExitCode> {
  const planned = await client.plan(type, request);
  if (options.output === 'json') printJSON(io, planned);
  else printLine(io, planText(planned, io.out.colours));
  return EXIT.ok;
}

function started(clone: { workflowId: string; joined: boolean }, options: OutputOptions, io: Io): ExitCode {
  if (options.output === 'json') {
    printJSON(io, { workflowId: clone.workflowId, joined: clone.joined });
    return EXIT.ok;
  }
  printLine(io, clone.workflowId);
  if (clone.joined) note(io, 'This requestId had been used before: nothing new was started.');
  note(io, `Watch it: element-clone watch ${clone.workflowId}`);
  return EXIT.ok;
}

async function waitFor<T extends CloneType>(
  clone: CloneHandle<T>,
  { type, request, exitCode }: Start<T>,
  options: OutputOptions,
  io: Io,
): Promise<ExitCode> {
  note(io, `${clone.joined ? 'Joined, by its requestId,' : 'Started'} ${io.err.colours.bold(clone.workflowId)}`);
  const last = await watchClone(io, clone, { to: io.err, type, request });
  if (last === undefined) return EXIT.interrupted;
  const result = await clone.result();
  if (options.output === 'json') printJSON(io, result);
  else printLine(io, resultText(result, io.out.colours));
  return exitCode?.(result) ?? EXIT.ok;
}

/** Faults name the flag beside the field, since that is what was typed. */
export async function withFlagNames<T>(parse: () => Promise<T>, flags: Record<string, string>): Promise<T> {
  try {
    return await parse();
  } catch (err) {
    if (!(err instanceof InvalidRequestError)) throw err;
    throw new InvalidRequestError(
      err.faults.map((fault) =>
        fault.replace(/^[\w.]+/, (path) => {
          const flag = flags[path] ?? flags[path.replace(/\.\d+\b.*$/, '')];
          return flag ? `${path} (${flag})` : path;
        }),
      ),
    );
  }
}

/** Of fields that requests of all types have. */
export const FLAGS: Record<string, string> = {
  cluster: '--cluster',
  access: '--access',
  newAccountID: '--new-account-id',
  newSize: '--new-size',
  'snapshot.name': '--snapshot-name',
  'snapshot.expiresIn': '--snapshot-expires-in',
  'modify.qos.minIOPS': '--min-iops',
  'modify.qos.maxIOPS': '--max-iops',
  'modify.qos.burstIOPS': '--burst-iops',
  'modify.qosPolicyID': '--qos-policy-id',
  'modify.access': '--modify-access',
  'modify.accountID': '--modify-account-id',
  'modify.totalSize': '--modify-total-size',
  lease: '--lease',
  leaseMax: '--lease-max',
  leaseGrace: '--lease-grace',
  requestId: '--request-id',
  requestedBy: '--requested-by',
  deadline: '--deadline',
  priority: '--priority',
};
