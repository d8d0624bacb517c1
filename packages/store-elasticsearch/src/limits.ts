/**
 * Most bytes of an answer of the server to anything but a question for telemetry, which has a bound
 * of its own.
 */
export const responseBytesMax = 4 * 1_048_576;
/** What the objects of an answer may take, in bytes for each character of its text; telemetry takes 2 to 4. */
export const inflationMax = 8;
