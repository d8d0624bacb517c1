export { type DecodeOptions, decode } from './decode.ts';
export type { DecodedSlice, SliceLimits } from './decoded-slice.ts';
export { encodeRequest } from './encode.ts';
export { OtlpError, type OtlpErrorCode } from './errors.ts';
export { extract } from './extract.ts';
export { jsonToProtobuf } from './json-to-protobuf.ts';
export { type LargestValue, largestValue } from './largest-value.ts';
export { recordsMax } from './layout.ts';
export { protobufToJson, TooManyFields } from './protobuf-to-json.ts';
export { costOf, recordBytesMax, recordValuesMax } from './record-cost.ts';
export * from './records.ts';
export { RequestReader } from './request-reader.ts';
export { countRecords, type Scan, scan } from './scan.ts';
export type { Slice } from './slices.ts';
export { type Part, type Split, type SplitLimits, split } from './split.ts';
export {
  type Encoding,
  encodeExportResponse,
  encodeStatus,
  type PartialSuccess,
  type Status,
} from './status.ts';
