import { setCurrentDetails } from '@temporalio/workflow';
import { runbookLabel } from '../../contracts/label.ts';
import { stepLines } from '../../contracts/runbook/tree.ts';
import type { RunbookRequest, StepState } from '../../contracts/runbook/types.ts';
import { escapeMarkdown } from '../markdown.ts';

/** What a person reads in the Temporal UI while it runs: Markdown, without any event in the history. */
export function showTree(request: RunbookRequest, states: readonly StepState[], sentence?: string): void {
  const lines = stepLines(states).map(({ depth, mark, name, text, isRunning }) => {
    const line = `${mark} ${escapeMarkdown(name)}${text === '' ? '' : `: ${escapeMarkdown(text)}`}`;
    // Indented by no-break spaces: a list in Markdown would renumber and re-wrap it.
    return `${'\u00A0\u00A0\u00A0'.repeat(depth)}${isRunning ? `**${line}**` : line}`;
  });
  const parts = [`### ${escapeMarkdown(runbookLabel(request))}`, escapeMarkdown(sentence ?? ''), lines.join('\n')];
  setCurrentDetails(parts.filter((part) => part !== '').join('\n\n'));
}
