import { z } from 'zod';
import type { Context } from '../context.ts';
import { ElementError, exceededLimit, invalidParameter, unknownAccount } from '../errors.ts';
import { attributesParam, id, method, type Method } from '../method.ts';
import type { AccountRecord } from '../records.ts';
import { renderAccount } from '../render.ts';
import { nextID } from '../state.ts';
import { activeAccount, checkAttributes } from '../volumes.ts';

const secretParams = {
  attributes: attributesParam.optional(),
  enableChap: z.boolean().optional(),
  initiatorSecret: z.string().optional(),
  targetSecret: z.string().optional(),
};

const checkAccount = (
  { state, limits }: Context,
  p: {
    accountID?: number;
    username?: string | undefined;
    initiatorSecret?: string | undefined;
    targetSecret?: string | undefined;
  },
): void => {
  const { accountNameLengthMin, accountNameLengthMax, secretLengthMin, secretLengthMax } = limits;
  if (p.username !== undefined) {
    if (p.username.length < accountNameLengthMin || p.username.length > accountNameLengthMax) {
      throw invalidParameter(`username must be ${accountNameLengthMin} to ${accountNameLengthMax} characters long.`);
    }
    const taken = [...state.accounts.values()].some((a) => a.username === p.username && a.accountID !== p.accountID);
    if (taken) throw new ElementError('xDuplicateUsername', `Username ${p.username} is already in use.`);
  }
  for (const field of ['initiatorSecret', 'targetSecret'] as const) {
    const secret = p[field];
    if (secret !== undefined && (secret.length < secretLengthMin || secret.length > secretLengthMax)) {
      throw invalidParameter(`${field} must be ${secretLengthMin} to ${secretLengthMax} characters long.`);
    }
  }
  if (p.initiatorSecret !== undefined && p.initiatorSecret === p.targetSecret) {
    throw invalidParameter('initiatorSecret and targetSecret must differ.');
  }
};

const addAccount = method('AddAccount', { username: z.string(), ...secretParams }, (context, p) => {
  const { state, limits, random } = context;
  checkAccount(context, p);
  checkAttributes(p.attributes);
  if (state.accounts.size >= limits.accountCountMax) throw exceededLimit('accountCountMax', limits.accountCountMax);
  const secret = (): string => random.uuid().replaceAll('-', '').slice(0, limits.secretLengthMax);
  const account: AccountRecord = {
    accountID: nextID(state, 'account'),
    username: p.username,
    status: 'active',
    attributes: p.attributes ?? {},
    initiatorSecret: p.initiatorSecret ?? secret(),
    targetSecret: p.targetSecret ?? secret(),
    enableChap: p.enableChap ?? true,
  };
  state.accounts.set(account.accountID, account);
  return { account: renderAccount(context, account), accountID: account.accountID };
});

const modifyAccount = method(
  'ModifyAccount',
  {
    accountID: id,
    username: z.string().optional(),
    status: z.enum(['active', 'locked']).optional(),
    ...secretParams,
  },
  (context, p) => {
    const account = activeAccount(context, p.accountID);
    checkAccount(context, p);
    checkAttributes(p.attributes);
    account.username = p.username ?? account.username;
    account.status = p.status ?? account.status;
    account.attributes = p.attributes ?? account.attributes;
    account.enableChap = p.enableChap ?? account.enableChap;
    account.initiatorSecret = p.initiatorSecret ?? account.initiatorSecret;
    account.targetSecret = p.targetSecret ?? account.targetSecret;
    return { account: renderAccount(context, account) };
  },
);

const removeAccount = method('RemoveAccount', { accountID: id }, (context, p) => {
  activeAccount(context, p.accountID);
  if ([...context.state.volumes.values()].some((v) => v.accountID === p.accountID)) {
    throw new ElementError('xAccountHasVolumes', `AccountID ${p.accountID} still has volumes.`);
  }
  context.state.accounts.delete(p.accountID);
  return {};
});

const listAccounts = method(
  'ListAccounts',
  {
    includeStorageContainers: z.boolean().optional(),
    startAccountID: z.int().nonnegative().optional(),
    limit: z.int().nonnegative().optional(),
  },
  (context, p) => {
    const from = [...context.state.accounts.values()].filter((a) => a.accountID >= (p.startAccountID ?? 0));
    const page = p.limit === undefined || p.limit === 0 ? from : from.slice(0, p.limit);
    return { accounts: page.map((a) => renderAccount(context, a)) };
  },
);

const getAccountByID = method('GetAccountByID', { accountID: id }, (context, p) => ({
  account: renderAccount(context, activeAccount(context, p.accountID)),
}));

const getAccountByName = method('GetAccountByName', { username: z.string() }, (context, p) => {
  const account = [...context.state.accounts.values()].find((a) => a.username === p.username);
  if (account === undefined) throw unknownAccount();
  return { account: renderAccount(context, account) };
});

export const accountMethods: Method[] = [
  addAccount,
  modifyAccount,
  removeAccount,
  listAccounts,
  getAccountByID,
  getAccountByName,
];
