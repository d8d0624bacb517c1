/**
 * Bytes of an answer that is not to a question, which has its own bound: text, that becomes
 * objects.
 */
export const responseBytesMax = 4 * 1_048_576;
/** What the objects of an answer may take, in bytes for each character of its text; telemetry takes 2 to 4. */
export const inflationMax = 8;
