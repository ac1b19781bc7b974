import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../errors.ts';
import type { Io } from '../../io.ts';
import { printJSON, printLine, withOutput, type OutputOptions } from '../../output.ts';
import { stepTree } from '../../render/runbook.ts';
import { plain } from '../../render/text.ts';
import { withClient } from '../../session.ts';

export function addShow(runbook: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = runbook
    .command('show')
    .summary('show the steps of a run, and how it ended')
    .description('Shows how the steps of a run stand, and its outputs or why it failed.')
    .argument('<id>', 'workflow ID, as run and list print it')
    .addHelpText('after', `\nExample:\n  element-clone runbook show clone-for-request-uat-0412`);
  withOutput(command).action(async (id: string, options: OutputOptions) =>
    exit(
      await withClient(async (client) => {
        const run = client.runbooks.handle(id);
        const view = await run.view();
        const isOver = view.status !== 'RUNNING' && view.status !== 'PAUSED';
        const [result, failure] = isOver
          ? await run.result().then(
              (r) => [r, undefined] as const,
              (err: unknown) => [undefined, err instanceof Error ? err.message : String(err)] as const,
            )
          : [undefined, undefined];
        const { colours } = io.out;
        if (options.output === 'json') {
          printJSON(io, {
            ...view,
            ...(result === undefined ? {} : { outputs: result.outputs }),
            ...(failure === undefined ? {} : { failure }),
          });
          return EXIT.ok;
        }
        const outputs = Object.entries(result?.outputs ?? {}).map(([k, v]) => `  ${k}: ${JSON.stringify(v)}`);
        printLine(
          io,
          [
            `${colours.bold(id)}  ${view.status.toLowerCase()}`,
            stepTree(view.steps, { columns: io.out.columns(), colours, now: Date.now() }),
            ...outputs,
            ...(failure === undefined ? [] : [colours.red(`✗ ${plain(failure)}`)]),
          ].join('\n'),
        );
        return EXIT.ok;
      }),
    ),
  );
}
