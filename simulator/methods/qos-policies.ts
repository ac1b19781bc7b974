import { z } from 'zod';
import type { Context } from '../context.ts';
import { exceededLimit, invalidParameter, noSuchQoSPolicy } from '../errors.ts';
import { id, method, type Method } from '../method.ts';
import { changedQoS, defaultQoS, qosParam } from '../qos.ts';
import type { QoSPolicyRecord } from '../records.ts';
import { renderQoSPolicy } from '../render.ts';
import { nextID } from '../state.ts';

/** "New since version 10.0" on the pages of these methods. */
const since = '10.0';

const findPolicy = ({ state }: Context, qosPolicyID: number): QoSPolicyRecord => {
  const policy = state.qosPolicies.get(qosPolicyID);
  if (policy === undefined) throw noSuchQoSPolicy(qosPolicyID);
  return policy;
};

const checkName = ({ limits }: Context, name: string): void => {
  const { qosPolicyNameLengthMin: min, qosPolicyNameLengthMax: max } = limits;
  if (name.length < min || name.length > max) throw invalidParameter(`name must be ${min} to ${max} characters long.`);
};

const createQoSPolicy = method(
  'CreateQoSPolicy',
  { name: z.string(), qos: qosParam },
  (context, p) => {
    const { state, limits } = context;
    checkName(context, p.name);
    const qos = changedQoS(context, defaultQoS(), p.qos);
    if (state.qosPolicies.size >= limits.qosPolicyCountMax) {
      throw exceededLimit('qosPolicyCountMax', limits.qosPolicyCountMax);
    }
    const policy: QoSPolicyRecord = { qosPolicyID: nextID(state, 'qosPolicy'), name: p.name, qos };
    state.qosPolicies.set(policy.qosPolicyID, policy);
    return { qosPolicy: renderQoSPolicy(context, policy) };
  },
  since,
);

const getQoSPolicy = method(
  'GetQoSPolicy',
  { qosPolicyID: id },
  (context, p) => ({ qosPolicy: renderQoSPolicy(context, findPolicy(context, p.qosPolicyID)) }),
  since,
);

const listQoSPolicies = method(
  'ListQoSPolicies',
  {},
  (context) => ({ qosPolicies: [...context.state.qosPolicies.values()].map((p) => renderQoSPolicy(context, p)) }),
  since,
);

const modifyQoSPolicy = method(
  'ModifyQoSPolicy',
  { qosPolicyID: id, name: z.string().optional(), qos: qosParam.optional() },
  (context, p) => {
    const policy = findPolicy(context, p.qosPolicyID);
    if (p.name !== undefined) checkName(context, p.name);
    policy.qos = changedQoS(context, policy.qos, p.qos ?? {});
    policy.name = p.name ?? policy.name;
    for (const v of context.state.volumes.values()) if (v.qosPolicyID === policy.qosPolicyID) v.qos = policy.qos;
    return { qosPolicy: renderQoSPolicy(context, policy) };
  },
  since,
);

const deleteQoSPolicy = method(
  'DeleteQoSPolicy',
  { qosPolicyID: id },
  (context, p) => {
    findPolicy(context, p.qosPolicyID);
    context.state.qosPolicies.delete(p.qosPolicyID);
    // "The QoS settings for all volumes created or modified with this policy are unaffected."
    for (const v of context.state.volumes.values()) if (v.qosPolicyID === p.qosPolicyID) v.qosPolicyID = null;
    return {};
  },
  since,
);

const getDefaultQoS = method('GetDefaultQoS', {}, () => ({ ...defaultQoS() }));

export const qosPolicyMethods: Method[] = [
  createQoSPolicy,
  getQoSPolicy,
  listQoSPolicies,
  modifyQoSPolicy,
  deleteQoSPolicy,
  getDefaultQoS,
];
