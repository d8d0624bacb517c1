/** CPU that one input may cost. */
export const hangCpuMs = 1_000;
/** Heap of the process that tries a target; an input that needs more ends it. */
export const heapMb = 512;
/** Memory of that process, all in all. */
export const rssBytesMax = 1_400 * 1024 * 1024;
/** Memory of the Spillway under test: what `docs/limits.md` states for all roles, and its stores. */
export const spillwayRssBytesMax = 1_600 * 1024 * 1024;
/** CPU of the main thread of the Spillway under test until it answers a probe, amid the inputs. */
export const doorHangCpuMs = 2_000;
