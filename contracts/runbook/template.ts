/*
 * Text with expressions in it: `dev-${item.name}`. Workflow code uses this at run time.
 */

/** A piece of a template: text as it stands, or an expression with where its `${` is. */
export type Piece = { text: string } | { expression: string; at: number };

/** A template that cannot be read: what is wrong, and how to put it right. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError' as const;
}

/** Whether there is any expression, or `$${`, in the text. */
export const isTemplate = (value: unknown): value is string => typeof value === 'string' && value.includes('${');

/** The pieces of a text, in their order. `$${` is a literal `${`. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf('$', at);
    if (next === -1) break;
    literal += text.slice(at, next);
    at = next;
    if (text.startsWith('$${', at)) {
      literal += '${';
      at += 3;
    } else if (text.startsWith('${', at)) {
      const end = endOf(text, at + 2);
      if (literal !== '') pieces.push({ text: literal });
      literal = '';
      pieces.push({ expression: text.slice(at + 2, end), at });
      at = end + 1;
    } else {
      literal += '$';
      at += 1;
    }
  }
  literal += text.slice(at);
  if (literal !== '' || pieces.length === 0) pieces.push({ text: literal });
  return pieces;
}

/** The expression that the text is, bare or as one `${…}`; for fields that are expressions. */
export function expressionIn(text: string): string {
  const trimmed = text.trim();
  if (!trimmed.includes('${')) return trimmed;
  const pieces = piecesOf(trimmed);
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined && 'expression' in only) return only.expression;
  throw new TemplateError('must be one expression, bare or as ${…}, without any text around it');
}

/** Where the `}` is that ends the expression which begins at `from`: braces and strings within it are passed over. */
function endOf(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i += 1) {
    const c = text[i];
    if (c === '"' || c === "'") i = endOfString(text, i);
    else if (c === '{') depth += 1;
    else if (c === '}') {
      if (depth === 0) return i;
      depth -= 1;
    }
  }
  throw new TemplateError(`has a \${ without its }; close it, or write $\${ for the characters themselves`);
}

/** Where the last quote of the string is that begins at `from`. Read as the parser of expressions reads it. */
function endOfString(text: string, from: number): number {
  const quote = text[from]!;
  const delimiter = text.startsWith(quote.repeat(3), from) ? quote.repeat(3) : quote;
  for (let i = from + delimiter.length; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text.startsWith(delimiter, i)) return i + delimiter.length - 1;
  }
  throw new TemplateError(`has a text in an expression without its last ${delimiter}; close it`);
}

/** Whether there is a comment in the expression: `//` outside of its strings. */
export function hasComment(expression: string): boolean {
  for (let i = 0; i < expression.length; i += 1) {
    const c = expression[i];
    if (c === '"' || c === "'") i = endOfString(expression, i);
    else if (c === '/' && expression[i + 1] === '/') return true;
  }
  return false;
}
