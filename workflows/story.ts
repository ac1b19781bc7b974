import { setCurrentDetails } from '@temporalio/workflow';
import type { Phase } from '../contracts/names.ts';
import { escapeMarkdown as escape } from './markdown.ts';
import { publish } from './search-attributes.ts';

/** Of what makes clones itself. */
const STEPS = ['preflight', 'snapshot', 'clone', 'await', 'modify', 'grant', 'verify', 'clean up'] as const;
/** Of a refresh. */
export const REFRESH_STEPS = ['preflight', 'quiesce', 'clone', 'unmount', 'swap', 'remount', 'retire'] as const;
/** Of a copy onto a volume, and of taking it back. */
export const COPY_STEPS = ['preflight', 'snapshot', 'way back', 'copy', 'await', 'verify', 'clean up'] as const;
export const UNDO_STEPS = ['preflight', 'roll back'] as const;
export type Step =
  (typeof STEPS)[number] | (typeof REFRESH_STEPS)[number] | (typeof COPY_STEPS)[number] | (typeof UNDO_STEPS)[number];

export type Outcome = 'done' | 'failed' | 'cancelled';

const MARK: Record<Outcome, string> = { done: '✓', failed: '✗', cancelled: '■' };

/** A paragraph per line that stands alone; lines that are indented belong to a list. */
const paragraphs = (text: string) => escape(text).replace(/\n(?=\S)/g, '\n\n');

/** What a person reads in the Temporal UI while the clone runs: Markdown, link-free, without any event in the history. */
export class Story {
  readonly title: string;
  private readonly steps: readonly Step[];
  private readonly skipped = new Set<Step>();
  /** IDs and facts, by the step that learnt them. */
  private readonly facts = new Map<Step, string[]>();
  private current: Step = 'preflight';
  private now = '';
  private table = '';

  constructor(title: string, steps: readonly Step[] = STEPS) {
    this.title = title;
    this.steps = steps;
    this.show();
  }

  /** The step that begins, in a sentence; and the phase, when it is a transition. */
  begin(step: Step, sentence: string, phase?: Phase): void {
    this.current = step;
    if (phase !== undefined) publish({ phase });
    this.say(sentence);
  }

  /** What is going on, while the step stays the same. */
  say(sentence: string): void {
    this.now = sentence;
    this.show();
  }

  /** An ID or fact learnt in the current step. */
  learn(fact: string): void {
    this.facts.set(this.current, [...(this.facts.get(this.current) ?? []), fact]);
    this.show();
  }

  /** Markdown below the steps; replaces an earlier one. */
  tabulate(table: string): void {
    this.table = table;
    this.show();
  }

  skip(step: Step): void {
    this.skipped.add(step);
  }

  end(outcome: Outcome, sentence: string): void {
    this.now = sentence;
    this.show(outcome);
  }

  private show(outcome?: Outcome): void {
    const at = this.steps.indexOf(this.current);
    const steps = this.steps
      .filter((s) => !this.skipped.has(s))
      .map((s) => {
        const i = this.steps.indexOf(s);
        const facts = this.facts.get(s);
        const line = facts === undefined ? s : `${s}: ${escape(facts.join(', '))}`;
        if (i < at) return `✓ ${line}`;
        if (i > at) return `· ${line}`;
        return outcome === undefined ? `**▶ ${line}**` : `${MARK[outcome]} ${line}`;
      });
    // The UI keeps line breaks as they are; a Markdown break on top of them would double them.
    const parts = [`### ${escape(this.title)}`, paragraphs(this.now), steps.join('\n'), this.table];
    setCurrentDetails(parts.filter((part) => part !== '').join('\n\n'));
  }
}
