import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, withOutput } from '../output.ts';
import { inventoryCSV, inventoryTable } from '../render/inventory.ts';
import { failureLines } from '../render/orphans.ts';
import { withClient } from '../session.ts';
import { whileWaiting } from '../waiting.ts';

interface Options {
  output: 'text' | 'json' | 'csv';
  cluster?: string;
}

export function addInventory(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('inventory')
    .summary('list the clones that exist')
    .description(
      'Lists the finished clones of this service that still exist, as the clusters tell it: those too whose workflow Temporal no longer knows. A worker does the looking.',
    )
    .option('--cluster <alias>', 'of this cluster (default: all that the worker knows)')
    .addHelpText(
      'after',
      `
Examples:
  element-clone inventory --cluster lab
  element-clone inventory --output csv > clones.csv

Exit codes: 0 all clusters have answered, 1 one has not.`,
    );
  withOutput(command, ['csv']).action(async ({ output, cluster }: Options) =>
    exit(
      await withClient(async (client) => {
        const inventory = await whileWaiting(io, client.inventory({ cluster }));
        const { clones, failed } = inventory;
        if (output === 'json') printJSON(io, inventory);
        else if (output === 'csv') printLine(io, inventoryCSV(clones));
        else if (clones.length > 0) printLine(io, inventoryTable(clones, io.out.colours));
        else if (failed.length === 0) note(io, 'There are no clones of this service.');
        for (const line of failureLines(failed, io.err.colours)) note(io, line);
        return failed.length === 0 ? EXIT.ok : EXIT.failed;
      }),
    ),
  );
}
