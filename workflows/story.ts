import { setCurrentDetails } from '@temporalio/workflow';
import type { Phase } from '../contracts/names.ts';
import { publish } from './search-attributes.ts';

const STEPS = ['preflight', 'snapshot', 'clone', 'await', 'modify', 'grant', 'verify', 'clean up'] as const;
export type Step = (typeof STEPS)[number];

const escape = (text: string) => text.replace(/[\\`*_{}[\]<>#|]/g, '\\$&');

/** What a person reads in the Temporal UI while the clone runs: Markdown, link-free, without any event in the history. */
export class Story {
  readonly title: string;
  private readonly skipped = new Set<Step>();
  private readonly facts: string[] = [];
  private current: Step = 'preflight';
  private now = '';

  constructor(title: string) {
    this.title = title;
    this.show();
  }

  /** The step that begins, in a sentence; and the phase, when it is a transition. */
  begin(step: Step, sentence: string, phase?: Phase): void {
    this.current = step;
    this.now = sentence;
    if (phase !== undefined) publish({ phase });
    this.show();
  }

  /** An ID or fact learnt on the way. */
  learn(fact: string): void {
    this.facts.push(fact);
    this.show();
  }

  skip(step: Step): void {
    this.skipped.add(step);
  }

  end(sentence: string): void {
    this.now = sentence;
    this.show(true);
  }

  private show(over = false): void {
    const at = STEPS.indexOf(this.current);
    const steps = STEPS.filter((s) => !this.skipped.has(s)).map((s) => {
      const i = STEPS.indexOf(s);
      if (i < at) return `- ✓ ${s}`;
      if (i > at) return `- · ${s}`;
      return over ? `- ■ ${s}` : `- **▶ ${s}**`;
    });
    setCurrentDetails(
      [
        `### ${escape(this.title)}`,
        this.now === '' ? '' : escape(this.now),
        steps.join('\n'),
        this.facts.map((f) => `- ${escape(f)}`).join('\n'),
      ]
        .filter((part) => part !== '')
        .join('\n\n'),
    );
  }
}
