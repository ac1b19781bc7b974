import { z } from 'zod';
import type { Context } from './context.ts';
import { invalidApiParameter, invalidParameter, noSuchQoSPolicy } from './errors.ts';
import type { QoS, VolumeRecord } from './records.ts';

/** QoS as methods take it: any of its values. The curve is the system's, but the vendor's tools send it back. */
export const qosParam = z
  .object({
    minIOPS: z.int(),
    maxIOPS: z.int(),
    burstIOPS: z.int(),
    burstTime: z.int(),
    curve: z.record(z.string(), z.number()),
  })
  .partial();
export type QoSParam = z.infer<typeof qosParam>;

/** Cost of an I/O by its size, as in the examples of the API pages. */
export const qosCurve: Readonly<Record<string, number>> = {
  4096: 100,
  8192: 160,
  16384: 270,
  32768: 500,
  65536: 1000,
  131072: 1950,
  262144: 3900,
  524288: 7600,
  1048576: 15000,
};

export const defaultQoS = (): QoS => ({
  burstIOPS: 15_000,
  burstTime: 60,
  curve: { ...qosCurve },
  maxIOPS: 15_000,
  minIOPS: 50,
});

/** QoS after a change; the values not given stay. */
export const changedQoS = ({ limits }: Context, current: QoS, change: QoSParam): QoS => {
  const qos: QoS = {
    ...current,
    minIOPS: change.minIOPS ?? current.minIOPS,
    maxIOPS: change.maxIOPS ?? current.maxIOPS,
    burstIOPS: change.burstIOPS ?? current.burstIOPS,
    burstTime: change.burstTime ?? current.burstTime,
  };
  const within = (field: 'minIOPS' | 'maxIOPS' | 'burstIOPS', min: number, max: number): void => {
    if (qos[field] < min || qos[field] > max) throw invalidParameter(`qos.${field} must be from ${min} to ${max}.`);
  };
  within('minIOPS', limits.volumeMinIOPSMin, limits.volumeMinIOPSMax);
  within('maxIOPS', limits.volumeMaxIOPSMin, limits.volumeMaxIOPSMax);
  within('burstIOPS', limits.volumeBurstIOPSMin, limits.volumeBurstIOPSMax);
  if (qos.minIOPS > qos.maxIOPS) throw invalidParameter('qos.minIOPS must not be greater than qos.maxIOPS.');
  if (qos.maxIOPS > qos.burstIOPS) throw invalidParameter('qos.maxIOPS must not be greater than qos.burstIOPS.');
  return qos;
};

export interface QoSChoice {
  qos?: QoSParam | undefined;
  qosPolicyID?: number | undefined;
  associateWithQoSPolicy?: boolean | undefined;
}

/** QoS and policy of a volume after CreateVolume or ModifyVolume: `qos` ends an association, `qosPolicyID` makes one. */
export const chosenQoS = (
  context: Context,
  current: Pick<VolumeRecord, 'qos' | 'qosPolicyID'>,
  choice: QoSChoice,
): Pick<VolumeRecord, 'qos' | 'qosPolicyID'> => {
  if (choice.qos !== undefined && choice.qosPolicyID !== undefined) {
    throw invalidApiParameter('qos and qosPolicyID are mutually exclusive.');
  }
  if (choice.qosPolicyID !== undefined) {
    const policy = context.state.qosPolicies.get(choice.qosPolicyID);
    if (policy === undefined) throw noSuchQoSPolicy(choice.qosPolicyID);
    return { qos: policy.qos, qosPolicyID: choice.associateWithQoSPolicy === false ? null : policy.qosPolicyID };
  }
  if (choice.qos !== undefined) return { qos: changedQoS(context, current.qos, choice.qos), qosPolicyID: null };
  if (choice.associateWithQoSPolicy === false) return { qos: current.qos, qosPolicyID: null };
  return current;
};
