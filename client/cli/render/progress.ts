import pc from 'picocolors';
import prettyBytes from 'pretty-bytes';
import stringWidth from 'string-width';
import type { RequestOf } from '../../../contracts/clone-types.ts';
import type { Phase } from '../../../contracts/names.ts';
import type { ProgressView } from '../../../contracts/progress.ts';
import type { CloneStep } from '../../progress-view.ts';
import { duration, fit, plain } from './text.ts';

export interface RenderOptions {
  /** Width of the terminal; no line is longer. */
  columns: number;
  colour: boolean;
  /** One line above: what is cloned where to. */
  title?: string;
  /** Steps that this clone does not have. */
  skip?: readonly CloneStep[];
  /** Steps that only clones of this type have. */
  more?: readonly CloneStep[];
}

/** The steps as people know them, in their order. */
const STEPS: readonly [CloneStep, string][] = [
  ['preflight', 'check'],
  ['createSnapshot', 'snapshot'],
  ['startClone', 'start'],
  ['awaitClone', 'copy'],
  ['modifyVolume', 'modify'],
  ['grantAccess', 'grant'],
  ['verifyClone', 'verify'],
  ['cleanUp', 'clean up'],
  ['swapAccess', 'swap'],
  ['retireGenerations', 'retire'],
];

const OF_REFRESH: readonly CloneStep[] = ['swapAccess', 'retireGenerations'];

const isRefresh = (request: RequestOf): request is RequestOf<'refreshClone'> => 'clone' in request;

/** Steps that only requests of this type lead to. */
export const stepsBeside = (request: RequestOf | undefined): readonly CloneStep[] =>
  request !== undefined && isRefresh(request) ? OF_REFRESH : [];

/** Steps that this request does not lead to. */
export function stepsWithout(request: RequestOf | undefined): CloneStep[] {
  if (request === undefined) return [];
  if (isRefresh(request)) {
    const { clone } = request;
    const given = 'volumes' in clone ? clone.groupSnapshotID : clone.snapshotID;
    return given === undefined ? ['grantAccess'] : ['createSnapshot', 'grantAccess'];
  }
  if ('clones' in request) {
    const own: CloneStep[] = ['awaitClone', 'modifyVolume', 'grantAccess', 'verifyClone'];
    return request.snapshotID === undefined ? own : ['createSnapshot', ...own];
  }
  // A snapshot is taken in any case: of the destination.
  if ('dstVolumeID' in request) return ['modifyVolume', 'grantAccess'];
  const isGroup = 'volumes' in request;
  const given = isGroup ? request.groupSnapshotID : request.snapshotID;
  const all = isGroup ? [request, ...request.volumes] : [request];
  const grants = all.some((r) => (r.volumeAccessGroups?.length ?? 0) > 0);
  return [...(given === undefined ? [] : ['createSnapshot' as const]), ...(grants ? [] : ['grantAccess' as const])];
}

const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const BAR_MAX = 38;
/** `~99.9 %`: the bar keeps its place while the figure grows. */
const PERCENT_WIDTH = 7;
const BAR_MIN = 6;

/**
 * A clone's progress as two or three lines: the steps with a tick at what is done, the bar with percent, bytes, rate
 * and remaining time, and what is happening now. The same lines in the command line and in the demo.
 */
export function renderProgress(view: ProgressView & { step?: CloneStep }, options: RenderOptions): string {
  const colours = pc.createColors(options.colour);
  const lines = [
    ...(options.title === undefined ? [] : [colours.bold(fit(plain(options.title), options.columns))]),
    ...stepsLine(view, options, colours),
    barLine(view, options, colours),
    ...nowLine(view, options, colours),
  ];
  return lines.join('\n');
}

/** The same in one line without movement, for logs: `cloning · 57 % · 5.7 GB of 10 GB · 120 MB/s · 36s left · copying`. */
export const progressLine = (view: ProgressView): string =>
  [view.phase, ...figures(view), ...(view.message === view.phase ? [] : [plain(view.message)])].join(' · ');

type Colours = ReturnType<typeof pc.createColors>;
type Paint = (text: string) => string;

