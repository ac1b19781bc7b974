import type { Command } from 'commander';
import type { CloneType } from '../../../contracts/clone-types.ts';
import type { CloneDescription } from '../../index.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';
import { leftBehindText } from '../render/result.ts';
import { plain } from '../render/text.ts';
import { withClient } from '../session.ts';
import { watchClone } from '../watch.ts';

interface Options extends OutputOptions {
  wait: boolean;
}

export function addCancel(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('cancel')
    .summary('cancel a clone and undo what it made')
    .description('Cancels a clone and waits until what it had made is undone.')
    .argument('<id>', 'workflow ID, as clone and list print it')
    .option('--no-wait', 'only ask for it, and end')
    .addHelpText(
      'after',
      `
Example:
  element-clone cancel clone-volume-42-of-lab-to-db-uat-k3j9x2p0aq

Exit codes: 0 cancelled and undone, 1 it had ended before, or something is still on the cluster.`,
    );
  withOutput(command).action(async (id: string, options: Options) =>
    exit(
      await withClient(async (client) => {
        const clone = client.handle<CloneType>(id);
        const asked = await clone.cancel();
        if (!asked) return over(await clone.describe(), options, io);
        if (!options.wait) {
          if (options.output === 'json') printJSON(io, { workflowId: id, cancelRequested: true });
          else printLine(io, `Cancelling ${id}; it undoes what it made. See: element-clone show ${id}`);
          return EXIT.ok;
        }
        note(io, `Cancelling ${id} …`);
        const last = await watchClone(io, clone, { to: io.err });
        if (last === undefined) return EXIT.interrupted;
        return ended(await clone.describe(), options, io);
      }),
    ),
  );
}

const document = (d: CloneDescription) => ({
  workflowId: d.workflowId,
  phase: d.phase,
  ...(d.failure === undefined ? {} : { failure: d.failure }),
  ...(d.result === undefined ? {} : { result: d.result }),
});

const made = (d: CloneDescription) =>
  d.type === 'copyVolume'
    ? `volume ${d.cloneVolumeID} holds the copy, see: element-clone copy --undo ${d.workflowId}`
    : d.type !== 'cloneVolume'
      ? 'its volumes stay'
      : `volume ${d.cloneVolumeID} stays`;

/** There was nothing to cancel any more. */
function over(d: CloneDescription, options: Options, io: Io): ExitCode {
  if (options.output === 'json') printJSON(io, document(d));
  note(io, `${d.workflowId} had ended already: ${d.phase}. See: element-clone show ${d.workflowId}`);
  return EXIT.failed;
}

function ended(d: CloneDescription, options: Options, io: Io): ExitCode {
  const left = d.failure?.details?.leftBehind ?? [];
  const clean = d.phase === 'cancelled' && left.length === 0;
  if (options.output === 'json') printJSON(io, document(d));
  else if (clean) printLine(io, `Cancelled ${d.workflowId}; what it had made was undone.`);
  if (clean) return EXIT.ok;
  const { colours } = io.err;
  note(
    io,
    d.phase === 'done'
      ? `${d.workflowId} was done before the cancellation reached it: ${made(d)}.`
      : [colours.red(`✗ ${plain(d.failure?.message ?? d.phase)}`), leftBehindText(left, colours)].join('\n').trimEnd(),
  );
  return EXIT.failed;
}
