import type { Door } from './door.ts';
import { grpcCalls } from './grpc.ts';
import { httpBodies, httpStreams } from './http.ts';
import { http2Frames } from './http2.ts';
import { queries } from './query.ts';

export const doors: readonly Door[] = [httpBodies, httpStreams, http2Frames, grpcCalls, queries];