export const paintOf = (phase: Phase, colours: Colours): Paint =>
  ({
    waiting: colours.yellow,
    snapshotting: colours.cyan,
    cloning: colours.cyan,
    modifying: colours.cyan,
    granting: colours.cyan,
    done: colours.green,
    failed: colours.red,
    cancelled: colours.yellow,
  })[phase];

function stepsLine(view: ProgressView & { step?: CloneStep }, options: RenderOptions, colours: Colours): string[] {
  const { skip = [], more = [] } = options;
  const steps = STEPS.filter(([s]) => !skip.includes(s) && (!OF_REFRESH.includes(s) || more.includes(s)));
  const at = view.phase === 'done' ? steps.length : steps.findIndex(([step]) => step === view.step);
  if (at < 0) return [];
  const words = steps.map(([, name], i) => {
    if (i < at) return colours.green(`✓ ${name}`);
    return i === at ? colours.bold(colours.cyan(`▶ ${name}`)) : colours.dim(`· ${name}`);
  });
  const width = stringWidth(steps.map(([, name]) => `✓ ${name}`).join('  '));
  return width > options.columns ? [] : [words.join('  ')];
}

function barLine(view: ProgressView, { columns }: RenderOptions, colours: Colours): string {
  const [first = '', ...others] = figures(view);
  const parts = [first.padStart(PERCENT_WIDTH), ...others];
  // The narrower the terminal, the fewer figures; percent and bar stay.
  while (parts.length > 1 && stringWidth(parts.join('  ')) + 1 + BAR_MIN > columns) parts.pop();
  const [percent = '', ...rest] = parts;
  const room = columns - stringWidth(parts.join('  ')) - 1;
  const width = Math.min(BAR_MAX, room);
  const text = [colours.bold(percent), ...rest].join('  ');
  return width < BAR_MIN ? fit(percent, columns) : `${bar(view, width, colours)} ${text}`;
}

function bar(view: ProgressView, width: number, colours: Colours): string {
  const eighths = Math.round((Math.min(100, Math.max(0, view.percent)) / 100) * width * 8);
  const full = Math.floor(eighths / 8);
  const part = PARTS[eighths % 8] ?? '';
  const empty = width - full - (part === '' ? 0 : 1);
  return `${paintOf(view.phase, colours)(`${'█'.repeat(full)}${part}`)}${colours.dim('░'.repeat(Math.max(0, empty)))}`;
}

/** Percent first; the least important last. An extrapolated figure has a tilde. */
function figures(view: ProgressView): string[] {
  const about = view.extrapolated ? '~' : '';
  const { percent, currentBytes, totalBytes, bytesPerSecond = 0, remainingTime } = view;
  const digits = percent > 0 && percent < 100 ? 1 : 0;
  const shown = Math.min(percent, percent < 100 ? 99.9 : 100);
  return [
    `${about}${shown.toFixed(digits)} %`,
    ...(totalBytes === undefined || currentBytes === undefined
      ? []
      : [`${prettyBytes(currentBytes)} of ${prettyBytes(totalBytes)}`]),
    ...(bytesPerSecond > 0 ? [`${prettyBytes(bytesPerSecond)}/s`] : []),
    ...(remainingTime === undefined ? [] : [`${duration(Math.max(1, Math.ceil(remainingTime)) * 1_000)} left`]),
  ];
}

function nowLine(view: ProgressView, { columns }: RenderOptions, colours: Colours): string[] {
  const mark = { done: '✓ ', failed: '✗ ', cancelled: '■ ' }[view.phase as 'done' | 'failed' | 'cancelled'] ?? '';
  const ids = [
    ...(view.volumeID === undefined ? [] : [`volume ${view.volumeID}`]),
    ...(view.cloneID === undefined ? [] : [`cloneID ${view.cloneID}`]),
    ...(view.groupCloneID === undefined ? [] : [`groupCloneID ${view.groupCloneID}`]),
  ];
  const text = fit([`${mark}${plain(view.message).replaceAll('\n', ' ')}`, ...ids].join(' · '), columns);
  const trouble = view.lastFailure !== undefined || view.stalledSince !== undefined;
  return [trouble ? colours.yellow(text) : mark === '' ? colours.dim(text) : paintOf(view.phase, colours)(text)];
}
