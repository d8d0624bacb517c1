import { z } from 'zod';

export const elasticsearchSection = z.object({}).prefault({});
