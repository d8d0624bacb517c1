export { type DecodeOptions, decode } from './decode/decode.ts';
export type { DecodedSlice, SliceLimits } from './decode/decoded-slice.ts';
export { costOf, recordBytesMax, recordValuesMax } from './decode/record-cost.ts';
export { RequestReader } from './decode/request-reader.ts';
export { encodeRequest } from './encode/encode.ts';
export { OtlpError, type OtlpErrorCode } from './errors.ts';
export { jsonToProtobuf } from './json/json-to-protobuf.ts';
export { protobufToJson, TooManyFields } from './json/protobuf-to-json.ts';
export { recordsMax } from './layout.ts';
export * from './records.ts';
export * from './signal.ts';
export { extract } from './slice/extract.ts';
export { type LargestValue, largestValue } from './slice/largest-value.ts';
export { countRecords, type Scan, scan } from './slice/scan.ts';
export type { Slice } from './slice/slices.ts';
export { type Part, type Split, type SplitLimits, split } from './slice/split.ts';
export {
  type Encoding,
  encodeExportResponse,
  encodeStatus,
  type PartialSuccess,
  type Status,
} from './status.ts';
