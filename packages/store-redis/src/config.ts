import { z } from 'zod';

export const redisSection = z.object({}).prefault({});
