import { slotTable } from '@spillway/gateway';
import { decode, jsonToProtobuf, protobufToJson, scan } from '@spillway/otlp';
import { cpuOf, printFigures } from './measure.ts';
import { spanRequest, spansPerRequest } from './requests.ts';

/** The bytes: scan, decode, transcode. */
export async function benchWire(): Promise<void> {
  const bodies = Array.from({ length: 20 }, (_, i) => spanRequest(i));
  const json = bodies.map((body) => Buffer.from(protobufToJson('traces', body)));
  const body = (i: number) => bodies[i % bodies.length] as Uint8Array;
  const units = spansPerRequest;
  const [one, four] = [slotTable(1), slotTable(4)];
  printFigures(`wire, requests of ${spansPerRequest} spans, ${bodies[0]?.length} bytes`, 'span', [
    await cpuOf('scan, 1 partition', {
      times: 5_000,
      units,
      run: (i) => scan('traces', body(i), one),
    }),
    await cpuOf('scan and slice, 4 partitions', {
      times: 5_000,
      units,
      run: (i) => scan('traces', body(i), four),
    }),
    await cpuOf('decode', {
      times: 500,
      units,
      run: (i) => decode('traces', body(i), { tenant: 'default' }),
    }),
    await cpuOf('OTLP/JSON to protobuf', {
      times: 300,
      units,
      run: (i) => jsonToProtobuf('traces', json[i % json.length] as Uint8Array),
    }),
  ]);
}
