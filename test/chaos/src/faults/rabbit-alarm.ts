import type { Fault } from './fault.ts';

/** The server has no memory left, says so, and takes no messages. */
export const memoryAlarm: Fault = {
  name: 'a memory alarm raised',
  shows: 'refuses',
  async begin(lab) {
    const setWatermark = (share: string) =>
      lab.direct.rabbitControl?.('set_vm_memory_high_watermark', share);
    await setWatermark('0.000001');
    return async () => setWatermark('0.6');
  },
};
