import { resolve } from 'node:path';
import type { Command } from 'commander';
import { simulatorFlags, type SimulatorFlags } from '../../../simulator/flags.ts';
import { EXIT, UsageError, type ExitCode } from '../errors.ts';
import type { Io } from '../io.ts';
import { note, printJSON, printLine, withOutput, type OutputOptions } from '../output.ts';

export function addSimulator(program: Command, io: Io, exit: (code: ExitCode) => void): void {
  const command = program
    .command('simulator')
    .summary('serve a simulated Element cluster')
    .description(
      'Serves a simulated Element cluster over HTTPS, and its control interface (state, calls, faults) over HTTP. ' +
        'The user is admin, with the password in ELEMENT_SIM_PASSWORD (default: simulator).',
    );
  for (const { flag, help, default: value } of simulatorFlags) command.option(flag, help, value);
  command.addHelpText(
    'after',
    `
Example:
  element-clone simulator --port 8443 --control-port 8444 --seed 7 --ca-out lab-ca.pem`,
  );
  withOutput(command).action(async (options: OutputOptions & SimulatorFlags) => {
    const { simulatorOptionsFromFlags, startSimulator } = await import('../../../simulator/index.ts');
    const simulator = await startSimulator(usage(() => simulatorOptionsFromFlags(options))).catch(portTaken);
    const { endpoint, controlUrl, caPem } = simulator;
    const caFile = options.caOut === undefined ? undefined : resolve(options.caOut);
    if (options.output === 'json')
      printJSON(io, { endpoint, controlUrl, username: 'admin', caFile: caFile ?? null, caPem });
    else printLine(io, startedText(io, endpoint, controlUrl, caFile));
    await new Promise<void>((stop) => void io.onInterrupt(stop));
    await simulator.close();
    note(io, 'Simulator stopped.');
    exit(EXIT.ok);
  });
}

function startedText(io: Io, endpoint: string, controlUrl: string, caFile: string | undefined): string {
  const { bold, dim, green } = io.out.colours;
  return [
    `${green('●')} ${bold('Simulated Element cluster')}`,
    `  API      ${endpoint}/json-rpc/12.5`,
    `  Control  ${controlUrl}/state   /calls   /faults   /reset`,
    '',
    dim('# element-clone.yaml'),
    'clusters:',
    '  lab:',
    `    endpoint: ${endpoint}`,
    '    username: admin',
    '    password: { env: LAB_PASSWORD }',
    caFile === undefined
      ? '    tls: { insecureSkipVerify: true }   # better: --ca-out FILE here, and caFile: FILE there'
      : `    tls: { caFile: ${JSON.stringify(caFile)} }`,
    '',
    dim(
      io.env['ELEMENT_SIM_PASSWORD'] === undefined
        ? '# export LAB_PASSWORD=simulator'
        : '# export LAB_PASSWORD="$ELEMENT_SIM_PASSWORD"',
    ),
    dim('# Ctrl-C stops it.'),
  ].join('\n');
}

const usage = <T>(read: () => T): T => {
  try {
    return read();
  } catch (err) {
    throw err instanceof RangeError ? new UsageError(err.message) : err;
  }
};

function portTaken(err: unknown): never {
  if (err instanceof Error && 'code' in err && err.code === 'EADDRINUSE' && 'port' in err) {
    throw new UsageError(`Port ${String(err.port)} is taken; choose others with --port and --control-port (0: any)`);
  }
  throw err;
}
