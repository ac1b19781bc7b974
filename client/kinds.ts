import type { CloneType, RequestOf } from '../contracts/clone-types.ts';
import { kindOf as startKindOf, type Kind as StartKind } from '../contracts/kinds.ts';
import { PARSE } from '../contracts/parse.ts';

/** What differs between the types of workflow that make clones, as far as the client is concerned. */
export interface Kind<T extends CloneType> extends StartKind<T> {
  /** @throws InvalidRequestError */
  parse(input: unknown): RequestOf<T>;
}

export const kindOf = <T extends CloneType>(type: T): Kind<T> => ({ ...startKindOf(type), parse: PARSE[type] });
